"""One write within a transaction that somebody opened: create, update or delete, by every rule it keeps.

The doors (write_resource.py, bundles) open the transaction; each write leaves one audit row.
A new resource belongs to its writer's source: an EHR's to its partner, a coordinator's to `here`. A POST is
a new resource as R4 says; that a polled copy of it joins it later is sync's business.
https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.access.actors import HERE, Actor, ActorKind
from gateway.access.policy import Interaction, gate
from gateway.acts.answer_referral import answer_by_task
from gateway.acts.gateway import Gateway
from gateway.acts.link_person import link_person
from gateway.acts.moves_only import refuse_deleting, refuse_moving, refuse_new_leg
from gateway.acts.shape import refuse_broken
from gateway.acts.subscription_status import refuse_claimed
from gateway.errors import (
    Conflict,
    MethodNotAllowed,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Unprocessable,
)
from gateway.fhir.json_codec import Resource
from gateway.fhir.references import ReferenceKind, parse_reference, relative, rewrite
from gateway.fhir.subjects import patients_named
from gateway.store import audit, links, resources
from gateway.store.database import Transaction
from gateway.store.search import Query, lock_criteria, search
from gateway.store.versions import ANY_VERSION, Version, our_id


@dataclass(frozen=True, slots=True)
class Kept:
    """What a write left behind. `is_new` is false when an existing one was updated, or answered instead."""

    version: Version
    is_new: bool


def create(
    gateway: Gateway,
    tx: Transaction,
    resource: Resource,
    *,
    unless: Query | None = None,
    id: str | None = None,
) -> Kept:
    """The new resource under an id of ours; or the one of its own source that fits `unless`, unchanged.

    `id` is one that we chose beforehand, so that others could already refer to it. Two creations under the
    same condition wait for one another, so that only one of them creates.
    Raises Forbidden, NotConformant with every issue found, PreconditionFailed when several fit `unless`.
    """
    type = resource["resourceType"]
    gate(tx.actor, Interaction.CREATE, type)
    ours = acceptable(gateway, resource)
    if unless is not None and (held := only_match(tx, unless)) is not None:
        audit.record(
            tx,
            f"{Interaction.CREATE} {type}",
            (held,),
            detail="fits If-None-Exist; nothing written",
            query=unless.text,
        )
        return Kept(held, is_new=False)
    refuse_new_leg(tx, ours)
    version = resources.create(tx, ours, source=tx.actor.source, id=id)
    if type == "Patient":
        link_person(gateway, tx, version)
    audit.record(tx, f"{Interaction.CREATE} {type}", (version,))
    return Kept(version, is_new=True)


def update(gateway: Gateway, tx: Transaction, resource: Resource, *, expect: int | None) -> Kept:
    """The next version of what `resource` names; `is_new` when it had been deleted and comes back.

    Raises MethodNotAllowed when the actor sees no such resource: ids are made here, so nothing is created
    under one. Raises Forbidden, NotConformant, PreconditionFailed when it no longer is at version `expect`,
    and PreconditionRequired when it must say which version it is about.
    """
    return advance(gateway, tx, resource, expect=expect, by=Interaction.UPDATE)


def advance(
    gateway: Gateway, tx: Transaction, resource: Resource, *, expect: int | None, by: Interaction
) -> Kept:
    """The next version of what `resource` names, made by an update or a patch. Raises as `update` does."""
    type, id = resource["resourceType"], resource["id"]
    gate(tx.actor, by, type)
    refuse_unseen(gateway, tx.actor, type, expect)
    ours = acceptable(gateway, resource)
    if is_answer(tx.actor, type):
        assert expect is not None, "as was just seen"
        try:
            return Kept(answer_by_task(gateway, tx, ours, if_match=expect), is_new=False)
        except NotFound:
            raise no_client_ids(type) from None
    before = resources.find(tx, type, id)
    if before is None:
        raise no_client_ids(type)
    if not before.deleted:
        resources.lock(tx, [before.reference])
        stored = resources.read(tx, type, id)
        refuse_moving(tx, stored.resource, ours)
        _refuse_other_patients(tx.actor, stored, ours)
    version = resources.update(tx, ours, expect=expect)
    if type == "Patient":
        link_person(gateway, tx, version)
    audit.record(tx, f"{by} {type}", (version,))
    return Kept(version, is_new=before.deleted)


def delete(gateway: Gateway, tx: Transaction, type: str, id: str, *, expect: int | None) -> Version | None:
    """The version that says the resource was deleted; deleting again changes nothing.

    None when the actor sees no such resource, as R4 has it, unless `expect` says that there is one: then
    NotFound is raised. Raises Forbidden, Conflict for a person to whom Patients are linked,
    PreconditionFailed when it no longer is at version `expect`, and PreconditionRequired when it must say
    which version it is about.
    """
    gate(tx.actor, Interaction.DELETE, type)
    refuse_unseen(gateway, tx.actor, type, expect)
    resources.lock(tx, [relative(type, id)])
    before = resources.find(tx, type, id)
    if before is None and expect is None:
        # What was tried is written down also where it is hidden; any other text may be a patient's number.
        tried = (relative(type, id),) if our_id(id) else ()
        audit.record(tx, f"{Interaction.DELETE} {type}", tried, detail="nothing there; nothing deleted")
        return None
    if before is not None and not before.deleted:
        refuse_deleting(tx, before.resource)
        _refuse_linked(before)
    version = resources.delete(tx, type, id, expect=expect)
    audit.record(tx, f"{Interaction.DELETE} {type}", (version,))
    return version


def is_answer(actor: Actor, type: str) -> bool:
    """Whether a change of this type by this actor answers a referral: it moves what it was asked for.

    An answer locks the whole referral, in the order of all who do; a lock on its Task alone could block
    another answer in a circle.
    """
    return actor.kind is ActorKind.AGENCY and type == "Task"


def refuse_unseen(gateway: Gateway, actor: Actor, type: str, expect: int | None) -> None:
    """Nothing, unless the write must say which version it is about, and does not: PreconditionRequired."""
    if expect is None and gateway.require_if_match:
        raise PreconditionRequired("Send If-Match with the ETag of what is changed, as a read gave it.")
    if expect in (None, ANY_VERSION) and is_answer(actor, type):
        raise PreconditionRequired(
            "Send If-Match with the ETag of the Task that is answered, as a read gave it."
        )


def _refuse_linked(before: Version) -> None:
    """A person is what joins a life's records: it does not go while Patients of others are linked to it."""
    if before.type == "Patient" and before.source == HERE and links.linked_patients(before.resource):
        raise Conflict(f"Patients are linked to {before.reference}: take the links off it first.")


def _refuse_other_patients(actor: Actor, before: Version, after: Resource) -> None:
    """Whom a resource is about decides who sees it, so only its own source says that it is somebody else."""
    if actor.kind is not ActorKind.EHR or before.source == actor.source:
        return
    if patients_named(before.resource) != patients_named(after):
        raise Unprocessable(
            f"{before.reference} belongs to source {before.source}; whom it is about is changed there only.",
            expression=before.type,
        )


def acceptable(gateway: Gateway, resource: Resource) -> Resource:
    """The resource, references to our own address made relative. Raises NotConformant with every issue,
    and Unprocessable for a Subscription that says what is not true."""
    refuse_broken(resource)
    refuse_claimed(resource)
    base = f"{gateway.fhir_base}/"
    return rewrite(resource, lambda text: _relative(text, base))


def _relative(text: str, base: str) -> str:
    ours = text.removeprefix(base)
    return ours if parse_reference(ours).kind is ReferenceKind.RELATIVE else text


def only_match(tx: Transaction, criteria: Query) -> Version | None:
    """The one resource of the actor's own source that fits, if any. Raises PreconditionFailed for several.

    Whoever asks for the same criteria waits until this transaction ends.
    """
    # Looked for in the source it would be created for: others hold the same things under the same numbers.
    hold_condition(tx, criteria)
    wanted = replace(criteria, count=2, source=tx.actor.source)
    page = search(tx, wanted)
    found = page.versions
    while page.next_cursor and len(found) < 2:
        page = search(tx, replace(wanted, cursor=page.next_cursor))
        found += page.versions
    if len(found) > 1:
        raise PreconditionFailed("More than one resource fits the criteria; nothing was written.")
    return found[0] if found else None


def hold_condition(tx: Transaction, condition: Query) -> None:
    """Until this transaction ends, nobody else decides by the same condition.

    Whoever holds several takes them in the order of `condition_key`.
    """
    lock_criteria(tx, condition_key(tx, condition))


def condition_key(tx: Transaction, condition: Query) -> str:
    """What makes two conditions of this actor the same one."""
    return f"{tx.actor.source} {condition.type}?{sorted(condition.criteria)}"


def no_client_ids(type: str) -> MethodNotAllowed:
    """What whoever writes under an id that was not given here is told."""
    # The same words for an id that is hidden and for one that was never given: neither is told apart.
    return MethodNotAllowed(
        f"Ids are made by this server: create a {type} with POST to its type, without an id."
    )
