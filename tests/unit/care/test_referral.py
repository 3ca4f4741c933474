"""The table of moves: complete, reachable, and saying no in words that help."""

from __future__ import annotations

from itertools import product

import pytest

from gateway.care.referral import CLOSED, MOVES, OPEN, Move, Party, State, next_state, possible_moves
from gateway.errors import IllegalMove

REQUESTER, OWNER, GATEWAY = (frozenset({party}) for party in Party)
COORDINATOR = REQUESTER | OWNER


def outcome(state: State, move: Move, party: Party) -> State | None:
    try:
        return next_state(state, move, frozenset({party}))
    except IllegalMove:
        return None


def test_every_state_move_and_party_has_an_answer() -> None:
    assert set(MOVES) == set(State)
    for state, move, party in product(State, Move, Party):
        assert outcome(state, move, party) is MOVES[state].get(move, {}).get(party)


def test_every_state_is_open_or_closed_and_can_be_reached_from_a_draft() -> None:
    assert set(State) == OPEN | CLOSED
    reached = {State.DRAFT}
    while grown := {after for s in reached for by in MOVES[s].values() for after in by.values()} - reached:
        reached |= grown
    assert reached == set(State)


def test_nobody_is_ever_stuck_in_an_open_state() -> None:
    for state in OPEN - {State.DRAFT}:
        leads_to = {after for by in MOVES[state].values() for after in by.values()}
        assert leads_to & CLOSED, state
        assert MOVES[state][Move.EXPIRE] == {Party.GATEWAY: State.EXPIRED}, state


def test_a_closed_leg_is_never_opened_again() -> None:
    for state in CLOSED:
        assert {after for by in MOVES[state].values() for after in by.values()} <= CLOSED


@pytest.mark.parametrize("state", sorted(set(State) - {State.ENTERED_IN_ERROR}))
def test_only_the_requester_can_say_that_it_was_an_error(state: State) -> None:
    assert MOVES[state][Move.ENTER_IN_ERROR] == {Party.REQUESTER: State.ENTERED_IN_ERROR}


@pytest.mark.parametrize("move", [Move.ACCEPT, Move.DECLINE, Move.SCHEDULE, Move.NO_SHOW, Move.START,
                                  Move.HOLD, Move.RESUME, Move.COMPLETE, Move.FAIL])  # fmt: skip
def test_only_the_owner_answers_and_works(move: Move) -> None:
    parties = {party for state in State for party in MOVES[state].get(move, {})}
    assert parties == {Party.OWNER}


@pytest.mark.parametrize("move", [Move.SEND, Move.REASSIGN])
def test_only_the_requester_offers(move: Move) -> None:
    assert {party for state in State for party in MOVES[state].get(move, {})} == {Party.REQUESTER}


def test_declining_is_for_before_any_action() -> None:
    assert {state for state in State if Move.DECLINE in MOVES[state]} == {
        State.SENT,
        State.RECEIVED,
        State.CANCEL_REQUESTED,
    }


def test_cancelling_after_sending_is_a_request_and_completion_wins() -> None:
    assert next_state(State.ACCEPTED, Move.CANCEL, COORDINATOR) is State.CANCEL_REQUESTED
    assert next_state(State.CANCEL_REQUESTED, Move.CANCEL, OWNER) is State.CANCELLED
    assert next_state(State.CANCEL_REQUESTED, Move.COMPLETE, OWNER) is State.COMPLETED
    assert Move.ACCEPT not in possible_moves(State.CANCEL_REQUESTED, OWNER)


def test_a_refusal_names_the_state_and_what_is_possible_now() -> None:
    with pytest.raises(IllegalMove) as refused:
        next_state(State.SENT, Move.COMPLETE, OWNER)
    assert refused.value.message == (
        "'complete' is not possible while the referral is 'sent'; possible now: accept, decline."
    )


def test_a_refusal_names_who_could_have_made_the_move() -> None:
    with pytest.raises(IllegalMove, match=r"'send' can be made here by the requester only"):
        next_state(State.DRAFT, Move.SEND, OWNER)


def test_nothing_moves_after_an_error_was_declared() -> None:
    with pytest.raises(IllegalMove, match="nothing can be moved from here"):
        next_state(State.ENTERED_IN_ERROR, Move.SEND, COORDINATOR)
