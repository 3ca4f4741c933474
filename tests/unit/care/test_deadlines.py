"""Working days, and the law that only a closed referral has no deadline."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.care.conservation import PHASES, Phase, account_for
from gateway.care.deadlines import MOVES_ON_WITHIN, after_working_days, next_deadline
from gateway.care.referral import OPEN, State
from gateway.care.referral_legs import TASK_STATUS, business_status

FRIDAY = datetime(2026, 3, 6, 15, 30, tzinfo=UTC)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def test_a_weekend_does_not_count() -> None:
    assert after_working_days(FRIDAY, 1) == datetime(2026, 3, 9, 15, 30, tzinfo=UTC)
    assert after_working_days(FRIDAY, 0) == FRIDAY


@given(moments, st.integers(1, 60))
def test_a_deadline_is_a_working_day_and_not_too_soon(moment: datetime, days: int) -> None:
    deadline = after_working_days(moment, days)
    assert deadline.weekday() < 5
    assert timedelta(days=days) <= deadline - moment <= timedelta(days=days + 2 * (days // 5 + 1))


def test_exactly_the_open_states_have_a_deadline() -> None:
    assert set(MOVES_ON_WITHIN) == OPEN
    for state in State:
        assert (next_deadline(state, FRIDAY, None) is None) == (state not in OPEN)


def test_an_offer_is_due_when_its_answer_was_promised() -> None:
    promised = datetime(2026, 3, 11, 12, tzinfo=UTC)
    assert next_deadline(State.RECEIVED, FRIDAY, promised) == promised
    assert next_deadline(State.IN_PROGRESS, FRIDAY, promised) != promised


@pytest.mark.parametrize("state", State)
def test_every_state_belongs_to_one_phase(state: State) -> None:
    assert PHASES[state] is (Phase.OPEN if state in OPEN else Phase(state.value))


def test_an_open_leg_is_accounted_for_with_its_owner_and_its_day() -> None:
    task = {"resourceType": "Task", "id": "t1", "status": TASK_STATUS[State.RECEIVED],
            "businessStatus": business_status(State.RECEIVED), "owner": {"reference": "Organization/elm"},
            "lastModified": "2026-03-06T15:30:00Z",
            "restriction": {"period": {"end": "2026-03-13T17:00:00Z"}}}  # fmt: skip
    account = account_for({"status": "active"}, [task], updated_at="2026-03-06T15:30:00Z")
    assert (account.phase, account.owner) == (Phase.OPEN, "Organization/elm")
    assert account.deadline is not None
    assert account.deadline.isoformat(timespec="seconds") == "2026-03-13T17:00:00+00:00"


def test_a_draft_waits_for_its_requester() -> None:
    request = {"status": "draft", "requester": {"reference": "Practitioner/p1"}, "authoredOn": "2026-03-06"}
    account = account_for(request, [], updated_at="2026-03-06T15:30:00Z")
    assert (account.phase, account.owner) == (Phase.OPEN, "Practitioner/p1")
    assert account.deadline == datetime(2026, 3, 13, tzinfo=UTC)
