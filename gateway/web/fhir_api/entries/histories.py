"""Entries that ask for a history: of one resource, a type or everything. Each is answered a history Bundle.

https://hl7.org/fhir/R4/http.html#history
"""

from __future__ import annotations

from gateway.access.actors import Actor
from gateway.access.policy import Interaction, SystemInteraction
from gateway.acts.bundle_steps import Answered, Read, Step
from gateway.acts.gateway import Gateway
from gateway.fhir.bundle_entries import Method
from gateway.web.fhir_api import history, history_answer, history_system
from gateway.web.fhir_api.entries.kind import Asking, EntryKind

_GET = frozenset({Method.GET})


def _of_one(asking: Asking, *, resource_type: str, logical_id: str) -> Step:
    asked = dict(asking.request.address.pairs)

    def answer(gateway: Gateway, actor: Actor) -> Answered:
        told = history.page(gateway, actor, resource_type, logical_id, asked)
        return Answered(200, body=told.get_data())

    return Read(answer)


def _of_type(asking: Asking, *, resource_type: str) -> Step:
    return _of_types(asking, [resource_type], f"{resource_type}/_history")


def _of_system(asking: Asking) -> Step:
    return _of_types(asking, history_system.shown(), "_history")


def _of_types(asking: Asking, types: list[str], path: str) -> Step:
    asked = dict(asking.request.address.pairs)

    def answer(gateway: Gateway, actor: Actor) -> Answered:
        return Answered(200, body=history_answer.page(gateway, actor, types, path, asked).get_data())

    return Read(answer)


KINDS = (
    EntryKind(_GET, "<resource_type>/<logical_id>/_history", Interaction.HISTORY, _of_one),
    EntryKind(_GET, "<resource_type>/_history", Interaction.HISTORY_TYPE, _of_type),
    EntryKind(_GET, "_history", SystemInteraction.HISTORY_SYSTEM, _of_system),
)
