"""What happened to a referral, read from the versions of its resources; nothing is stored a second time.

A version is never changed, so neither is an event. A change that no move explains (a partner's own system
jumped) is an event without a move: it is shown as it was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.care.referral import CLOSED, MOVES, Move, State
from gateway.care.referral_legs import Resource, leg_state, referral_state

_REQUEST: Final = "ServiceRequest"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One stored version of the request or of a leg: what it said, when (an instant) and by whom."""

    resource: Resource
    at: str
    by: str


@dataclass(frozen=True, slots=True)
class ReferralEvent:
    """One change of state. `leg` is None when it is about the whole; `move` is None when none explains it."""

    at: str
    by: str
    move: Move | None
    before: State
    after: State
    leg: str | None = None
    reason_text: str | None = None

    def as_record(self) -> dict[str, Any]:
        """The event as a referral record shows it; what is not known is left out."""
        shown: dict[str, Any] = {"at": self.at, "move": self.move, "by": self.by, "from": self.before}
        shown |= {"to": self.after, "leg": self.leg, "reason_text": self.reason_text}
        return {name: str(value) for name, value in shown.items() if value is not None}


def events_of(history: Iterable[Snapshot]) -> list[ReferralEvent]:
    """The events of one referral, oldest first, from all versions of its request and legs in any order."""
    snapshots = sorted(history, key=lambda snapshot: (snapshot.at, _version(snapshot.resource)))
    opened = {
        str(s.resource.get("authoredOn")) for s in snapshots if s.resource.get("resourceType") == "Task"
    }
    request: Resource = {}
    legs: dict[str, Resource] = {}
    given_up: dict[str, Resource] = {}  # legs cancelled before they were sent, as they were while drafts
    events: list[ReferralEvent] = []
    for snapshot in snapshots:
        if snapshot.resource.get("resourceType") == _REQUEST:
            events += _said_of_the_whole(request, snapshot, legs, given_up)
            request = snapshot.resource
        else:
            leg = str(snapshot.resource.get("id"))
            events += _said_of_a_leg(legs, snapshot, opened)
            if leg in legs and _gave_up_a_draft(leg_state(legs[leg]), leg_state(snapshot.resource)):
                given_up[leg] = legs[leg]
            legs[leg] = snapshot.resource
    return events


def _said_of_the_whole(
    before: Resource, snapshot: Snapshot, legs: Mapping[str, Resource], given_up: Mapping[str, Resource]
) -> Iterator[ReferralEvent]:
    was, now = before.get("status"), snapshot.resource.get("status")
    if not before or was == now or now not in ("revoked", "entered-in-error"):
        return
    # One move writes the drafts and the request, the drafts often first: they count as they were before it.
    state = referral_state(before, {**legs, **given_up}.values())
    if now == "entered-in-error":
        yield ReferralEvent(snapshot.at, snapshot.by, Move.ENTER_IN_ERROR, state, State.ENTERED_IN_ERROR)
    elif state is State.DRAFT or state in CLOSED - {State.CANCELLED}:
        # With a leg under way the request is revoked as part of a recall, and the leg tells that event.
        reason = next(filter(None, (_reason_text(legs[leg]) for leg in given_up)), None)
        yield ReferralEvent(snapshot.at, snapshot.by, Move.CANCEL, state, State.CANCELLED, reason_text=reason)


def _said_of_a_leg(
    legs: Mapping[str, Resource], snapshot: Snapshot, opened: set[str]
) -> Iterator[ReferralEvent]:
    task = snapshot.resource
    held = legs.get(str(task.get("id")))
    before = leg_state(held) if held is not None else State.DRAFT
    after = leg_state(task)
    if before is after or after is State.ENTERED_IN_ERROR:
        return
    if _gave_up_a_draft(before, after):
        return  # a draft was given up: told once, of the whole
    changed_at = task.get("lastModified")
    reassigned = changed_at in opened and changed_at != task.get("authoredOn")
    at = str(changed_at) if changed_at and changed_at != (held or {}).get("lastModified") else snapshot.at
    yield ReferralEvent(
        at,
        snapshot.by,
        _move_between(before, after, reassigned=reassigned),
        before,
        after,
        str(task.get("id")),
        _reason_text(task),
    )


def _gave_up_a_draft(before: State, after: State) -> bool:
    return before is State.DRAFT and after is State.CANCELLED


def _reason_text(task: Resource) -> str | None:
    text = task.get("statusReason", {}).get("text")
    return str(text) if text else None


def _move_between(before: State, after: State, *, reassigned: bool) -> Move | None:
    """The move that leads there. A leg closed at the moment another opened was reassigned."""
    explained = [move for move, outcomes in MOVES[before].items() if after in outcomes.values()]
    if Move.REASSIGN in explained and len(explained) > 1:
        explained = [move for move in explained if (move is Move.REASSIGN) == reassigned]
    return explained[0] if explained else None


def _version(resource: Resource) -> int:
    text = str(resource.get("meta", {}).get("versionId", "0"))
    return int(text) if text.isascii() and text.isdigit() else 0
