"""How each address of the records API describes itself in OpenAPI.

The schemas of the records are the ones that check them; nothing is described a second time.
Source: https://spec.openapis.org/oas/v3.0.3
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema

from gateway.acts.read_record import is_about_a_person, status_parameter
from gateway.care.consolidation import SECTIONS
from gateway.care.referral import Move, State
from gateway.records import RecordKind
from gateway.web.records_api.answers import JSON_TYPE
from gateway.web.records_api.requests import MOST, USUAL

Operation = dict[str, Any]
MERGE_PATCH: Final = "application/merge-patch+json"
_SEEN: Final = {
    401: "No valid key was sent.",
    403: "This client may not do this.",
    404: "Not found, or hidden.",
}
_FOUND: Final = _SEEN | {410: "It was deleted; its history remains."}
_WRITTEN: Final = _FOUND | {
    400: "The body is no JSON object, or a header cannot be read; the place is named.",
    409: "Others write this record at the same moment; nothing was written, trying again is safe.",
    412: "The record was changed since it was read.",
    413: "The body is larger than 5 MB.",
    415: "The body is in a format that is not read.",
    422: "Not acceptable; every field at fault is listed.",
}
_CONDITION: Final = {428: "If-Match is missing."}
_IF_MATCH: Final = {
    "name": "If-Match",
    "in": "header",
    "description": "The ETag that the record had when it was read.",
    "schema": {"type": "string"},
}
_ONCE: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A key of the client's own: the same request under it has one effect and one answer.",
    "schema": {"type": "string", "maxLength": 255},
}
_FILTERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "person": {
        "description": "Id of a person; what their sources hold counts too.",
        "schema": {"type": "string"},
    },
    "status": {"description": "FHIR status; of a need its clinical status.", "schema": {"type": "string"}},
    "state": {
        "description": "Where the referral stands.",
        "schema": {"type": "string", "enum": [state.value for state in State]},
    },
}


def filters_of(kind: RecordKind) -> frozenset[str]:
    """The questions that a list of this kind answers."""
    if not is_about_a_person(kind):
        return frozenset()
    if kind.name == "referral":
        return frozenset({"person", "state"})
    return frozenset({"person"} if status_parameter(kind) is None else {"person", "status"})


def listing(kind: RecordKind) -> Operation:
    """A page of records."""
    paging = [
        _query("count", f"How many at most, 1 to {MOST}.", {"type": "integer", "default": USUAL}),
        _query("cursor", "Where the page before ended: its `next`.", {"type": "string"}),
    ]
    filters = [{"name": name, "in": "query", **_FILTERS[name]} for name in sorted(filters_of(kind))]
    page = {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": kind.schema},
            "next": {"type": "string", "nullable": True},
        },
    }
    return {
        "summary": f"List {words(kind.path)}",
        "parameters": [*filters, *paging],
        "responses": {"200": _json(page, "One page."), **_problems({400: "A parameter is wrong."} | _SEEN)},
    }


def creating(kind: RecordKind) -> Operation:
    """A new record, once for each Idempotency-Key."""
    return {
        "summary": f"Create a {words(kind.name)}",
        "parameters": [_ONCE],
        "requestBody": _body(kind.schema),
        "responses": {"201": _json(kind.schema, "Created; Location names it."), **_problems(_WRITTEN)},
    }


def reading(kind: RecordKind) -> Operation:
    """One record with its ETag."""
    found = _json(kind.schema, "The record; ETag is what to change it under.")
    return {"summary": f"Read a {words(kind.name)}", "responses": {"200": found, **_problems(_FOUND)}}


def replacing(kind: RecordKind) -> Operation:
    """The whole record; If-Match is required."""
    return {
        "summary": f"Replace a {words(kind.name)}",
        "parameters": [_IF_MATCH | {"required": True}],
        "requestBody": _body(kind.schema),
        "responses": {"200": _json(kind.schema, "Replaced."), **_problems(_WRITTEN | _CONDITION)},
    }


def patching(kind: RecordKind) -> Operation:
    """Some fields of the record; If-Match is required. Source: https://www.rfc-editor.org/rfc/rfc7396"""
    return {
        "summary": f"Change a {words(kind.name)} (JSON merge patch)",
        "parameters": [_IF_MATCH | {"required": True}],
        "requestBody": _body({"type": "object"}, MERGE_PATCH, JSON_TYPE),
        "responses": {"200": _json(kind.schema, "Changed."), **_problems(_WRITTEN | _CONDITION)},
    }


def moving(kind: RecordKind, move: Move, body: type[Schema]) -> Operation:
    """One move of a referral."""
    return {
        "summary": f"Move a referral: {move}",
        "parameters": [_IF_MATCH, _ONCE],
        "requestBody": _body(body) | {"required": False},
        "responses": {"200": _json(kind.schema, "Moved."), **_problems(_WRITTEN)},
    }


def consolidated(kinds: Mapping[str, RecordKind]) -> Operation:
    """A person's consolidated record."""
    sections = {"known_as": "person"} | {title: name for name, title in SECTIONS.items()}
    properties: dict[str, Any] = {"person": kinds["person"].schema}
    properties |= {name: {"type": "array", "items": kinds[kind].schema} for name, kind in sections.items()}
    counted = {"source": {"type": "string"}, "items": {"type": "integer"}}
    properties["sources"] = {"type": "array", "items": {"type": "object", "properties": counted}}
    whole = {"type": "object", "properties": properties}
    return {
        "summary": "Everything about one person, from every source",
        "responses": {"200": _json(whole, "The consolidated record."), **_problems(_FOUND)},
    }


def words(name: str) -> str:
    """A name as people write it."""
    return name.replace("_", " ").replace("-", " ")


def _query(name: str, description: str, schema: Mapping[str, Any]) -> Operation:
    return {"name": name, "in": "query", "description": description, "schema": dict(schema)}


def _json(schema: Any, description: str) -> Operation:
    return {"description": description, "content": {JSON_TYPE: {"schema": schema}}}


def _body(schema: Any, *media: str) -> Operation:
    return {"required": True, "content": {one: {"schema": schema} for one in media or (JSON_TYPE,)}}


def _problems(told: Mapping[int, str]) -> Operation:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    expected = {
        str(status): {"description": text, "content": problem} for status, text in sorted(told.items())
    }
    return expected | {"default": {"description": "The gateway itself failed.", "content": problem}}
