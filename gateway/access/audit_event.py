"""A row of the audit as an AuditEvent of R4: who did what, when, from where, to what, about whom.

Pure, and nothing of it is kept: the row is. The shape is that of IHE's Basic Audit Log Patterns, but for one
thing: a row that concerns several patients names them all in one event, since it was one request.
Source: https://hl7.org/fhir/R4/auditevent.html and https://profiles.ihe.net/ITI/BALP/
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from gateway.access.actors import Actor, ActorKind
from gateway.access.audited_acts import Act, act_of
from gateway.fhir.json_codec import Resource
from gateway.fhir.references import ReferenceKind, parse_reference
from gateway.fhir.systems import CODE_SYSTEMS, OURS

AUDIT_EVENT: Final = "AuditEvent"

DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
TERMS: Final = "http://terminology.hl7.org/CodeSystem/"
ACT_SYSTEM: Final = f"{CODE_SYSTEMS}audited-act"
CLIENT_SYSTEM: Final = f"{OURS}client"
KIND_SYSTEM: Final = f"{CODE_SYSTEMS}actor-kind"
SOURCE_SYSTEM: Final = f"{OURS}source"
REQUEST_ID: Final = {
    "system": "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType",
    "code": "XrequestId",
}
_ROW_ID: Final = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_MASKED: Final = {
    "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}
    ]
}
# Source: https://hl7.org/fhir/R4/valueset-audit-event-outcome.html
_OUTCOMES: Final = {"success": "0", "denied": "4", "failed": "4"}


@dataclass(frozen=True, slots=True)
class AuditRow:
    """What one row of the audit says; `gateway/store/tables.py` says what each part means."""

    id: int
    at: datetime
    actor: Actor
    action: str
    outcome: str
    detail: str
    entities: tuple[str, ...] = ()
    versions: tuple[int | None, ...] = ()
    patients: tuple[UUID, ...] = ()
    query: str | None = None
    request_id: UUID | None = None
    address: str | None = None

    @property
    def recorded(self) -> str:
        """When, as a FHIR instant in UTC with milliseconds."""
        return self.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def audit_event(row: AuditRow, *, base_url: str, reader: Actor) -> Resource:
    """The row as `reader` is shown it; `base_url` is the address of this gateway's FHIR API.

    What was searched for may name somebody: an admin, who sees no clinical rows, is not shown it either.
    """
    act = act_of(row.action)
    event: Resource = {
        "resourceType": AUDIT_EVENT,
        "id": str(row.id),
        "meta": {"versionId": "1", "lastUpdated": row.recorded},
        "type": act.type,
        "subtype": [*act.subtypes, {"system": ACT_SYSTEM, "code": row.action}],
        "action": act.code,
        "recorded": row.recorded,
        "outcome": _OUTCOMES.get(row.outcome, "8"),
    }
    words = [row.outcome if row.outcome == "denied" else "", row.detail]
    if any(words):
        event["outcomeDesc"] = ": ".join(filter(None, words))
    event["agent"] = list(_agents(row, act, base_url))
    event["source"] = {
        "site": base_url,
        "observer": _this_gateway(base_url),
        "type": [{"system": f"{TERMS}security-source-type", "code": "4", "display": "Application Server"}],
    }
    if entities := list(_entities(row, act, reader)):
        event["entity"] = entities
    return event


def row_id(text: str) -> int:
    """The row that an AuditEvent's id names; 0, which no row has, for a text that is none."""
    return int(text) if _ROW_ID.fullmatch(text) else 0


def client_of(actor: Actor) -> str:
    """What an actor is told apart by in the audit: its kind and its name."""
    return f"{actor.kind}/{actor.name}"


def _agents(row: AuditRow, act: Act, base_url: str) -> Iterator[dict[str, Any]]:
    actor = row.actor
    who: dict[str, Any] = {"identifier": {"system": CLIENT_SYSTEM, "value": client_of(actor)}}
    if actor.organisation:
        who = {"reference": f"Organization/{actor.organisation}", **who}
    client = {
        "type": {"coding": [act.client]},
        "role": [
            {"coding": [{"system": KIND_SYSTEM, "code": actor.kind.value}]},
            {"coding": [{"system": SOURCE_SYSTEM, "code": actor.source}]},
        ],
        "who": {**who, "display": actor.name},
        "altId": client_of(actor),
        "name": actor.name,
        "requestor": True,
    }
    if row.address:
        client["network"] = {"address": row.address, "type": "2"}
    yield client
    if actor.kind is not ActorKind.GATEWAY:
        yield {
            "type": {"coding": [act.server]},
            "who": _this_gateway(base_url),
            "requestor": False,
            "network": {"address": base_url, "type": "5"},
        }


def _this_gateway(base_url: str) -> dict[str, Any]:
    return {"identifier": {"system": "urn:ietf:rfc:3986", "value": base_url}, "display": "Care Gateway"}


def _entities(row: AuditRow, act: Act, reader: Actor) -> Iterator[dict[str, Any]]:
    for patient in row.patients:
        yield {
            "what": {"reference": f"Patient/{patient}"},
            "type": _entity_type("1", "Person"),
            "role": _role("1", "Patient"),
        }
    versions = row.versions or (None,) * len(row.entities)
    for text, version in zip(row.entities, versions, strict=True):
        yield _data(text, version, act)
    if row.query is not None:
        masked = reader.kind is ActorKind.ADMIN
        query = b64encode(row.query.encode()).decode()
        yield {
            "type": _entity_type("2", "System Object"),
            "role": _role("24", "Query"),
            **({"_query": _MASKED} if masked else {"query": query}),
        }
    if row.request_id is not None:
        yield {"what": {"identifier": {"value": str(row.request_id)}}, "type": REQUEST_ID}


def _data(text: str, version: int | None, act: Act) -> dict[str, Any]:
    found = parse_reference(text)
    if found.kind is not ReferenceKind.RELATIVE:  # a client, a delivery: what has no address in the FHIR API
        kind, _, name = text.partition("/")
        return {
            "what": {"identifier": {"system": f"{OURS}{kind}", "value": name or kind}},
            "type": _entity_type("2", "System Object"),
        }
    # In the pattern of a query the one System Object is the query itself.
    type = (
        {"system": "http://hl7.org/fhir/resource-types", "code": found.type}
        if act.is_search
        else _entity_type("2", "System Object")
    )
    reference = text if version is None else f"{text}/_history/{version}"
    return {"what": {"reference": reference}, "type": type, "role": _role("4", "Domain Resource")}


def _entity_type(code: str, display: str) -> dict[str, str]:
    return {"system": f"{TERMS}audit-entity-type", "code": code, "display": display}


def _role(code: str, display: str) -> dict[str, str]:
    return {"system": f"{TERMS}object-role", "code": code, "display": display}
