"""How a schema is walked: field names as clients write them, and the schema inside a field."""

from __future__ import annotations

from functools import cache
from typing import Any

from marshmallow import Schema, fields

from gateway.records.shapes import Record


@cache
def schema_of(kind: type[Record]) -> Schema:
    """One instance a kind: building one costs more than using it, and checking does not change it."""
    return kind()


def by_name(schema: Schema) -> dict[str, fields.Field[Any]]:
    """The fields under the names that clients write."""
    return {field.data_key or name: field for name, field in schema.fields.items()}


def inside(schema: Schema | None, key: str) -> Schema | None:
    """The schema of the object or of the list items in this field; None when it holds single values."""
    field = None if schema is None else by_name(schema).get(key)
    if isinstance(field, fields.List):
        field = field.inner
    return field.schema if isinstance(field, fields.Nested) else None


def joined(path: str, key: str) -> str:
    """The path of a field of the object at ``path``."""
    return f"{path}.{key}" if path else key
