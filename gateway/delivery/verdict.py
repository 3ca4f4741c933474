"""What becomes of a message whose attempt failed: tried again later, or a dead letter. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final, TypeAlias

from gateway.delivery.pace import Pace
from gateway.errors import GatewayError, PartnerRefused, PartnerUnavailable, StoreError, VersionConflict

_DOUBLINGS: Final = 30  # beyond that every sensible cap is reached


@dataclass(frozen=True, slots=True)
class Later:
    """Tried again after `delay_s` seconds."""

    delay_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class Dead:
    """Not tried again by itself; `reason` is for the person who owns it."""

    reason: str


Verdict: TypeAlias = Later | Dead


def verdict(error: Exception, *, attempts: int, age_s: float, pace: Pace, chance: float) -> Verdict:
    """The verdict on a message that failed with `error` now, after `attempts` failures before.

    A partner that said no is asked no more. One that is away is tried until the horizon, however often; one
    that answers with something useless, and a fault of our own, have a number of attempts. chance   from 0
    to 1: where in the wait's full jitter this one falls
    """
    reason = _worded(error)
    wait_s = backoff_s(attempts, pace, chance)
    match error:
        case PartnerRefused():
            return Dead(reason)
        case PartnerUnavailable():
            if age_s >= pace.horizon_s:
                return Dead(f"not reached within {pace.horizon_s / 3600:g} hours; {reason}")
            return Later(min(max(wait_s, error.retry_after_s or 0.0), pace.backoff_cap_s), reason)
        case StoreError() | VersionConflict():
            return Later(wait_s, reason)  # ours to mend: the partner has nothing to do with it
        case _:
            if attempts + 1 >= pace.max_attempts:
                return Dead(f"failed {attempts + 1} times; {reason}")
            return Later(wait_s, reason)


def backoff_s(attempts: int, pace: Pace, chance: float) -> float:
    """Exponential with full jitter: anything up to the doubled wait, so that lanes do not come back
    together.
    """
    ceiling = min(pace.backoff_cap_s, pace.backoff_s * 2.0 ** min(attempts, _DOUBLINGS))
    return ceiling * chance


def any_chance() -> float:
    """A number from 0 to 1 for the jitter; nothing secret hangs on it."""
    return random.random()  # noqa: S311


def _worded(error: Exception) -> str:
    """Our own errors say what happened, without patient data. Of any other only its name is safe to keep."""
    if isinstance(error, GatewayError):
        return error.message
    return f"unexpected {type(error).__name__}; the worker's log has the place in the code"
