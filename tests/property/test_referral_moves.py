"""Any sequence of moves, by anybody, in any order: every referral stays accounted for.

The conservation law: a referral is exactly one of open (with an owner and a next deadline), completed,
rejected, cancelled, failed, expired or entered in error; and its event history tells how it came there.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gateway.care.conservation import Phase, account_for
from gateway.care.referral import CLOSED, MOVES, Move, Party, State
from gateway.care.referral_change import Said, make_move, offered
from gateway.care.referral_events import Snapshot, events_of
from gateway.care.referral_legs import business_status, leg_state, moves_now, open_leg, referral_state
from gateway.errors import IllegalMove

REQUESTER = frozenset({Party.REQUESTER})
OWNER = frozenset({Party.OWNER})
PARTIES = st.sampled_from([REQUESTER, OWNER, REQUESTER | OWNER, frozenset({Party.GATEWAY})])
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Referral(RuleBasedStateMachine):
    """One referral, moved at random; what the store would keep is kept in `history`."""

    def __init__(self) -> None:
        super().__init__()
        self.minutes = 0
        self.opened = 0
        self.history: list[Snapshot] = []
        self.states: list[State] = []
        self.tasks: tuple[Any, ...] = ()

    @initialize(with_leg=st.booleans())
    def created(self, with_leg: bool) -> None:
        self.request: Any = {
            "resourceType": "ServiceRequest",
            "id": "r1",
            "status": "draft",
            "authoredOn": self.now(),
            "requester": {"reference": "Practitioner/p1"},
        }
        self.keep(self.request)
        if with_leg:
            self.draft_leg()

    @rule(
        move=st.sampled_from(sorted(set(Move) - {Move.SEND, Move.REASSIGN})),
        parties=PARTIES,
        old=st.booleans(),
    )
    def anybody_tries_a_move(self, move: Move, parties: frozenset[Party], old: bool) -> None:
        self.minutes += 1
        leg = self.tasks[0] if old and self.tasks else open_leg(self.tasks) or self.last()
        before = referral_state(self.request, self.tasks)
        allowed = move in moves_now(self.request, self.tasks, leg, parties)
        try:
            moved = make_move(
                self.request, self.tasks, leg, move, parties, Said(self.now(), reason_text="because")
            )
        except IllegalMove:
            assert not allowed
            assert referral_state(self.request, self.tasks) is before
            return
        assert allowed
        self.take(moved.request, moved.tasks)

    @rule(parties=PARTIES)
    def sent(self, parties: frozenset[Party]) -> None:
        self.minutes += 1
        if Move.SEND not in moves_now(self.request, self.tasks, open_leg(self.tasks), parties):
            return
        if open_leg(self.tasks) is None:
            self.draft_leg()
        moved = make_move(
            self.request, self.tasks, open_leg(self.tasks), Move.SEND, parties, Said(self.now())
        )
        self.take(moved.request, moved.tasks)

    @rule()
    def reassigned(self) -> None:
        self.minutes += 1
        leg = open_leg(self.tasks) or self.last()
        if Move.REASSIGN not in moves_now(self.request, self.tasks, leg, REQUESTER):
            return
        moved = make_move(self.request, self.tasks, leg, Move.REASSIGN, REQUESTER, Said(self.now()))
        self.take(moved.request, moved.tasks)
        self.draft_leg()
        drafted = self.tasks[-1]
        moved = make_move(self.request, self.tasks, drafted, Move.SEND, REQUESTER, Said(self.now()))
        self.take(offered(moved.request), moved.tasks)

    @invariant()
    def is_accounted_for(self) -> None:
        account = account_for(self.request, self.tasks, updated_at=self.now())
        assert account.phase in Phase
        is_open = account.phase is Phase.OPEN
        assert is_open == (account.state not in CLOSED)
        assert is_open == (account.owner is not None)
        assert is_open == (account.deadline is not None)

    @invariant()
    def at_most_one_organisation_is_asked_at_a_time(self) -> None:
        sent = [leg for leg in self.tasks if leg_state(leg) not in CLOSED | {State.DRAFT}]
        assert len(sent) <= 1

    @invariant()
    def events_tell_every_change_in_order(self) -> None:
        events = events_of(self.history)
        assert [event.at for event in events] == sorted(event.at for event in events)
        for event in events:
            assert event.before is not event.after
            assert event.move is not None
            assert event.after in MOVES[event.before][event.move].values()
        for leg in self.tasks:
            told = [event.after for event in events if event.leg == leg["id"]]
            state = leg_state(leg)
            if state not in (State.DRAFT, State.ENTERED_IN_ERROR) and told:
                assert told[-1] is state

    def teardown(self) -> None:
        closed = [state for state in self.states if state in CLOSED]
        if State.ENTERED_IN_ERROR in closed:
            assert self.states[-1] is State.ENTERED_IN_ERROR
        if State.COMPLETED in closed:
            assert self.states[-1] in (State.COMPLETED, State.ENTERED_IN_ERROR)

    def now(self) -> str:
        return (START + timedelta(minutes=self.minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def last(self) -> Any:
        return self.tasks[-1] if self.tasks else None

    def draft_leg(self) -> None:
        self.opened += 1
        task = {"resourceType": "Task", "id": f"t{self.opened}", "status": "draft", "authoredOn": self.now(),
                "businessStatus": business_status(State.DRAFT),
                "owner": {"reference": f"Organization/o{self.opened}"}}  # fmt: skip
        self.tasks = (*self.tasks, task)
        self.keep(task)

    def take(self, request: Any, tasks: tuple[Any, ...]) -> None:
        for old, new in zip((self.request, *self.tasks), (request, *tasks), strict=True):
            if new is not old:
                self.keep(new)
        self.request, self.tasks = request, tasks
        self.states.append(referral_state(request, tasks))

    def keep(self, resource: Any) -> None:
        versioned = {**resource, "meta": {"versionId": str(len(self.history) + 1)}}
        self.history.append(Snapshot(versioned, self.now(), "somebody"))


TestReferralMoves = Referral.TestCase
TestReferralMoves.settings = settings(max_examples=150, stateful_step_count=20, deadline=None)
