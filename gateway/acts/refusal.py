"""Somebody we know was refused: that is written down, although the transaction it was tried in is undone."""

from __future__ import annotations

from itertools import count
from threading import Lock
from typing import Final

from gateway.access.actors import Actor
from gateway.acts.gateway import Gateway
from gateway.store import audit


class RefusedKeys:
    """How many keys this process refused, in the audit without drowning it: at the 1st, 2nd, 4th, 8th…"""

    def __init__(self) -> None:
        self._numbers: Final = count(1)
        self._lock: Final = Lock()

    def another(self, gateway: Gateway) -> None:
        """One more key was refused. A million of them leave twenty rows, and a single one leaves one."""
        with self._lock:
            number = next(self._numbers)
        if number & (number - 1) == 0:
            detail = f"{number} keys refused by this process since it started"
            with gateway.database.transaction(gateway.self_actor) as tx:
                audit.record(tx, "sign in", (), outcome="denied", detail=detail)


def record_refusal(
    gateway: Gateway, actor: Actor, action: str, target: str | None, *, denied: bool, reason: str
) -> None:
    """One audit row, committed: `actor` tried `action` and was refused for `reason`, an issue code.

    target  what was asked for, e.g. ``Task/<id>``; also when it does not exist or is hidden from the actor
    denied  it may not, or there is nothing it may see; otherwise the request itself was at fault
    """
    with gateway.database.transaction(actor) as tx:
        outcome = "denied" if denied else "failed"
        audit.record(tx, action, (target,) if target else (), outcome=outcome, detail=reason)
