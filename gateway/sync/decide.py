"""What to do about a resource that both sides hold: a table over what happened to it here and there."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Since(StrEnum):
    """What happened to it on one side since both last agreed."""

    SAME = "same"
    EDITED = "edited"
    DELETED = "deleted"


class Decision(StrEnum):
    """What is done about it. Nothing that somebody just changed is ever retired without a person."""

    KEEP = "keep"  # nothing to do
    SEND = "send"  # there gets what changed here
    FETCH = "fetch"  # here gets what changed there
    MERGE = "merge"  # both get both changes; what both changed differently is asked
    NOTE = "note"  # written into the audit; nothing is retired by itself
    ASK = "ask"  # a coordinator decides


DECISIONS: Final[Mapping[tuple[Since, Since], Decision]] = MappingProxyType(
    {  # (here, there)
        (Since.SAME, Since.SAME): Decision.KEEP,
        (Since.EDITED, Since.SAME): Decision.SEND,
        (Since.SAME, Since.EDITED): Decision.FETCH,
        (Since.EDITED, Since.EDITED): Decision.MERGE,
        (Since.SAME, Since.DELETED): Decision.NOTE,
        (Since.DELETED, Since.SAME): Decision.NOTE,
        (Since.DELETED, Since.DELETED): Decision.KEEP,
        (Since.EDITED, Since.DELETED): Decision.ASK,
        (Since.DELETED, Since.EDITED): Decision.ASK,
    }
)


def decide(here: Since, there: Since) -> Decision:
    """The one decision for this pair."""
    return DECISIONS[here, there]
