"""The consolidated record: every source named, what is under way first."""

from __future__ import annotations

from gateway.care.consolidation import consolidate

PERSON = {
    "id": "p1",
    "source": "here",
    "sources": [
        {"source": "st-annes", "patient": "Patient/a"},
        {"source": "northside", "patient": "Patient/b"},
    ],
}


def test_every_item_keeps_its_source_and_a_silent_source_is_counted_too() -> None:
    plan = {"id": "c1", "source": "st-annes", "status": "active", "updated_at": "2026-03-01T00:00:00Z"}
    record = consolidate(PERSON, {"care_plan": [plan]})
    assert record["care_plans"] == [plan]
    assert record["sources"] == [
        {"source": "here", "items": 0},
        {"source": "northside", "items": 0},
        {"source": "st-annes", "items": 1},
    ]


def test_what_is_under_way_comes_first_and_newest_first() -> None:
    def referral(id: str, state: str, day: int) -> dict[str, str]:
        return {"id": id, "source": "here", "state": state, "updated_at": f"2026-03-{day:02}T00:00:00Z"}

    referrals = [
        referral("closed", "rejected", 9),
        referral("old", "sent", 1),
        referral("void", "entered_in_error", 8),
        referral("new", "accepted", 5),
    ]
    record = consolidate(PERSON, {"referral": referrals})
    assert [item["id"] for item in record["referrals"]] == ["new", "old", "closed", "void"]


def test_an_empty_record_has_all_its_sections() -> None:
    record = consolidate(PERSON, {})
    assert [record[name] for name in ("care_plans", "goals", "care_teams", "referrals")] == [[], [], [], []]
