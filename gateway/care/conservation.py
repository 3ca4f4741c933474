"""The conservation law: a referral is open, with an owner and a next deadline, or closed in exactly one way.

`account_for` says which, from the stored resources alone; the tests hold every referral against it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from gateway.care.deadlines import next_deadline
from gateway.care.referral import OPEN, State
from gateway.care.referral_legs import Resource, open_leg, referral_state
from gateway.fhir.dates import FhirDateTime


class Phase(StrEnum):
    """The seven ways a referral can be accounted for."""

    OPEN = "open"
    COMPLETED = "completed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    FAILED = "failed"
    EXPIRED = "expired"
    ENTERED_IN_ERROR = "entered_in_error"


PHASES: Final[Mapping[State, Phase]] = {
    state: Phase.OPEN if state in OPEN else Phase(state.value) for state in State
}


@dataclass(frozen=True, slots=True)
class Account:
    """Where one referral stands.

    owner     reference of who must act next: for a draft the requester; None for our own coordinators
    deadline  when somebody has to look again; None exactly when it is closed
    """

    state: State
    phase: Phase
    owner: str | None
    deadline: datetime | None


def account_for(request: Resource, tasks: Sequence[Resource], *, updated_at: str) -> Account:
    """The account of a referral; `updated_at` (an instant) counts where its resources name no time."""
    state = referral_state(request, tasks)
    if state not in OPEN:
        return Account(state, PHASES[state], None, None)
    leg = open_leg(tasks)
    waits_for = request.get("requester") if leg is None or state is State.DRAFT else leg.get("owner")
    since = (leg or {}).get("lastModified") or request.get("authoredOn") or updated_at
    answer_by = _at(leg, "restriction", "period", "end")
    deadline = next_deadline(
        state,
        FhirDateTime.parse(str(since)).earliest(),
        FhirDateTime.parse(answer_by).latest() if answer_by else None,
    )
    return Account(state, PHASES[state], (waits_for or {}).get("reference"), deadline)


def _at(element: Any, *path: str) -> str | None:
    for name in path:
        element = element.get(name) if isinstance(element, Mapping) else None
    return element if isinstance(element, str) else None
