"""What is indexed of a resource: its search values as hashes, spans of time, numbers and words.

What can be compared by equality is one 64-bit number in `posting`; two different values may share a number,
so whatever that finds is checked against the resource before it is shown. All of it is disposable: it can
always be made again from the resources (`care-gateway reindex`).
Source: https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Final, assert_never

from gateway.conformance.searching.parameters import ParamKind, search_params
from gateway.conformance.searching.values import (
    FIRST,
    CompositeValue,
    DateValue,
    NumberValue,
    QuantityValue,
    ReferenceValue,
    StringValue,
    Token,
    UriValue,
    Value,
    folded,
)
from gateway.conformance.served_types import clinical_date
from gateway.fhir.identifiers import Identifier
from gateway.fhir.json_codec import Resource

INDEX_FORMAT: Final = 1
"""Raised whenever what is indexed changes: rows written under a lower number are indexed again."""
PREFIX: Final = 64
"""How many characters of words an index can be searched by; the rest is compared row by row."""
GRAM: Final = 3

# In the head row of the resource: not indexed a second time.
_IN_HEAD: Final = frozenset({"_id", "_lastUpdated"})


@dataclass(slots=True)
class IndexRows:
    """The rows of one resource. Words are folded and whole; `prefix` is what the index orders by."""

    hashes: set[int] = field(default_factory=set)
    dates: set[tuple[int, datetime, datetime]] = field(default_factory=set)
    numbers: set[tuple[int, Decimal | None, Decimal | None]] = field(default_factory=set)
    words: set[tuple[int, str, str]] = field(default_factory=set)


def index_rows(resource: Resource) -> IndexRows:
    """Every row under which the resource is found."""
    rows = IndexRows()
    type = resource["resourceType"]
    for name, param in search_params(type).items():
        if name in _IN_HEAD or param.kind is ParamKind.SPECIAL:
            continue
        values = param.values_in(resource)
        if values:
            rows.hashes.add(hashed(type, name, "*"))
        for value in values:
            _add(rows, type, name, value)
    return rows


def sort_date(resource: Resource) -> datetime:
    """The earliest moment of the type's clinical date; the beginning of time when it has none."""
    type = resource["resourceType"]
    name = clinical_date(type)
    if name is None:
        return FIRST
    found = search_params(type)[name].values_in(resource)
    return min((value.since for value in found if isinstance(value, DateValue)), default=FIRST)


def hashed(*parts: str) -> int:
    """The parts of a key as one signed 64-bit number."""
    key = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(key, digest_size=8).digest(), "big", signed=True)


def identifier_hash(type: str, identifier: Identifier) -> int:
    """What a resource of this type is found by that carries the identifier exactly."""
    return hashed(type, "identifier", "both", identifier.system, identifier.value)


def grams(text: str) -> Iterator[str]:
    """Every run of three characters in folded words."""
    return (text[at : at + GRAM] for at in range(len(text) - GRAM + 1))


def _add(rows: IndexRows, type: str, name: str, value: Value) -> None:
    match value:
        case Token():
            _add_token(rows, type, name, value)
        case ReferenceValue():
            rows.hashes.update(hashed(type, name, *form) for form in _reference_forms(value))
        case DateValue(since, until):
            rows.dates.add((hashed(type, name), since, until))
        case NumberValue(low, high):
            rows.numbers.add((hashed(type, name), low, high))
        case QuantityValue(low, high):
            units = [(), *(("unit", unit) for unit in {value.code, value.unit} if unit)]
            if value.code and value.system:
                units.append(("coded", value.system, value.code))
            rows.numbers.update((hashed(type, name, *unit), low, high) for unit in units)
        case StringValue(text):
            words = folded(text)
            rows.words.add((hashed(type, name), words[:PREFIX], words))
            rows.hashes.add(hashed(type, name, "exact", text))
            rows.hashes.update(hashed(type, name, "gram", gram) for gram in grams(words))
        case UriValue(text):
            rows.words.add((hashed(type, name), text[:PREFIX], text))
            rows.hashes.add(hashed(type, name, "uri", text))
        case CompositeValue(parts):
            for at, part in enumerate(parts):
                for each in part:
                    _add(rows, type, component(name, at), each)
        case _:
            assert_never(value)


def component(name: str, at: int) -> str:
    """The name under which a component of a composite is indexed."""
    return f"{name}${at}"


def _add_token(rows: IndexRows, type: str, name: str, value: Token) -> None:
    if value.code:
        rows.hashes.add(hashed(type, name, "both", value.system, value.code))
        rows.hashes.add(hashed(type, name, "code", value.code))
        if value.implied:
            rows.hashes.add(hashed(type, name, "both", "", value.code))
    if value.system:
        rows.hashes.add(hashed(type, name, "system", value.system))
    for text in value.texts:
        words = folded(text)
        rows.words.add((hashed(type, name, "text"), words[:PREFIX], words))
    for system, code in value.types:
        rows.hashes.add(hashed(type, name, "typed", system, code, value.code))


def _reference_forms(value: ReferenceValue) -> Iterator[tuple[str, ...]]:
    if value.identifier is not None:
        system, code = value.identifier
        yield "identifier", "both", system, code
        yield "identifier", "code", code
        if system:
            yield "identifier", "system", system
    if value.url is not None:
        yield "url", value.url
    if value.id is not None:
        at = f"{value.base}/" if value.base else ""
        yield "to", f"{at}{value.type}/{value.id}"
        if not at:
            yield "to", value.id
