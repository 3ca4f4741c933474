"""Events are read from versions: each move once, in order, with its reason and who made it."""

from __future__ import annotations

from typing import Any

from gateway.care.referral import Move, Party, State
from gateway.care.referral_change import Said, make_move
from gateway.care.referral_events import ReferralEvent, Snapshot, events_of
from gateway.care.referral_legs import business_status

REQUEST: dict[str, Any] = {"resourceType": "ServiceRequest", "id": "r1", "status": "draft"}
EVERYBODY = frozenset(Party)
NINE, TEN, ELEVEN = (f"2026-03-02T{hour:02}:00:00Z" for hour in (9, 10, 11))


def drafted(id: str, at: str = "2026-03-02T08:00:00Z") -> dict[str, Any]:
    return {"resourceType": "Task", "id": id, "status": "draft", "authoredOn": at,
            "businessStatus": business_status(State.DRAFT)}  # fmt: skip


def snapshot(resource: Any, at: str, version: int, by: str = "coordinator desk") -> Snapshot:
    return Snapshot({**resource, "meta": {"versionId": str(version)}}, at, by)


def test_sending_and_declining_are_two_events_with_reason_and_author() -> None:
    leg = drafted("t1")
    sent = make_move(REQUEST, [leg], leg, Move.SEND, EVERYBODY, Said(NINE))
    said = Said(TEN, reason_text="no places until May")
    declined = make_move(sent.request, sent.tasks, sent.tasks[0], Move.DECLINE, EVERYBODY, said)
    history = [
        snapshot(REQUEST, "2026-03-02T08:00:00Z", 1),
        snapshot(leg, "2026-03-02T08:00:00Z", 1),
        snapshot(sent.request, NINE, 2),
        snapshot(sent.tasks[0], NINE, 2),
        snapshot(declined.tasks[0], "2026-03-02T10:00:04Z", 3, by="agency elm"),
    ]
    assert events_of(reversed(history)) == [
        ReferralEvent(NINE, "coordinator desk", Move.SEND, State.DRAFT, State.SENT, "t1"),
        ReferralEvent(
            TEN, "agency elm", Move.DECLINE, State.SENT, State.REJECTED, "t1", "no places until May"
        ),
    ]


def test_reassigning_is_told_as_such_and_not_as_a_cancellation() -> None:
    first, second = drafted("t1"), drafted("t2", ELEVEN)
    sent = make_move(REQUEST, [first], first, Move.SEND, EVERYBODY, Said(NINE))
    closed = make_move(sent.request, sent.tasks, sent.tasks[0], Move.REASSIGN, EVERYBODY, Said(ELEVEN))
    again = make_move(closed.request, [closed.tasks[0], second], second, Move.SEND, EVERYBODY, Said(ELEVEN))
    history = [
        snapshot(sent.request, NINE, 1),
        snapshot(sent.tasks[0], NINE, 2),
        snapshot(closed.tasks[0], ELEVEN, 3),
        snapshot(again.tasks[1], ELEVEN, 4),
    ]
    told = [(event.move, event.leg, event.after) for event in events_of(history)]
    assert told == [
        (Move.SEND, "t1", State.SENT),
        (Move.REASSIGN, "t1", State.CANCELLED),
        (Move.SEND, "t2", State.SENT),
    ]


def test_a_change_that_changes_no_state_is_no_event() -> None:
    leg = drafted("t1")
    history = [snapshot(leg, NINE, 1), snapshot(leg | {"description": "more words"}, TEN, 2)]
    assert events_of(history) == []


def test_a_jump_that_no_move_explains_is_shown_without_one() -> None:
    task = {"resourceType": "Task", "id": "t1", "status": "completed"}
    [event] = events_of([snapshot(task, NINE, 1, by="st-annes")])
    assert (event.move, event.before, event.after) == (None, State.DRAFT, State.COMPLETED)
    assert event.as_record() == {
        "at": NINE,
        "by": "st-annes",
        "from": "draft",
        "to": "completed",
        "leg": "t1",
    }


def test_giving_up_a_draft_and_declaring_an_error_are_told_of_the_whole() -> None:
    leg = drafted("t1")
    given_up = make_move(REQUEST, [leg], leg, Move.CANCEL, EVERYBODY, Said(NINE))
    void = make_move(
        given_up.request, given_up.tasks, given_up.tasks[0], Move.ENTER_IN_ERROR, EVERYBODY, Said(TEN)
    )
    history = [
        snapshot(REQUEST, "2026-03-02T08:00:00Z", 1),
        snapshot(leg, "2026-03-02T08:00:00Z", 1),
        snapshot(given_up.request, NINE, 2),
        snapshot(given_up.tasks[0], NINE, 3),
        snapshot(void.request, TEN, 4),
        snapshot(void.tasks[0], TEN, 5),
    ]
    assert [(event.move, event.before, event.after) for event in events_of(history)] == [
        (Move.CANCEL, State.DRAFT, State.CANCELLED),
        (Move.ENTER_IN_ERROR, State.CANCELLED, State.ENTERED_IN_ERROR),
    ]


def test_giving_up_a_draft_is_told_with_its_reason_when_the_leg_was_written_before_the_request() -> None:
    leg = drafted("t1")
    given_up = make_move(REQUEST, [leg], leg, Move.CANCEL, EVERYBODY, Said(NINE, reason_text="moved away"))
    history = [
        snapshot(REQUEST, "2026-03-02T08:00:00Z", 1),
        snapshot(leg, "2026-03-02T08:00:01Z", 1),
        snapshot(given_up.tasks[0], "2026-03-02T09:00:01Z", 2),
        snapshot(given_up.request, "2026-03-02T09:00:02Z", 2),
    ]
    [event] = events_of(history)
    assert (event.move, event.before, event.after) == (Move.CANCEL, State.DRAFT, State.CANCELLED)
    assert event.reason_text == "moved away"
