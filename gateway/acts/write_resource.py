"""Writing one resource through the FHIR door: one transaction each; the rules are those of the steps.

https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

from gateway.access.actors import Actor
from gateway.acts import conditional_steps, patch_steps, resource_steps
from gateway.acts.gateway import Gateway
from gateway.acts.resource_steps import Kept
from gateway.conformance.patching import Patch
from gateway.fhir.json_codec import Resource
from gateway.store.search import Query
from gateway.store.versions import Version


def create_resource(
    gateway: Gateway, actor: Actor, resource: Resource, *, unless: Query | None = None
) -> Kept:
    """The new resource, or the one that fits `unless` already; committed. Raises as `create` does."""
    with gateway.database.transaction(actor) as tx:
        return resource_steps.create(gateway, tx, resource, unless=unless)


def update_resource(gateway: Gateway, actor: Actor, resource: Resource, *, expect: int | None) -> Kept:
    """The next version of what `resource` names; committed. Raises as `update` does."""
    with gateway.database.transaction(actor) as tx:
        return resource_steps.update(gateway, tx, resource, expect=expect)


def patch_resource(
    gateway: Gateway, actor: Actor, type: str, id: str, change: Patch, *, expect: int | None
) -> Kept:
    """The next version of a resource, `change` applied to what it is; committed. Raises as `patch` does."""
    with gateway.database.transaction(actor) as tx:
        return patch_steps.patch(gateway, tx, type, id, change, expect=expect)


def delete_resource(
    gateway: Gateway, actor: Actor, type: str, id: str, *, expect: int | None
) -> Version | None:
    """The version that says the resource was deleted, None where none is; committed. Raises as `delete`."""
    with gateway.database.transaction(actor) as tx:
        return resource_steps.delete(gateway, tx, type, id, expect=expect)


def update_matching(
    gateway: Gateway, actor: Actor, resource: Resource, criteria: Query, *, expect: int | None
) -> Kept:
    """The next version of the one resource that fits, or a new one; committed. Raises as the step does."""
    with gateway.database.transaction(actor) as tx:
        return conditional_steps.update_matching(gateway, tx, resource, criteria, expect=expect)


def patch_matching(
    gateway: Gateway, actor: Actor, criteria: Query, change: Patch, *, expect: int | None
) -> Kept:
    """The next version of the one resource that fits, patched; committed. Raises as the step does."""
    with gateway.database.transaction(actor) as tx:
        return conditional_steps.patch_matching(gateway, tx, criteria, change, expect=expect)


def delete_matching(gateway: Gateway, actor: Actor, criteria: Query, *, expect: int | None) -> Version | None:
    """The version that says it was deleted, if one fits; committed. Raises as the step does."""
    with gateway.database.transaction(actor) as tx:
        return conditional_steps.delete_matching(gateway, tx, criteria, expect=expect)
