"""Fields that nobody writes: what a client may send, and what is kept."""

from __future__ import annotations

from gateway.records import RECORDS, changed_read_only, keep_read_only

REFERRAL = {
    "id": "r-1",
    "version": "2",
    "person": "p-1",
    "legs": [{"id": "l-1", "status": "requested"}, {"id": "l-2", "status": "rejected"}],
}


def places(record: dict[str, object]) -> list[str]:
    return [issue.expression for issue in changed_read_only(RECORDS["referral"], REFERRAL, record)]


def test_a_record_sent_back_as_it_was_read_changes_nothing_read_only() -> None:
    assert places(REFERRAL) == []


def test_a_read_only_field_that_is_left_out_is_no_change() -> None:
    assert places({"person": "p-1", "legs": [{"id": "l-2"}]}) == []


def test_a_leg_cannot_be_moved_by_writing_its_status() -> None:
    moved = REFERRAL | {"legs": [{"id": "l-2", "status": "accepted"}]}

    assert places(moved) == ["legs[0].status"]


def test_a_new_leg_cannot_arrive_with_a_status() -> None:
    assert places(REFERRAL | {"legs": [{"status": "accepted"}]}) == ["legs[0].status"]


def test_the_state_is_derived_and_cannot_be_claimed() -> None:
    assert places(REFERRAL | {"state": "completed"}) == ["state"]


def test_members_without_an_id_are_compared_with_the_most_alike() -> None:
    before = {
        "members": [{"member": "Patient/1", "member_text": "A"}, {"member": "Patient/2", "member_text": "B"}]
    }
    ended = {"members": [{"member": "Patient/2", "member_text": "B", "ends_on": "2026"}]}
    renamed = {"members": [{"member": "Patient/2", "member_text": "C"}]}

    assert changed_read_only(RECORDS["care_team"], before, ended) == []
    assert [i.expression for i in changed_read_only(RECORDS["care_team"], before, renamed)] == [
        "members[0].member_text"
    ]


def test_read_only_fields_are_kept_item_by_item() -> None:
    written = {
        "person": "p-2",
        "version": "99",
        "legs": [{"id": "l-2", "answer_by": "2026-12-01"}, {"id": "new"}],
    }

    kept = keep_read_only(RECORDS["referral"], REFERRAL, written)

    assert kept == {
        "id": "r-1",
        "version": "2",
        "person": "p-2",
        "legs": [{"id": "l-2", "status": "rejected", "answer_by": "2026-12-01"}, {"id": "new"}],
    }
