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


def test_a_visit_or_appointment_that_was_comes_after_one_that_is_to_come() -> None:
    def at(id: str, status: str, day: int) -> dict[str, str]:
        return {"id": id, "source": "here", "status": status, "updated_at": f"2026-03-{day:02}T00:00:00Z"}

    record = consolidate(
        PERSON,
        {
            "visit": [at("was", "finished", 9), at("is", "in-progress", 1)],
            "appointment": [at("missed", "noshow", 9), at("held", "fulfilled", 8), at("next", "booked", 1)],
            "note": [at("never-sent", "not-done", 9), at("waits", "preparation", 1)],
        },
    )
    assert [item["id"] for item in record["visits"]] == ["is", "was"]
    assert [item["id"] for item in record["appointments"]] == ["next", "missed", "held"]
    assert [item["id"] for item in record["notes"]] == ["waits", "never-sent"]


def test_an_empty_record_has_all_its_sections() -> None:
    record = consolidate(PERSON, {})
    assert [record[name] for name in ("care_plans", "goals", "care_teams", "referrals")] == [[], [], [], []]
