"""A referral under lock: all of its resources as they stand, and how a move on it is written.

Rules are decided on everything the gateway knows of the referral, whoever asks; what is answered is what the
asking actor may see.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from gateway.access.actors import Actor, ActorKind
from gateway.acts.agency_organisation import partner_behind
from gateway.acts.asked_move import Asked
from gateway.acts.gateway import Gateway
from gateway.acts.record_parts import Parts, hold
from gateway.acts.referral_outcomes import appointment_of, outputs_of
from gateway.acts.shape import refuse_broken
from gateway.care.referral import Party
from gateway.care.referral_change import Moved, Said
from gateway.errors import NotFound, RecordInvalid
from gateway.fhir.dates import FhirInstant
from gateway.fhir.json_codec import Resource
from gateway.fhir.references import parse_reference
from gateway.records import RECORDS
from gateway.store import clock, resources
from gateway.store.database import Transaction
from gateway.store.versions import Version, instant

_REFERRAL = RECORDS["referral"]
_CLOCKS_DIFFER: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class HeldReferral:
    """The request and its legs, locked. `tx` acts as the gateway, `asking` as whoever asked."""

    gateway: Gateway
    tx: Transaction
    asking: Transaction
    parts: Parts
    now: str

    @property
    def request(self) -> Resource:
        return self.parts.root.resource

    @property
    def tasks(self) -> list[Resource]:
        return [leg.resource for leg in self.parts.others]

    def leg_named(self, id: str | None, tasks: Iterable[Resource]) -> Resource | None:
        """The leg among `tasks` with this id, None for no id. Raises NotFound for another referral's leg."""
        found = next((task for task in tasks if task["id"] == id), None)
        if id is not None and found is None:
            raise NotFound(f"Task/{id} is no leg of {self.parts.root.reference}")
        return found


def hold_referral(gateway: Gateway, tx: Transaction, id: str, if_match: str | None = None) -> HeldReferral:
    """The referral, locked until the transaction ends.

    Raises NotFound when the asking actor cannot see it, PreconditionFailed when it is not as `if_match` says.
    """
    resources.read(tx, _REFERRAL.root, id)
    if if_match is not None:
        hold(tx, _REFERRAL, id, if_match)  # an ETag speaks of what its reader could see
    bookkeeping = tx.acting_as(gateway.self_actor)
    parts = hold(bookkeeping, _REFERRAL, id)
    now = instant(clock.now(tx))
    return HeldReferral(gateway, bookkeeping, tx, parts, now)


def parties_of(held: HeldReferral, leg: Mapping[str, Any] | None) -> frozenset[Party]:
    """In which parts the asking actor can move this leg, or the referral as a whole.

    A coordinator asks for services and may write down what an agency said; an EHR asks for what it requested
    itself; an agency owns the legs that were offered to it.
    """
    actor = held.asking.actor
    match actor.kind:
        case ActorKind.COORDINATOR:
            return frozenset({Party.REQUESTER, Party.OWNER})
        case ActorKind.EHR:
            asks = held.parts.root.source == actor.source
            return frozenset({Party.REQUESTER} if asks else ())
        case ActorKind.AGENCY:
            return frozenset({Party.OWNER} if leg is not None and _is_theirs(held, actor, leg) else ())
        case ActorKind.GATEWAY:
            return frozenset({Party.GATEWAY})
        case _:
            return frozenset()


def said(held: HeldReferral, asked: Asked, outputs: tuple[dict[str, Any], ...] = ()) -> Said:
    """What was told with the move, its time in UTC. Raises RecordInvalid for a time that is still to come."""
    return Said(_moment(held, asked), asked.reason_code, asked.reason_text, outputs)


def write_moved(held: HeldReferral, moved: Moved, asked: Asked) -> list[Version]:
    """The new versions of what the move changed; the leg is written by whoever moved it: history names them.

    Evidence and appointments were written before, as the source of whoever reports them, and are linked here.
    """
    before = {version.reference: version.resource for version in held.parts.versions}
    written = []
    for resource in (*moved.tasks, moved.request):
        reference = f"{resource['resourceType']}/{resource['id']}"
        if before.get(reference) == resource:
            continue
        may_write = resource["resourceType"] == "Task" or held.asking.actor.kind is not ActorKind.AGENCY
        tx = held.asking if may_write else held.tx
        told = _with_note(dict(resource), asked) if resource["resourceType"] == "Task" else dict(resource)
        refuse_broken(told, before.get(reference))
        written.append(resources.update(tx, told))
    return written


def write_evidence(held: HeldReferral, asked: Asked, leg: Mapping[str, Any] | None) -> tuple[
    list[Version], tuple[dict[str, Any], ...], Version | None
]:  # fmt: skip
    """What the move reports: new outcome resources, the leg's outputs that name them, and the appointment."""
    if leg is None:
        return [], (), None
    source = held.asking.actor.source
    written: list[Version] = []

    def keep(resource: Resource) -> str:
        refuse_broken(resource)
        version = resources.create(held.tx, resource, source=source)
        written.append(version)
        return version.reference

    _refuse_hidden(held, asked)
    at = _moment(held, asked)
    outputs = tuple(outputs_of(held.request, leg, asked.outcomes, at, keep))
    appointment = None
    if asked.appointment is not None:
        keep(appointment_of(held.request, asked.appointment))
        appointment = written[-1]
    return written, outputs, appointment


def owner_id(leg: Mapping[str, Any]) -> str | None:
    """The id of the Organization that a leg was offered to; None when it names none of ours."""
    reference = parse_reference(str((leg.get("owner") or {}).get("reference", "")))
    return reference.id if reference.type == "Organization" else None


def _is_theirs(held: HeldReferral, actor: Actor, leg: Mapping[str, Any]) -> bool:
    owner = owner_id(leg)
    partner = partner_behind(held.gateway, held.tx, owner) if owner else None
    return partner is not None and partner.name == actor.source


def _moment(held: HeldReferral, asked: Asked) -> str:
    if asked.at is None:
        return held.now
    told, now = FhirInstant.parse(asked.at).earliest(), FhirInstant.parse(held.now).earliest()
    if told > now + _CLOCKS_DIFFER:
        raise RecordInvalid("A move cannot have happened in the future.", expression="at")
    return instant(min(told, now))


def _refuse_hidden(held: HeldReferral, asked: Asked) -> None:
    """Evidence that is only named must be visible to whoever names it: nobody learns what else exists."""
    for outcome in asked.outcomes:
        named = outcome.get("resource")
        if named is None:
            continue
        reference = parse_reference(str(named))
        if reference.type is None or resources.find(held.asking, reference.type, reference.id or "") is None:
            raise RecordInvalid(
                "An outcome names a resource that does not exist here: name evidence that this gateway holds."
            )


def _with_note(task: Resource, asked: Asked) -> Resource:
    """The leg with a note when somebody else's word was written down: who said so, and what."""
    if not asked.by:
        return task
    note = {
        "authorString": asked.by,
        "time": task["lastModified"],
        "text": asked.reason_text or str(asked.move),
    }
    return task | {"note": [*task.get("note", ()), note]}
