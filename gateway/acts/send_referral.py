"""Sending a referral to an organisation: the leg, what the agency may see, and the delivery.

All of it commits together: there is no moment in which an agency is asked and cannot look, or may look and
was never asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from gateway.acts.agency_organisation import partner_behind, signs_in_as
from gateway.acts.asked_move import Asked
from gateway.acts.held_referral import HeldReferral, owner_id, parties_of, said, write_moved
from gateway.acts.record_view import REFERRAL_NUMBER_SYSTEM
from gateway.acts.referral_grants import may_see, sees_no_more
from gateway.care.deadlines import after_working_days
from gateway.care.referral import CLOSED, Move, State
from gateway.care.referral_change import Moved, make_move, offered
from gateway.care.referral_legs import Resource, business_status, last_leg, leg_state, open_leg, state_after
from gateway.errors import RecordInvalid
from gateway.fhir.dates import FhirInstant
from gateway.fhir.references import relative
from gateway.store import lanes, resources
from gateway.store.versions import Version, instant
from gateway.sync.partner import Partner

SENT: Final = "send"
CALLED_BACK: Final = "cancel"


def send(held: HeldReferral, asked: Asked) -> list[Version]:
    """The versions written: the request active, the leg requested, the delivery waiting in the agency's lane.

    Sends the drafted leg, or a new one to the organisation that `asked` names. Raises IllegalMove, and
    RecordInvalid when there is no organisation, or none that this gateway can reach.
    """
    tasks = held.tasks
    leg = open_leg(tasks)
    state_after(held.request, tasks, leg, Move.SEND, parties_of(held, leg))
    if leg is None:
        return _offer(held, asked, Moved(held.request, tuple(tasks)), _drafted(held, asked))
    drafted = dict(leg)
    if asked.organisation is not None:
        drafted["owner"] = {"reference": relative("Organization", asked.organisation)}
    return _offer(held, asked, Moved(held.request, tuple(tasks)), drafted)


def reassign(held: HeldReferral, asked: Asked) -> list[Version]:
    """The versions written: the old leg closed, a new one sent elsewhere, and what each organisation may see.

    Raises IllegalMove, and RecordInvalid as `send` does.
    """
    tasks = held.tasks
    leg = open_leg(tasks) or last_leg(tasks)
    moved = make_move(held.request, tasks, leg, Move.REASSIGN, parties_of(held, leg), said(held, asked))
    if leg is not None and leg_state(leg) not in CLOSED:
        tell_that_it_is_over(held, leg)
    if leg is not None:
        sees_no_more(held, leg)
    return _offer(held, asked, moved, _drafted(held, asked))


def tell_that_it_is_over(held: HeldReferral, leg: Mapping[str, Any]) -> None:
    """A message waits for the agency: what it was offered is called back, or closed by somebody else."""
    partner = _partner(held, leg)
    if partner is not None and leg_state(leg) is not State.DRAFT:
        _enqueue(held, partner, leg, CALLED_BACK)


def _offer(held: HeldReferral, asked: Asked, before: Moved, drafted: Resource) -> list[Version]:
    partner = _reachable(held, drafted)
    answer_by = asked.answer_by or _promised(drafted) or _within(held.now, partner.answer_within_days)
    leg = _with_name(_with_promise(drafted, answer_by), partner)
    others = [task for task in before.tasks if task["id"] != leg["id"]]
    requester = parties_of(held, None)
    moved = make_move(before.request, [*others, leg], leg, Move.SEND, requester, said(held, asked))
    written = write_moved(held, Moved(offered(moved.request), tuple(_known(held, moved.tasks))), asked)
    sent = next(task for task in moved.tasks if task["id"] == leg["id"])
    if leg["id"] not in {version.id for version in held.parts.others}:
        source = held.asking.actor.source
        written.append(resources.create(held.asking, dict(sent), source=source, id=str(leg["id"])))
    organisation = signs_in_as(held.tx, partner)
    assert organisation is not None, "the leg's own organisation carries the partner's identifier"
    may_see(held, organisation, sent)
    _enqueue(held, partner, sent, SENT)
    return written


def _known(held: HeldReferral, tasks: tuple[Resource, ...]) -> list[Resource]:
    stored = {version.id for version in held.parts.others}
    return [task for task in tasks if task["id"] in stored]


def _drafted(held: HeldReferral, asked: Asked) -> Resource:
    """A new leg for an organisation, made by the same rules that show it: drafted, not yet stored."""
    if asked.organisation is None:
        raise RecordInvalid(
            "Say to which organisation the referral goes: its id, as /api/organisations lists it.",
            expression="organisation",
        )
    lens = held.gateway.mappings.for_record("referral")
    known = held.parts.resources()
    record = lens.get(known).record
    leg: dict[str, Any] = {"id": str(uuid4()), "organisation": asked.organisation, "status": "draft"}
    if asked.service is not None:
        leg["service"] = asked.service
    put = lens.put({**record, "legs": [*record.get("legs", ()), leg]}, known)
    task = next(task for task in put.resources["Task"] if task["id"] == leg["id"])
    return as_draft(task, held.request)


def as_draft(task: Resource, request: Resource) -> dict[str, Any]:
    """A leg that was just made, as a draft of whoever requests the service."""
    requester = {"requester": request["requester"]} if "requester" in request else {}
    return {**task, "status": "draft", "businessStatus": business_status(State.DRAFT), **requester}


def _with_promise(task: Resource, answer_by: str) -> Resource:
    restriction = dict(task.get("restriction", {}))
    restriction["period"] = {**restriction.get("period", {}), "end": answer_by}
    return {**task, "restriction": restriction}


def _with_name(task: Resource, partner: Partner) -> Resource:
    """The leg says in words whose it is: a list of referrals reads without looking each organisation up."""
    return {**task, "owner": {**task["owner"], "display": partner.title}}


def _promised(task: Resource) -> str | None:
    end = task.get("restriction", {}).get("period", {}).get("end")
    return end if isinstance(end, str) else None


def _within(now: str, days: int) -> str:
    moment: datetime = FhirInstant.parse(now).earliest()
    return instant(after_working_days(moment, days))


def _reachable(held: HeldReferral, leg: Mapping[str, Any]) -> Partner:
    owner = owner_id(leg)
    if owner is None:
        raise RecordInvalid(
            "The leg names no organisation of this gateway: choose one before it is sent.",
            expression="organisation",
        )
    partner = partner_behind(held.gateway, held.tx, owner)
    if partner is None:
        raise RecordInvalid(
            f"Organization/{owner} cannot be reached: no partner of this gateway has one of its identifiers."
            " Give the organisation its partner's identifier, or add a partner with it to config/partners/.",
            expression="organisation",
        )
    return partner


def _partner(held: HeldReferral, leg: Mapping[str, Any]) -> Partner | None:
    owner = owner_id(leg)
    return partner_behind(held.gateway, held.tx, owner) if owner else None


def _enqueue(held: HeldReferral, partner: Partner, leg: Mapping[str, Any], move: str) -> None:
    referral = held.parts.root.id
    payload = {
        "move": move,
        "referral": referral,
        "leg": leg["id"],
        "reference_number": reference_number(held.request),
        "answer_by": _promised(leg),
        "at": held.now,
    }
    lanes.enqueue(held.tx, f"referral:{partner.name}", referral, payload)


def reference_number(request: Mapping[str, Any]) -> str | None:
    """The short number people quote on the phone; None for a request that was not made here."""
    numbers = (it for it in request.get("identifier", ()) if it.get("system") == REFERRAL_NUMBER_SYSTEM)
    return next((it.get("value") for it in numbers), None)
