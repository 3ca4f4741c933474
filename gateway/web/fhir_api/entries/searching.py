"""Entries that search: a type, a compartment, the whole system. Each is answered a searchset Bundle.

https://hl7.org/fhir/R4/http.html#search
"""

from __future__ import annotations

from gateway.access.actors import Actor
from gateway.access.policy import Interaction, SystemInteraction
from gateway.acts import read_resource
from gateway.acts.bundle_steps import Answered, Read, Step
from gateway.acts.gateway import Gateway
from gateway.fhir.bundle_entries import Method
from gateway.web.fhir_api import search_answer, search_compartment, search_system
from gateway.web.fhir_api.entries.kind import Asking, EntryKind
from gateway.web.fhir_api.search_answer import Given, continued

_GET = frozenset({Method.GET})


def _of_type(asking: Asking, *, resource_type: str) -> Step:
    def answer(gateway: Gateway, actor: Actor) -> Answered:
        return _found(gateway, actor, asking, [resource_type], _given(gateway, asking))

    return Read(answer)


def _of_system(asking: Asking) -> Step:
    def answer(gateway: Gateway, actor: Actor) -> Answered:
        said = _given(gateway, asking)
        return _found(gateway, actor, asking, search_system.searched(said), said, path="")

    return Read(answer)


def _of_compartment(asking: Asking, *, resource_type: str, logical_id: str, member_type: str) -> Step:
    types = search_compartment.members(resource_type, member_type)
    within = f"{resource_type}/{logical_id}"

    def answer(gateway: Gateway, actor: Actor) -> Answered:
        read_resource.read(gateway, actor, resource_type, logical_id)
        said, path = _given(gateway, asking), f"{within}/{member_type}"
        return _found(gateway, actor, asking, types, said, path=path, within=within)

    return Read(answer)


def _given(gateway: Gateway, asking: Asking) -> Given:
    return continued(gateway, asking.actor, asking.request.address.pairs)


def _found(
    gateway: Gateway,
    actor: Actor,
    asking: Asking,
    types: list[str],
    said: Given,
    *,
    path: str | None = None,
    within: str | None = None,
) -> Answered:
    body = search_answer.searchset(
        gateway, actor, types, said, strict=asking.strict, path=path, within=within
    )
    return Answered(200, body=body)


KINDS = (
    EntryKind(_GET, "<resource_type>", Interaction.SEARCH, _of_type, by_criteria=True),
    EntryKind(_GET, "", SystemInteraction.SEARCH_SYSTEM, _of_system, by_criteria=True),
    EntryKind(
        _GET,
        "<resource_type>/<logical_id>/<member_type>",
        Interaction.SEARCH,
        _of_compartment,
        by_criteria=True,
    ),
)
