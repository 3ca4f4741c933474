"""The life of a referral: its states, the moves between them, and who may make each move.

One table rules every door: the records API, an agency's FHIR update, its webhook and the gateway's own clock.
A leg (one offer to one organisation) has a state; the referral's state follows from its legs
(`referral_legs.py`). The states are those of SDOH-CC and BSeR unified, so that either can be told what
happened in its own words.

Source: https://hl7.org/fhir/us/sdoh-clinicalcare/sdoh_clinicalcare_sdoh_referral_workflow.html,
https://hl7.org/fhir/us/bser/ (the Task states), https://hl7.org/fhir/R4/task.html#statemachine
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from gateway.errors import IllegalMove


class State(StrEnum):
    """Where a leg stands; a referral is where its legs put it."""

    DRAFT = "draft"
    SENT = "sent"  # on its way: no receipt from the agency's system yet
    RECEIVED = "received"  # the agency's system has it; nobody has answered
    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    NO_SHOW = "no_show"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    CANCEL_REQUESTED = "cancel_requested"  # recalled, and the agency has not said what became of it
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    FAILED = "failed"
    COMPLETED = "completed"
    EXPIRED = "expired"
    ENTERED_IN_ERROR = "entered_in_error"


class Move(StrEnum):
    """What can be done to a referral, spelled as in the address: POST /api/referrals/{id}/no-show."""

    SEND = "send"
    RECEIVE = "receive"
    ACCEPT = "accept"
    DECLINE = "decline"
    SCHEDULE = "schedule"
    NO_SHOW = "no-show"
    START = "start"
    HOLD = "hold"
    RESUME = "resume"
    COMPLETE = "complete"
    FAIL = "fail"
    CANCEL = "cancel"
    REASSIGN = "reassign"
    EXPIRE = "expire"
    ENTER_IN_ERROR = "enter-in-error"


class Party(StrEnum):
    """In which part somebody makes a move."""

    REQUESTER = "requester"  # who asked for the service: a coordinator, or the EHR that sent the request
    OWNER = "owner"  # the organisation the leg was offered to, or a coordinator on its behalf
    GATEWAY = "gateway"  # receipts and time


CLOSED: Final = frozenset(
    {State.REJECTED, State.CANCELLED, State.FAILED, State.COMPLETED, State.EXPIRED, State.ENTERED_IN_ERROR}
)
OPEN: Final = frozenset(State) - CLOSED

_R, _O, _G = Party.REQUESTER, Party.OWNER, Party.GATEWAY

_VOID: Final = {Move.ENTER_IN_ERROR: {_R: State.ENTERED_IN_ERROR}}
# Reassign closes this leg and opens another for somebody else: never a change of owner (SDOH-CC).
_REQUESTER_MAY: Final = {Move.REASSIGN: {_R: State.CANCELLED}, **_VOID}
_NO_ANSWER_YET: Final = {
    Move.ACCEPT: {_O: State.ACCEPTED},
    # Before any action only: whoever accepted and cannot do it after all cancels or fails (SDOH-CC).
    Move.DECLINE: {_O: State.REJECTED},
    Move.CANCEL: {_R: State.CANCEL_REQUESTED},
    Move.EXPIRE: {_G: State.EXPIRED},
    **_REQUESTER_MAY,
}
_UNDER_WAY: Final = {
    Move.SCHEDULE: {_O: State.SCHEDULED},
    Move.COMPLETE: {_O: State.COMPLETED},
    Move.FAIL: {_O: State.FAILED},
    Move.CANCEL: {_R: State.CANCEL_REQUESTED, _O: State.CANCELLED},
    Move.EXPIRE: {_G: State.EXPIRED},
    **_REQUESTER_MAY,
}
_START: Final = {Move.START: {_O: State.IN_PROGRESS}}
_HOLD: Final = {Move.HOLD: {_O: State.ON_HOLD}}
# A closed leg keeps its state; the referral can go elsewhere, or be given up for good.
_UNSERVED: Final = {Move.CANCEL: {_R: State.CANCELLED}, **_VOID}

MOVES: Final[Mapping[State, Mapping[Move, Mapping[Party, State]]]] = {
    State.DRAFT: {Move.SEND: {_R: State.SENT}, Move.CANCEL: {_R: State.CANCELLED}, **_VOID},
    State.SENT: {Move.RECEIVE: {_G: State.RECEIVED}, **_NO_ANSWER_YET},
    State.RECEIVED: _NO_ANSWER_YET,
    State.ACCEPTED: {**_UNDER_WAY, **_START, **_HOLD},
    State.SCHEDULED: {**_UNDER_WAY, **_START, **_HOLD, Move.NO_SHOW: {_O: State.NO_SHOW}},
    State.NO_SHOW: {**_UNDER_WAY, **_START, **_HOLD},
    State.IN_PROGRESS: {**_UNDER_WAY, **_HOLD},
    State.ON_HOLD: {**_UNDER_WAY, Move.RESUME: {_O: State.IN_PROGRESS}},
    # A recall is a request, not a fact: what the agency says next is what happened; completion wins.
    State.CANCEL_REQUESTED: {
        Move.CANCEL: {_O: State.CANCELLED},
        Move.DECLINE: {_O: State.REJECTED},
        Move.FAIL: {_O: State.FAILED},
        Move.COMPLETE: {_O: State.COMPLETED},
        Move.EXPIRE: {_G: State.EXPIRED},
        **_VOID,
    },
    State.REJECTED: {Move.REASSIGN: {_R: State.REJECTED}, **_UNSERVED},
    State.FAILED: {Move.REASSIGN: {_R: State.FAILED}, **_UNSERVED},
    State.EXPIRED: {Move.REASSIGN: {_R: State.EXPIRED}, **_UNSERVED},
    State.CANCELLED: {Move.REASSIGN: {_R: State.CANCELLED}, **_VOID},
    State.COMPLETED: _VOID,
    State.ENTERED_IN_ERROR: {},
}


def next_state(state: State, move: Move, parties: frozenset[Party]) -> State:
    """Where the leg stands after `move` made by somebody who acts in these parts.

    Acting in several parts (a coordinator is the requester and may speak for the owner), the requester's
    meaning comes first. Raises IllegalMove, which names the moves that are possible now.
    """
    for party in Party:
        if party in parties and (after := MOVES[state].get(move, {}).get(party)) is not None:
            return after
    raise IllegalMove(refusal(state, move, possible_moves(state, parties)))


def possible_moves(state: State, parties: frozenset[Party]) -> tuple[Move, ...]:
    """The moves somebody in these parts can make from here, in the order in which a referral lives."""
    return tuple(move for move in Move if parties & MOVES[state].get(move, {}).keys())


def refusal(state: State, move: Move, possible: Sequence[Move]) -> str:
    """One sentence that says why `move` is refused, and which moves are `possible` instead."""
    others = MOVES[state].get(move, {})
    cause = (
        f"'{move}' can be made here by the {' or the '.join(others)} only"
        if others
        else f"'{move}' is not possible while the referral is '{state}'"
    )
    instead = f"possible now: {', '.join(possible)}" if possible else "nothing can be moved from here"
    return f"{cause}; {instead}."
