"""What becomes of a message whose attempt failed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.delivery.pace import Pace
from gateway.delivery.verdict import Dead, Later, backoff_s, verdict
from gateway.errors import (
    AnswerUnreadable,
    NotFound,
    PartnerConflict,
    PartnerRefused,
    PartnerUnavailable,
    VersionConflict,
)

PACE = Pace(backoff_s=1, backoff_cap_s=60, max_attempts=3, horizon_s=100)


def judged(error: Exception, *, attempts: int = 0, age_s: float = 0, chance: float = 1) -> Later | Dead:
    return verdict(error, attempts=attempts, age_s=age_s, pace=PACE, chance=chance)


def test_a_no_is_not_asked_again() -> None:
    assert judged(PartnerRefused("elm-trust: answered 410")) == Dead("elm-trust: answered 410")


def test_an_outage_is_tried_until_the_horizon_however_often() -> None:
    assert isinstance(judged(PartnerUnavailable("away"), attempts=10_000, age_s=99), Later)
    dead = judged(PartnerUnavailable("away"), attempts=1, age_s=100)
    assert isinstance(dead, Dead)
    assert "away" in dead.reason


@pytest.mark.parametrize(
    "error", [AnswerUnreadable("x"), PartnerConflict("x"), NotFound("x"), ZeroDivisionError()]
)
def test_other_failures_have_a_number_of_attempts(error: Exception) -> None:
    assert isinstance(judged(error, attempts=1), Later)
    assert isinstance(judged(error, attempts=2), Dead)


def test_a_collision_of_our_own_transactions_never_kills_a_message() -> None:
    assert isinstance(judged(VersionConflict("again"), attempts=10_000, age_s=10_000), Later)


def test_the_partner_decides_how_long_when_it_asks_for_more_up_to_the_cap() -> None:
    assert judged(PartnerUnavailable("busy", retry_after_s=20), chance=0) == Later(20, "busy")
    assert judged(PartnerUnavailable("busy", retry_after_s=0.1), chance=1) == Later(1, "busy")
    assert judged(PartnerUnavailable("busy", retry_after_s=10**9)) == Later(60, "busy")


def test_what_an_unexpected_error_says_is_not_repeated() -> None:
    reason = judged(ValueError("Ada Okafor, born 1947")).reason
    assert "Okafor" not in reason
    assert "ValueError" in reason


@given(st.integers(0, 10**6), st.floats(0, 1))
def test_a_wait_is_never_negative_and_never_over_the_cap(attempts: int, chance: float) -> None:
    assert 0 <= backoff_s(attempts, PACE, chance) <= PACE.backoff_cap_s


@given(st.integers(0, 40))
def test_the_longest_wait_doubles_with_each_failure(attempts: int) -> None:
    longest = backoff_s(attempts, PACE, 1)
    assert backoff_s(attempts + 1, PACE, 1) in (2 * longest, PACE.backoff_cap_s)
