"""What a leg's Task says about its state, and what the legs together say about the referral.

Task.status has fewer words than a referral has states, so Task.businessStatus carries the exact one. It
counts only where it agrees with the status: an agency that updates the status and leaves our businessStatus
as it was is understood.

Source: https://hl7.org/fhir/R4/task.html, https://hl7.org/fhir/R4/request.html#statemachine
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from gateway.care.referral import CLOSED, Move, Party, State, next_state, possible_moves, refusal
from gateway.errors import IllegalMove
from gateway.fhir.codings import codings_of
from gateway.fhir.dates import FhirDateTime
from gateway.fhir.systems import CODE_SYSTEMS

REFERRAL_STATE_SYSTEM: Final = f"{CODE_SYSTEMS}referral-state"

# What each state is called in Task.status. A recall leaves it alone: only the agency says what became of it.
TASK_STATUS: Final[Mapping[State, str | None]] = {
    State.DRAFT: "draft",
    State.SENT: "requested",
    State.RECEIVED: "received",
    State.ACCEPTED: "accepted",
    State.SCHEDULED: "in-progress",
    State.NO_SHOW: "in-progress",
    State.IN_PROGRESS: "in-progress",
    State.ON_HOLD: "on-hold",
    State.CANCEL_REQUESTED: None,
    State.REJECTED: "rejected",
    State.CANCELLED: "cancelled",
    State.FAILED: "failed",
    State.COMPLETED: "completed",
    State.EXPIRED: "cancelled",
    State.ENTERED_IN_ERROR: "entered-in-error",
}
# What a Task.status means when no businessStatus of ours says more.
_PLAIN: Final[Mapping[str, State]] = {
    "draft": State.DRAFT,
    "requested": State.SENT,
    "received": State.RECEIVED,
    "accepted": State.ACCEPTED,
    "ready": State.ACCEPTED,
    "rejected": State.REJECTED,
    "in-progress": State.IN_PROGRESS,
    "on-hold": State.ON_HOLD,
    "cancelled": State.CANCELLED,
    "failed": State.FAILED,
    "completed": State.COMPLETED,
    "entered-in-error": State.ENTERED_IN_ERROR,
}
TASK_STATUSES: Final = tuple(_PLAIN)
"""What an answered Task may say of its status; the others of R4 mean nothing in a referral."""

_DISPLAYS: Final = {State.CANCEL_REQUESTED: "Cancellation requested"}
_RECALLABLE: Final = frozenset({"requested", "received", "accepted", "ready", "in-progress", "on-hold"})
# A request that was offered to nobody from here has yet to be sent, active or not at its source.
_REQUEST_ALONE: Final[Mapping[str, State]] = {
    "revoked": State.CANCELLED,
    "completed": State.COMPLETED,
    "entered-in-error": State.ENTERED_IN_ERROR,
}

Resource = Mapping[str, Any]
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


def is_leg(task: Resource) -> bool:
    """Whether the Task asks an organisation to fulfil a request: its code is `fulfill`."""
    return any(coding.code == "fulfill" for coding in codings_of(task.get("code")))


def leg_state(task: Resource) -> State:
    """Where the leg stands. A status that R4 does not know reads as sent: somebody has yet to answer."""
    status = str(task.get("status", ""))
    exact = _exact_state(task)
    if exact is State.CANCEL_REQUESTED and status in _RECALLABLE:
        return exact
    if exact is not None and TASK_STATUS[exact] == status:
        return exact
    return _PLAIN.get(status, State.SENT)


def contradicts_itself(task: Resource) -> bool:
    """Whether the business status, where it is one of ours, is of another state than the status is."""
    exact = _exact_state(task)
    return exact is not None and leg_state(task) is not exact


def referral_state(request: Resource, tasks: Iterable[Resource]) -> State:
    """Where the referral stands: with its open leg if there is one, else where its last leg left it.

    `tasks` are its legs in any order. What the requester says of the whole (entered in error; given up after
    the last leg closed) counts before what closed legs say; a completed leg makes a completed referral. A leg
    that is only drafted says something when nothing else is open.
    """
    status = str(request.get("status", ""))
    if status == "entered-in-error":
        return State.ENTERED_IN_ERROR
    legs = [task for task in sorted(tasks, key=opened_at) if leg_state(task) is not State.ENTERED_IN_ERROR]
    states = [leg_state(task) for task in legs]
    if (current := open_leg(legs)) is not None and leg_state(current) is not State.DRAFT:
        return leg_state(current)
    if State.COMPLETED in states or (states and status == "completed"):
        return State.COMPLETED
    if states and status == "revoked":
        return State.CANCELLED
    if current is not None:
        return State.DRAFT
    return states[-1] if states else _REQUEST_ALONE.get(status, State.DRAFT)


def state_after(
    request: Resource, tasks: Sequence[Resource], leg: Resource | None, move: Move, parties: frozenset[Party]
) -> State:
    """Where `leg` stands after the move, made by somebody who acts in these parts.

    Without a leg the move is about the referral as a whole. Raises IllegalMove, naming what is possible now.
    """
    state = standing(request, tasks, leg)
    if move is Move.REASSIGN and request.get("status") == "revoked":
        raise IllegalMove(
            "'reassign' is not possible: the referral was cancelled by its requester. "
            "Create a new referral when the service is wanted after all."
        )
    possible = moves_now(request, tasks, leg, parties)
    if move in possible:
        return next_state(state, move, parties)
    raise IllegalMove(refusal(state, move, possible))


def moves_now(
    request: Resource, tasks: Sequence[Resource], leg: Resource | None, parties: frozenset[Party]
) -> tuple[Move, ...]:
    """The moves that somebody in these parts can make now on `leg`, or on the whole when there is none."""
    possible = possible_moves(standing(request, tasks, leg), parties)
    recalled = request.get("status") == "revoked"
    return tuple(move for move in possible if not (recalled and move is Move.REASSIGN))


def standing(request: Resource, tasks: Sequence[Resource], leg: Resource | None) -> State:
    """The state that decides what may be done: the referral's for its current leg, an old leg's own state."""
    current = open_leg(tasks) or last_leg(tasks)
    if leg is None or (current is not None and current.get("id") == leg.get("id")):
        return referral_state(request, tasks)
    return leg_state(leg)


def open_leg(tasks: Iterable[Resource]) -> Resource | None:
    """The leg that somebody has to act on: the latest that is sent and not closed, else a draft; or None."""
    waiting = [task for task in sorted(tasks, key=opened_at) if leg_state(task) not in CLOSED]
    offered = [task for task in waiting if leg_state(task) is not State.DRAFT]
    sent_first = offered or waiting
    return sent_first[-1] if sent_first else None


def last_leg(tasks: Sequence[Resource]) -> Resource | None:
    """The leg opened last, whatever became of it; None for a referral that was never offered to anybody."""
    return max(tasks, key=opened_at, default=None)


def opened_at(task: Resource) -> tuple[datetime, str]:
    """When the leg was opened, to sort by; legs opened at one time are in the order of their ids."""
    try:
        opened = FhirDateTime.parse(str(task.get("authoredOn", ""))).earliest()
    except ValueError:
        opened = _LONG_AGO
    return opened, str(task.get("id", ""))


def business_status(state: State) -> dict[str, Any]:
    """Task.businessStatus for a state."""
    display = _DISPLAYS.get(state, state.replace("_", " ").capitalize())
    return {"coding": [{"system": REFERRAL_STATE_SYSTEM, "code": state.value, "display": display}]}


def _exact_state(task: Resource) -> State | None:
    for coding in codings_of(task.get("businessStatus")):
        if coding.system == REFERRAL_STATE_SYSTEM and coding.code in set(State):
            return State(coding.code)
    return None
