"""What may be written in a referral's record, and what only a move may change.

Whom a referral is about and whom it was offered to are facts once they were told to somebody. So an edit can
describe the request better, and prepare a leg that nobody was sent yet; everything else is a move.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.errors import Issue

# Fields of a leg that a coordinator prepares; the others tell what became of it, and moves write them.
_PREPARED: Final = frozenset({"organisation", "service", "answer_by", "notes"})
_TOLD: Final = frozenset(
    {"reason_code", "reason_text", "business_status", "business_status_text", "offered_at", "appointment"}
    | {"outcomes"}
)
_KEPT: Final = ("person", "reference_number")


def refused_edits(before: Mapping[str, Any], record: Mapping[str, Any]) -> list[Issue]:
    """One issue for each thing that an edit of the record cannot do; `before` is empty for a new referral."""
    return [*_kept_issues(before, record), *_leg_issues(before, record)]


def _kept_issues(before: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[Issue]:
    if not before and record.get("reference_number"):
        yield _refused("reference_number", "is made by the gateway: leave it out")
    for name in _KEPT if before else ():
        if record.get(name) != before.get(name):
            yield _refused(name, "cannot change after the referral was made: create a new referral instead")


def _leg_issues(before: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[Issue]:
    known = {leg["id"]: leg for leg in before.get("legs") or ()}
    legs = record.get("legs") or ()
    for index, leg in enumerate(legs):
        held = known.pop(leg.get("id"), {})
        fixed = _TOLD if held.get("status", "draft") == "draft" else _TOLD | _PREPARED - {"notes"}
        for name in sorted(fixed):
            if (leg.get(name) or None) != (held.get(name) or None):
                yield _refused(f"legs[{index}].{name}", "is changed by moves only: POST …/{id}/<move>")
    for leg in known.values():
        if leg.get("status") != "draft":
            yield _refused("legs", f"Task/{leg['id']} was sent and stays: use the move reassign or cancel")


def _refused(field: str, why: str) -> Issue:
    return Issue("error", "business-rule", why, field)
