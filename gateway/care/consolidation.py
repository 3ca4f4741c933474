"""One person's record from every source, side by side: nothing merged, nothing hidden, sources named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

Record = Mapping[str, Any]

# The parts of a consolidated record by the record they hold, in the order in which a coordinator reads them.
SECTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "contact": "contacts",
        "need": "needs",
        "care_plan": "care_plans",
        "goal": "goals",
        "care_team": "care_teams",
        "referral": "referrals",
        "appointment": "appointments",
        "visit": "visits",
        "note": "notes",
        "consent": "consents",
    }
)
_OVER: Final = frozenset({"completed", "cancelled", "revoked", "rejected", "failed", "expired"}) | frozenset(
    {"inactive", "entered-in-error", "remission", "resolved", "refuted"}
    | {"finished", "fulfilled", "noshow", "not-done", "stopped"}
)
_SAY_SO: Final = ("state", "status", "clinical_status", "verification_status")


def consolidate(
    person: Record, records: Mapping[str, Sequence[Record]], known_as: Sequence[Record] = ()
) -> dict[str, Any]:
    """The consolidated record: the person, each section's records, and what every source contributed.

    records   by record name; a name that is missing is an empty section
    known_as  the person as each linked source describes them, side by side: what only one source knows, such
              as a phone number, is not lost behind what another one left out
    Within a section what is under way comes before what is over, and newer before older. `sources` counts the
    items of each source, so that a source that has nothing is seen as well as one that has.
    """
    sections = {title: sorted_for_reading(records.get(name, ())) for name, title in SECTIONS.items()}
    linked = [str(link["source"]) for link in person.get("sources", ())]
    counts = dict.fromkeys([*linked, str(person.get("source", "here"))], 0)
    for items in sections.values():
        for item in items:
            counts[str(item["source"])] = counts.get(str(item["source"]), 0) + 1
    sources = [{"source": source, "items": items} for source, items in sorted(counts.items())]
    described = [dict(each) for each in known_as]
    return {"person": dict(person), "known_as": described, **sections, "sources": sources}


def sorted_for_reading(records: Sequence[Record]) -> list[dict[str, Any]]:
    """What is under way first, then what is over; within each the last changed first."""
    newest = sorted(records, key=lambda record: str(record.get("updated_at", "")), reverse=True)
    return [dict(record) for record in sorted(newest, key=is_over)]


def is_over(record: Record) -> bool:
    """Whether nothing more will happen: a plan that is closed, a referral in a closed state, a past need."""
    return any(str(record.get(field, "")).replace("_", "-") in _OVER for field in _SAY_SO)
