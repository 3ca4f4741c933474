"""Values in the fields that no rule maps: what a partner's overlay drops, the record goes on saying."""

from __future__ import annotations

from random import Random
from typing import Any

from marshmallow import Schema, fields

from gateway.mapping.codecs import Plain
from gateway.mapping.laws.edits import Record, copied
from gateway.mapping.laws.singles import single
from gateway.mapping.rules import BackLinkedParts, Block, Items, LinkedParts, fields_of
from gateway.mapping.schema_fields import find, item_schema
from gateway.mapping.values import dig, plant


def with_unmapped(block: Block, schema: Schema | None, record: Record, random: Random) -> Record:
    """The record with a value in each of those fields, in the items of its lists too."""
    if schema is None:
        return record
    more: Record = copied(record)
    mapped = {ours[0] for rule in block.rules for ours in fields_of(rule)}
    for name, field in schema.fields.items():
        if name not in mapped:
            more[name] = _drawn(field, random)
    for rule in block.rules:
        items = dig(more, rule.ours) if isinstance(rule, Items | LinkedParts | BackLinkedParts) else None
        if isinstance(items, list):
            assert isinstance(rule, Items | LinkedParts | BackLinkedParts), "only these hold objects"
            inner = item_schema(find(schema, rule.ours))
            plant(more, rule.ours, [with_unmapped(rule.block, inner, item, random) for item in items])
    return more


def _drawn(field: fields.Field[Any], random: Random) -> Any:
    if isinstance(field, fields.List):
        return [_drawn(field.inner, random)]
    if isinstance(field, fields.Nested):
        drawn = {name: _drawn(inner, random) for name, inner in field.schema.fields.items()}
        return [drawn] if field.many else drawn
    return single(Plain(), field)(random)
