"""What is indexed of a resource: the forms of each search parameter's values, each as one 64-bit number.

Two different values may share a number, so whatever the index finds is checked against the resource's own
keys before it is shown. Postings are disposable: they can always be made again from the resources.
Source: https://hl7.org/fhir/R4/search.html#token and #reference
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, Final

from gateway.conformance.served_types import SERVED, ParamKind, SearchParam
from gateway.fhir.json_codec import Resource
from gateway.fhir.references import ReferenceKind, parse_reference

# Types without an address in the API are indexed too, so that loads and links can find them.
_ANY_TYPE: Final = (
    SearchParam("identifier", ParamKind.TOKEN, "identifier"),
    SearchParam("status", ParamKind.TOKEN, "status"),
    SearchParam("patient", ParamKind.REFERENCE, "patient", also=("subject", "beneficiary"), target="Patient"),
)


def parameters_of(type: str) -> tuple[SearchParam, ...]:
    """The search parameters that are indexed for a type; `_id` and `_lastUpdated` are in the head row."""
    served = SERVED.get(type)
    declared = served.search if served else _ANY_TYPE
    return tuple(param for param in declared if param.kind in (ParamKind.TOKEN, ParamKind.REFERENCE))


def keys_of(resource: Resource) -> frozenset[str]:
    """Every key under which the resource is found."""
    type = resource["resourceType"]
    return frozenset(
        key
        for param in parameters_of(type)
        for value in param.values_in(resource)
        for key in _keys(type, param, value)
    )


def token_key(type: str, param: str, system: str | None, code: str) -> str:
    """The key that a token search value asks for.

    `system|code`; `|code` (system "": a code that has none); `code` (system None: any); `system|` (code "":
    any).
    """
    if system is None:
        return _key(type, param, "code", code)
    if not code:
        return _key(type, param, "system", system)
    return _key(type, param, "both", system, code)


def reference_key(type: str, param: str, target: str) -> str:
    """The key for a reference to `Type/id`, to an absolute URL, or to a bare id of any type."""
    return _key(type, param, "to", target)


def hashed(key: str) -> int:
    """The key as a signed 64-bit number."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)


def _keys(type: str, param: SearchParam, value: Any) -> Iterator[str]:
    if param.kind is ParamKind.REFERENCE:
        yield from _reference_keys(type, param, value)
        return
    for system, code in _tokens(value):
        yield _key(type, param.name, "both", system, code)
        yield _key(type, param.name, "code", code)
        if system:
            yield _key(type, param.name, "system", system)


def _tokens(value: Any) -> Iterator[tuple[str, str]]:
    """(system, code) of a code, boolean, Identifier, Coding or CodeableConcept; system "" where none."""
    if isinstance(value, bool):
        yield "", "true" if value else "false"
    elif isinstance(value, str):
        yield "", value
    elif isinstance(value, dict):
        codings = value.get("coding")
        for coding in codings if isinstance(codings, list) else ():
            yield from _tokens(coding)
        code, system = value.get("value", value.get("code")), value.get("system")
        if isinstance(code, str):
            yield system if isinstance(system, str) else "", code


def _reference_keys(type: str, param: SearchParam, value: Any) -> Iterator[str]:
    held = value.get("reference") if isinstance(value, dict) else None
    if not isinstance(held, str):
        return
    reference = parse_reference(held)
    if param.target and reference.type not in (param.target, None):
        return
    if reference.kind is ReferenceKind.RELATIVE:
        assert reference.id is not None, "a relative reference has an id"
        yield reference_key(type, param.name, f"{reference.type}/{reference.id}")
        yield reference_key(type, param.name, reference.id)
    elif reference.kind is ReferenceKind.ABSOLUTE:
        yield reference_key(type, param.name, f"{reference.base}/{reference.type}/{reference.id}")


def _key(*parts: str) -> str:
    return "\x1f".join(parts)
