"""What a move does to the request and to its legs, as FHIR says it; the resources given are never altered.

Opening a leg is not done here: a new leg is drafted by the mapping, then moved by `send` like any other.

Source: https://hl7.org/fhir/R4/task.html, https://hl7.org/fhir/R4/servicerequest.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.care.referral import CLOSED, Move, Party, State
from gateway.care.referral_legs import TASK_STATUS, Resource, business_status, leg_state, state_after


@dataclass(frozen=True, slots=True)
class Said:
    """What was told with a move.

    at           when it happened, a FHIR dateTime
    reason_code  Coding of the reason, {} when only words were given
    outputs      Task.output items: the evidence of what came of it
    """

    at: str
    reason_code: dict[str, Any] = field(default_factory=dict)
    reason_text: str = ""
    outputs: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Moved:
    """The request and all of its legs after a move; what did not change is the very object that was given."""

    request: Resource
    tasks: tuple[Resource, ...]


def make_move(
    request: Resource,
    tasks: Sequence[Resource],
    leg: Resource | None,
    move: Move,
    parties: frozenset[Party],
    said: Said,
) -> Moved:
    """The referral after `move` on `leg` (None: on the whole). Raises IllegalMove when it is refused."""
    after = state_after(request, tasks, leg, move, parties)
    if move is Move.ENTER_IN_ERROR:
        return Moved(_with_status(request, "entered-in-error"), _all_void(tasks, said))
    if move is Move.CANCEL and after is State.CANCELLED and _nobody_has_it(leg):
        return Moved(_with_status(request, "revoked"), _drafts_cancelled(tasks, said))
    if leg is None or (move is Move.REASSIGN and leg_state(leg) in CLOSED):
        return Moved(request, tuple(tasks))
    moved = tuple(_moved(task, after, said) if task is leg else task for task in tasks)
    return Moved(_request_after(request, moved, move, after), moved)


def offered(request: Resource) -> Resource:
    """The request once it has been sent to somebody: active, so that whoever is asked may act on it."""
    return _with_status(request, "active")


def _nobody_has_it(leg: Resource | None) -> bool:
    return leg is None or leg_state(leg) is State.DRAFT or leg_state(leg) in CLOSED


def _request_after(request: Resource, tasks: Sequence[Resource], move: Move, after: State) -> Resource:
    if after is State.CANCEL_REQUESTED:
        return _with_status(request, "revoked")
    if after is State.COMPLETED and all(leg_state(task) in CLOSED for task in tasks):
        return _with_status(request, "completed")
    return offered(request) if move is Move.SEND else request


def _with_status(request: Resource, status: str) -> Resource:
    return request if request.get("status") == status else {**request, "status": status}


def _all_void(tasks: Sequence[Resource], said: Said) -> tuple[Resource, ...]:
    return tuple(_moved(task, State.ENTERED_IN_ERROR, said) for task in tasks)


def _drafts_cancelled(tasks: Sequence[Resource], said: Said) -> tuple[Resource, ...]:
    return tuple(
        _moved(task, State.CANCELLED, said) if leg_state(task) is State.DRAFT else task for task in tasks
    )


def _moved(task: Resource, after: State, said: Said) -> Resource:
    """The leg in its new state: status, our exact state, why, and when; earlier reasons do not linger."""
    moved = {**task, "businessStatus": business_status(after), "lastModified": said.at}
    if (status := TASK_STATUS[after]) is not None:
        moved["status"] = status
    if after is State.SENT:
        moved["authoredOn"] = said.at
    if reason := _reason(said):
        moved["statusReason"] = reason
    else:
        moved.pop("statusReason", None)
    if said.outputs:
        moved["output"] = [*task.get("output", ()), *said.outputs]
    return moved


def _reason(said: Said) -> dict[str, Any]:
    reason: dict[str, Any] = {"coding": [said.reason_code]} if said.reason_code else {}
    return reason | ({"text": said.reason_text} if said.reason_text else {})
