"""Every published example of a served type is found by its own values, through every parameter it has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.access.actors import HERE
from gateway.conformance.searching.escaping import escaped
from gateway.conformance.searching.parameters import ParamKind, search_params
from gateway.conformance.searching.values import (
    FIRST,
    LAST,
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
from gateway.conformance.served_types import SERVED
from gateway.fhir.json_codec import Resource, read_stored
from gateway.store import resources
from gateway.store.database import Database
from gateway.store.search import Query, search

from .cast import AMINA, GATEWAY

FOLDERS = ("r4-core-examples", "us-core-6.1.0", "sdoh-clinicalcare")


def examples(shared_data: Path) -> Iterator[Resource]:
    for folder in FOLDERS:
        for path in sorted((shared_data / folder).rglob("*.json")):
            value: Any = read_stored(path.read_bytes())
            if isinstance(value, dict) and value.get("resourceType") in SERVED:
                yield value


def text_of(value: Value) -> str | None:
    """A search value that means this value; None where it has nothing that is searched without a modifier."""
    match value:
        case Token(system, code) if code:
            return f"{escaped(system)}|{escaped(code)}"
        case ReferenceValue(type, id, version, base) if id:
            suffix = f"/_history/{version}" if version else ""
            return f"{base + '/' if base else ''}{type}/{id}{suffix}"
        case ReferenceValue(url=str(url), version=version):
            return escaped(url) + (f"\\|{version}" if version else "")
        case DateValue(since, until):
            if since != FIRST:
                return f"ge{since.isoformat()}"
            return f"le{until.isoformat()}" if until != LAST else None
        case NumberValue(low, high):
            return _number(low, high)
        case QuantityValue(low, high, system, code):
            number = _number(low, high)
            return f"{number}|{escaped(system)}|{escaped(code)}" if system and code else number
        case StringValue(text):
            return escaped(text[:40]) if folded(text[:40]) else None
        case UriValue(text):
            return escaped(text)
        case CompositeValue(parts):
            texts = [text_of(part[0]) for part in parts]
            return "$".join(text for text in texts if text) if all(texts) else None
        case _:
            return None


def _number(low: Decimal | None, high: Decimal | None) -> str:
    if low is not None and low == high:
        return f"{low:f}"
    return f"ge{low:f}" if low is not None else f"le{high:f}"


@pytest.mark.shared_data
def test_every_published_example_is_found_by_its_own_values(database: Database, shared_data: Path) -> None:
    stored = []
    with database.transaction(GATEWAY) as tx:
        for resource in examples(shared_data):
            stored.append(resources.create(tx, resource, source=HERE))
    assert len(stored) > 400
    missed, asked = [], 0
    with database.transaction(AMINA) as tx:
        for version in stored:
            resource = version.resource
            for name, param in search_params(version.type).items():
                if param.kind is ParamKind.SPECIAL or name == "_id":
                    continue
                texts = (text_of(value) for value in param.values_in(resource))
                text = next((text for text in texts if text), None)
                if text is None:
                    continue
                asked += 1
                page = search(tx, Query.of(version.type, [(name, text), ("_id", version.id)]))
                if [it.id for it in page.versions] != [version.id]:
                    missed.append((version.type, name, json.dumps(text)))
    assert missed == []
    assert asked > 4_000
