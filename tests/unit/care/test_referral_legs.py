"""What legs say, together with the request and when they contradict one another."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.care.referral import Move, Party, State
from gateway.care.referral_legs import (
    TASK_STATUS,
    business_status,
    is_leg,
    leg_state,
    moves_now,
    open_leg,
    referral_state,
    state_after,
)
from gateway.errors import IllegalMove
from gateway.places import DataFolder, data_folder

REQUESTER = frozenset({Party.REQUESTER})
ACTIVE = {"resourceType": "ServiceRequest", "status": "active"}


def leg(state: State, id: str = "t1", opened: str = "2026-03-02T09:00:00Z", **more: Any) -> dict[str, Any]:
    status = TASK_STATUS[state] or "accepted"
    return {"resourceType": "Task", "id": id, "status": status, "authoredOn": opened,
            "businessStatus": business_status(state), **more}  # fmt: skip


@pytest.mark.parametrize("state", State)
def test_a_leg_reads_back_as_the_state_it_was_written_in(state: State) -> None:
    assert leg_state(leg(state)) is state


def test_the_published_code_system_and_the_states_are_one_list() -> None:
    published = json.loads((data_folder(DataFolder.PROFILES) / "CodeSystem-referral-state.json").read_text())
    written = [coding for state in State for coding in business_status(state)["coding"]]
    assert {(code["system"], code["code"], code["display"]) for code in written} == {
        (published["url"], concept["code"], concept["display"]) for concept in published["concept"]
    }


def test_a_status_that_an_agency_wrote_counts_more_than_our_old_business_status() -> None:
    assert leg_state(leg(State.SENT) | {"status": "accepted"}) is State.ACCEPTED
    assert leg_state(leg(State.CANCEL_REQUESTED) | {"status": "completed"}) is State.COMPLETED


def test_a_task_that_we_did_not_write_is_read_by_its_status() -> None:
    assert leg_state({"resourceType": "Task", "status": "in-progress"}) is State.IN_PROGRESS
    assert leg_state({"resourceType": "Task", "status": "requested",
                      "businessStatus": {"text": "waiting"}}) is State.SENT  # fmt: skip


def test_a_business_status_in_a_foreign_system_is_not_ours() -> None:
    foreign = {"coding": [{"system": "https://example.org/status", "code": "no_show"}]}
    assert leg_state(leg(State.SCHEDULED) | {"businessStatus": foreign}) is State.IN_PROGRESS


def test_a_referral_stands_where_its_open_leg_stands() -> None:
    rejected = leg(State.REJECTED, "t1", "2026-03-02T09:00:00Z")
    accepted = leg(State.ACCEPTED, "t2", "2026-03-04T09:00:00Z")
    assert referral_state(ACTIVE, [accepted, rejected]) is State.ACCEPTED
    assert open_leg([accepted, rejected]) is accepted


def test_a_drafted_leg_does_not_hide_the_one_that_was_sent() -> None:
    sent, draft = leg(State.SENT, "t1"), leg(State.DRAFT, "t2", "2026-03-09T09:00:00Z")
    assert referral_state(ACTIVE, [sent, draft]) is State.SENT


def test_closed_legs_leave_the_referral_where_the_last_one_left_it() -> None:
    first = leg(State.EXPIRED, "t1", "2026-03-02T09:00:00Z")
    last = leg(State.REJECTED, "t2", "2026-03-04T09:00:00Z")
    assert referral_state(ACTIVE, [last, first]) is State.REJECTED
    assert referral_state(ACTIVE | {"status": "revoked"}, [last, first]) is State.CANCELLED
    assert referral_state(ACTIVE | {"status": "entered-in-error"}, [last, first]) is State.ENTERED_IN_ERROR


def test_a_completed_leg_completes_the_referral_even_when_it_was_recalled() -> None:
    done = leg(State.COMPLETED)
    assert referral_state(ACTIVE | {"status": "revoked"}, [done]) is State.COMPLETED


@pytest.mark.parametrize(
    ("status", "state"),
    [("draft", State.DRAFT), ("active", State.DRAFT), ("revoked", State.CANCELLED), ("unknown", State.DRAFT)],
)
def test_a_request_that_was_offered_to_nobody_speaks_for_itself(status: str, state: State) -> None:
    assert referral_state({"status": status}, []) is state


def test_a_referral_cancelled_by_its_requester_cannot_go_elsewhere() -> None:
    cancelled = leg(State.CANCELLED)
    revoked = ACTIVE | {"status": "revoked"}
    assert Move.REASSIGN in moves_now(ACTIVE, [cancelled], cancelled, REQUESTER)
    assert Move.REASSIGN not in moves_now(revoked, [cancelled], cancelled, REQUESTER)
    with pytest.raises(IllegalMove, match="Create a new referral"):
        state_after(revoked, [cancelled], cancelled, Move.REASSIGN, REQUESTER)


def test_a_refusal_never_proposes_what_would_be_refused_too() -> None:
    for tasks in ([], [leg(State.CANCELLED)]):
        with pytest.raises(IllegalMove, match=r"possible now: enter-in-error\.$"):
            state_after(
                ACTIVE | {"status": "revoked"}, tasks, tasks[0] if tasks else None, Move.SEND, REQUESTER
            )


def test_an_old_leg_is_judged_by_its_own_state() -> None:
    old, current = leg(State.REJECTED, "t1"), leg(State.SENT, "t2", "2026-03-09T09:00:00Z")
    with pytest.raises(IllegalMove, match="while the referral is 'rejected'"):
        state_after(ACTIVE, [old, current], old, Move.ACCEPT, frozenset({Party.OWNER}))


def test_only_a_fulfil_task_is_a_leg() -> None:
    assert is_leg({"code": {"coding": [{"code": "approve"}, {"code": "fulfill"}]}})
    assert not is_leg({"code": {"text": "fulfill"}})
