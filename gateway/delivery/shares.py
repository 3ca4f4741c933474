"""How a worker's threads are shared among the partners: one that hangs must not keep the others waiting."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Final

SLOW_S: Final = 2.0
"""A failure that took longer held a thread all that time; one that came at once cost nobody anything."""


class Shares:
    """Who holds how many of the threads. A partner never has them all, and only one while it hangs.

    Whoever claims a lane holds `claiming` from asking what there is room for until `begin`.
    """

    def __init__(self, threads: int) -> None:
        self._most = max(threads - 1, 1)
        self._held: Counter[str] = Counter()
        self._hanging: set[str] = set()
        self.claiming = threading.Lock()

    def has_room(self, partner: str) -> bool:
        """Whether one more thread may work for the partner."""
        return self._held[partner] < (1 if partner in self._hanging else self._most)

    def begin(self, partner: str) -> None:
        """One more thread works for the partner. Only while holding `claiming`."""
        self._held[partner] += 1

    def end(self, partner: str) -> None:
        """One thread less does."""
        with self.claiming:
            self._held[partner] -= 1

    def answered(self, partner: str) -> None:
        """It answers (again), be it with a refusal."""
        self._hanging.discard(partner)

    def unavailable(self, partner: str, after_s: float) -> None:
        """No usable answer came within `after_s` seconds."""
        if after_s > SLOW_S:
            self._hanging.add(partner)
