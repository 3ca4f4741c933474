"""The one list of records."""

from __future__ import annotations

import re

import pytest
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import RAISE, Schema, fields

from gateway.fhir.resource_types import R4_TYPES
from gateway.records import RECORDS

# reference: what every record has, kept by the gateway
EVERY_RECORD = {"id", "version", "updated_at", "source"}


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_found_by_its_name_and_shows_fhir_resources(name: str) -> None:
    kind = RECORDS[name]

    assert kind.name == name
    assert {kind.root, *kind.parts} <= R4_TYPES
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.path)


@pytest.mark.parametrize("name", RECORDS)
def test_every_record_has_its_identity_read_only(name: str) -> None:
    schema = RECORDS[name].schema()

    assert all(schema.fields[field].dump_only for field in EVERY_RECORD)


@pytest.mark.parametrize("name", RECORDS)
def test_unknown_fields_are_refused_at_every_depth(name: str) -> None:
    def check(schema: Schema) -> None:
        assert schema.unknown == RAISE
        for field in schema.fields.values():
            inner = field.inner if isinstance(field, fields.List) else field
            if isinstance(inner, fields.Nested):
                check(inner.schema)

    check(RECORDS[name].schema())


def test_every_record_can_be_described_in_openapi() -> None:
    described = APISpec("records", "1", "3.0.3", plugins=[MarshmallowPlugin()])
    for kind in RECORDS.values():
        described.components.schema(kind.name, schema=kind.schema)

    schemas = described.to_dict()["components"]["schemas"]

    assert set(RECORDS) <= set(schemas)
    assert "person" not in schemas["PlanGoal"]["properties"]
