"""Writes that name their resource by criteria, each within a transaction that somebody else opened.

One match among the writer's own rows is what is written; several are refused; none makes a new one where that
makes sense. Writers under the same criteria wait for one another, so that only one of them creates.
https://hl7.org/fhir/R4/http.html#cond-update and https://hl7.org/fhir/R4/http.html#3.1.0.7.1
"""

from __future__ import annotations

from gateway.access.policy import Interaction, gate
from gateway.acts import patch_steps, resource_steps
from gateway.acts.gateway import Gateway
from gateway.acts.resource_steps import Kept, no_client_ids, only_match
from gateway.conformance.patching import Patch
from gateway.errors import BadRequest, NotFound, PreconditionFailed
from gateway.fhir.json_codec import Resource
from gateway.store import audit, resources
from gateway.store.database import Transaction
from gateway.store.search import Query
from gateway.store.versions import Version


def update_matching(
    gateway: Gateway,
    tx: Transaction,
    resource: Resource,
    criteria: Query,
    *,
    expect: int | None,
    id: str | None = None,
) -> Kept:
    """The next version of the one resource that fits; a new one when none does, under `id` if one was chosen.

    Raises MethodNotAllowed when none fits and the resource brings an id, since ids are made here, BadRequest
    when it brings another id than the one that fits, PreconditionFailed when several fit or when a version is
    expected that is not there, and what `update` and `create` raise.
    """
    type = resource["resourceType"]
    gate(tx.actor, Interaction.UPDATE, type)
    held = _held_match(tx, criteria)
    if held is not None:
        if resource.get("id", held.id) != held.id:
            raise BadRequest(
                "The resource carries another id than the one that the criteria find, or none that is an id.",
                expression=f"{type}.id",
            )
        return resource_steps.update(gateway, tx, _with_id(resource, held.id), expect=expect)
    if "id" in resource:
        raise no_client_ids(type)
    if expect is not None:
        raise PreconditionFailed("Nothing fits the criteria, so If-Match names no version.")
    return resource_steps.create(gateway, tx, resource, id=id)


def patch_matching(
    gateway: Gateway, tx: Transaction, criteria: Query, change: Patch, *, expect: int | None
) -> Kept:
    """The next version of the one resource that fits, `change` applied to what it is.

    Raises NotFound when none fits, PreconditionFailed when several do, and what `patch` raises.
    """
    gate(tx.actor, Interaction.PATCH, criteria.type)
    held = _held_match(tx, criteria)
    if held is None:
        raise NotFound(f"No {criteria.type} fits the criteria; nothing was patched.")
    return patch_steps.patch(gateway, tx, criteria.type, held.id, change, expect=expect)


def delete_matching(
    gateway: Gateway, tx: Transaction, criteria: Query, *, expect: int | None = None
) -> Version | None:
    """The version that says that the one resource that fits was deleted; None when none fits.

    Raises PreconditionFailed when several fit, and what `delete` raises.
    """
    gate(tx.actor, Interaction.DELETE, criteria.type)
    held = _held_match(tx, criteria)
    if held is not None:
        return resource_steps.delete(gateway, tx, criteria.type, held.id, expect=expect)
    action = f"{Interaction.DELETE} {criteria.type}"
    audit.record(tx, action, (), detail="nothing fits; nothing deleted", query=criteria.text)
    return None


def _held_match(tx: Transaction, criteria: Query) -> Version | None:
    """The one resource that fits, locked: what changed while the lock was waited for is looked at anew."""
    match = only_match(tx, criteria)
    while match is not None:
        if resources.lock(tx, [match.reference]).get(match.reference) == match.version:
            return match
        match = only_match(tx, criteria)
    return None


def _with_id(resource: Resource, id: str) -> Resource:
    """The resource with its id where R4 has it, the order of all else as it was."""
    if "id" in resource:
        return resource
    return {
        name: value
        for each, held in resource.items()
        for name, value in (((each, held), ("id", id)) if each == "resourceType" else ((each, held),))
    }
