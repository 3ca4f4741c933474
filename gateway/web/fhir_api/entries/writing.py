"""Entries that write one resource: create, conditional create, update, delete.

https://hl7.org/fhir/R4/http.html#create, #ccreate, #update and #delete
"""

from __future__ import annotations

from gateway.access.policy import Interaction
from gateway.acts.bundle_steps import Create, Delete, Step, Update
from gateway.fhir.bundle_entries import Method
from gateway.web.fhir_api import replies
from gateway.web.fhir_api.entries.kind import Asking, EntryKind
from gateway.web.fhir_api.negotiation import version_named
from gateway.web.fhir_api.search_parameters import condition
from gateway.web.fhir_api.update import refuse_other_id


def _create(asking: Asking, *, resource_type: str) -> Step:
    said = asking.condition("ifNoneExist")
    unless = None if said is None else condition(resource_type, said, base_url=replies.base_url())
    return Create(asking.body(resource_type), unless)


def _update(asking: Asking, *, resource_type: str, logical_id: str) -> Step:
    expect = version_named(asking.condition("ifMatch"))
    resource = asking.body(resource_type)
    refuse_other_id(resource, logical_id)
    return Update(resource, expect)


def _delete(asking: Asking, *, resource_type: str, logical_id: str) -> Step:
    return Delete(resource_type, logical_id, version_named(asking.condition("ifMatch")))


_IF_MATCH = frozenset({"ifMatch"})

KINDS = (
    EntryKind(
        frozenset({Method.POST}),
        "<resource_type>",
        Interaction.CREATE,
        _create,
        conditions=frozenset({"ifNoneExist"}),
    ),
    EntryKind(
        frozenset({Method.PUT}),
        "<resource_type>/<logical_id>",
        Interaction.UPDATE,
        _update,
        conditions=_IF_MATCH,
    ),
    EntryKind(
        frozenset({Method.DELETE}),
        "<resource_type>/<logical_id>",
        Interaction.DELETE,
        _delete,
        conditions=_IF_MATCH,
    ),
)
