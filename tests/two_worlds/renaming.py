"""Answers of two worlds are compared once what a server makes up is renamed by first appearance.

Ids that a server made are UUIDs of version 4; a page token is what follows `_cursor=`. Everything else stays:
statuses, headers, times, totals, the order of entries, and every word of a refusal.
"""

from __future__ import annotations

import re
from typing import Final

_MADE_UP: Final = re.compile(
    r"(?P<id>[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})"
    r"|(?<=_cursor=)(?P<cursor>[A-Za-z0-9_\-]+)"
)


class Renaming:
    """The names that one world's own words were given so far."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """The text with every made-up word replaced by its name."""
        return _MADE_UP.sub(self._named, text)

    def _named(self, found: re.Match[str]) -> str:
        kind = found.lastgroup
        return self._names.setdefault(found[0], f"{kind}-{len(self._names) + 1}")
