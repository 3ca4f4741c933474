"""Entries that write one resource: create, update and delete, each also by criteria.

https://hl7.org/fhir/R4/http.html#create, #ccreate, #update, #cond-update and #delete
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.access.policy import Interaction
from gateway.acts.bundle_steps import Create, Delete, Step, Update
from gateway.acts.matching_steps import DeleteMatching, UpdateMatching
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


def _update_matching(asking: Asking, *, resource_type: str) -> Step:
    expect = version_named(asking.condition("ifMatch"))
    return UpdateMatching(asking.criteria(resource_type), asking.body(resource_type), expect)


def _delete_matching(asking: Asking, *, resource_type: str) -> Step:
    return DeleteMatching(asking.criteria(resource_type), version_named(asking.condition("ifMatch")))


_IF_MATCH = frozenset({"ifMatch"})
_ONE = "<resource_type>/<logical_id>"
_ANY = "<resource_type>"


def _writing(method: Method, rule: str, interaction: Interaction, step: Callable[..., Step]) -> EntryKind:
    return EntryKind(
        frozenset({method}), rule, interaction, step, conditions=_IF_MATCH, by_criteria=rule == _ANY
    )


KINDS = (
    EntryKind(
        frozenset({Method.POST}),
        _ANY,
        Interaction.CREATE,
        _create,
        conditions=frozenset({"ifNoneExist"}),
    ),
    _writing(Method.PUT, _ONE, Interaction.UPDATE, _update),
    _writing(Method.PUT, _ANY, Interaction.UPDATE, _update_matching),
    _writing(Method.DELETE, _ONE, Interaction.DELETE, _delete),
    _writing(Method.DELETE, _ANY, Interaction.DELETE, _delete_matching),
)
