"""Entries that read one resource: read and vread, with the conditions of a read.

https://hl7.org/fhir/R4/http.html#read and #cread — what the sender has already is answered with 304.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from gateway.access.actors import Actor
from gateway.access.policy import Interaction
from gateway.acts import read_resource
from gateway.acts.bundle_steps import Answered, Read, Step
from gateway.acts.gateway import Gateway
from gateway.conformance.subsets import read_subset_of_one
from gateway.errors import BadRequest
from gateway.fhir.bundle_entries import Method
from gateway.fhir.dates import FhirInstant
from gateway.store.versions import Version
from gateway.web.fhir_api import replies
from gateway.web.fhir_api.entries.kind import Asking, EntryKind
from gateway.web.fhir_api.vread import version_number

READING: Final = frozenset({Method.GET, Method.HEAD})
_CONDITIONS: Final = frozenset({"ifNoneMatch", "ifModifiedSince"})


def _read(asking: Asking, *, resource_type: str, logical_id: str) -> Step:
    since = _modified_since(asking)

    def answer(gateway: Gateway, actor: Actor) -> Answered:
        return _held(asking, read_resource.read(gateway, actor, resource_type, logical_id), since)

    return Read(answer)


def _vread(asking: Asking, *, resource_type: str, logical_id: str, version_id: str) -> Step:
    since, number = _modified_since(asking), version_number(resource_type, version_id)

    def answer(gateway: Gateway, actor: Actor) -> Answered:
        return _held(asking, read_resource.vread(gateway, actor, resource_type, logical_id, number), since)

    return Read(answer)


def _held(asking: Asking, version: Version, since: datetime | None) -> Answered:
    if replies.is_known(version, asking.condition("ifNoneMatch"), since):
        return Answered(304, version)
    body = read_subset_of_one(dict(asking.request.address.pairs)).of(replies.body_of(version))
    return Answered(200, version, b"" if asking.request.method is Method.HEAD else body)


def _modified_since(asking: Asking) -> datetime | None:
    said = asking.condition("ifModifiedSince")
    if said is None:
        return None
    try:
        FhirInstant.parse(said)
        return datetime.fromisoformat(said)
    except ValueError:
        raise BadRequest(
            "ifModifiedSince is an instant, such as 2026-11-22T09:30:00Z.",
            expression=f"{asking.request.path}.request.ifModifiedSince",
        ) from None


KINDS = (
    EntryKind(READING, "<resource_type>/<logical_id>", Interaction.READ, _read, conditions=_CONDITIONS),
    EntryKind(
        READING,
        "<resource_type>/<logical_id>/_history/<version_id>",
        Interaction.VREAD,
        _vread,
        conditions=_CONDITIONS,
    ),
)
