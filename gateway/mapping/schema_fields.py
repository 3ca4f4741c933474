"""Looking a field up in a record's marshmallow schema, by its dotted name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marshmallow import Schema, fields

from gateway.mapping.rules import Ours


def find(schema: Schema | None, ours: Ours) -> fields.Field[Any] | None:
    """The field, or None when the schema has none of that name."""
    found: fields.Field[Any] | None = None
    for name in ours:
        if schema is None or name not in schema.fields:
            return None
        found = schema.fields[name]
        schema = found.schema if isinstance(found, fields.Nested) and not found.many else None
    return found


def is_list(field: fields.Field[Any]) -> bool:
    """Whether the field holds a list."""
    return isinstance(field, fields.List) or (isinstance(field, fields.Nested) and bool(field.many))


def item_schema(field: fields.Field[Any] | None) -> Schema | None:
    """The schema of the objects that a field holds, one or many; None when it holds single values."""
    if isinstance(field, fields.List):
        field = field.inner
    if isinstance(field, fields.Nested):
        schema: Schema = field.schema
        return schema
    return None


def names_near(schema: Schema | None, ours: Ours) -> Iterable[str]:
    """The field names at the level where a dotted name stops being known, written in full."""
    for count in range(len(ours)):
        if schema is None:
            return ()
        if ours[count] not in schema.fields:
            return [".".join((*ours[:count], name)) for name in schema.fields]
        schema = item_schema(schema.fields[ours[count]])
    return ()


def required(schema: Schema | None) -> list[str]:
    """The fields that a new record of this schema must have."""
    if schema is None:
        return []
    return [name for name, field in schema.fields.items() if field.required and not field.dump_only]


def along(schema: Schema | None, names: Ours) -> tuple[fields.Field[Any] | None, list[str]]:
    """The field at a dotted name, through lists too, and the names that the object before it has."""
    found: fields.Field[Any] | None = None
    known: list[str] = []
    for name in names:
        known = list(schema.fields) if schema is not None else []
        found = schema.fields.get(name) if schema is not None else None
        schema = item_schema(found)
    return found, known
