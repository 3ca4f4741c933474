"""Which fields of a record have a home in FHIR, seen from the record's schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from marshmallow import Schema

from gateway.mapping.lens import Lens
from gateway.mapping.record_account import read_only_because
from gateway.mapping.rule_homes import Home, index_of
from gateway.mapping.rules import BackLinkedParts, Items, LinkedParts, Origin, Ours
from gateway.mapping.schema_fields import item_schema


class Standing(StrEnum):
    """How a field of a record stands in its map."""

    MAPPED = "mapped"
    READ_ONLY = "read-only"
    DERIVED = "derived"
    CANNOT_HOLD = "cannot hold"
    NO_RULE = "no rule"


@dataclass(frozen=True, slots=True)
class FieldStanding:
    """One field of a record: its rule, and why it is not written when it is not."""

    name: str
    standing: Standing
    origin: Origin | None = None
    because: str = ""


def field_standings(lens: Lens, schema: Schema) -> tuple[FieldStanding, ...]:
    """Every field of the record's schema that holds values, through lists and objects, in its order."""
    fields = index_of(lens.rules.root).fields
    return tuple(_standings(schema, (), fields, lens.rules.cannot_hold))


def _standings(
    schema: Schema, before: Ours, homes: Mapping[Ours, Home], cannot_hold: Mapping[str, str]
) -> Iterator[FieldStanding]:
    for name, field in schema.fields.items():
        ours = (*before, name)
        home = homes.get(ours)
        inner = item_schema(field)
        holds_fields = home is None or isinstance(home.rule, Items | LinkedParts | BackLinkedParts)
        is_below = any(known[: len(ours)] == ours for known in homes)
        if inner is not None and holds_fields and is_below:
            yield from _standings(inner, ours, homes, cannot_hold)
        else:
            yield _standing(ours, home, cannot_hold, derived=bool(field.dump_only))


def _standing(
    ours: Ours, home: Home | None, cannot_hold: Mapping[str, str], *, derived: bool
) -> FieldStanding:
    name = ".".join(ours)
    if home is not None:
        because = read_only_because(home)
        if because is None:
            return FieldStanding(name, Standing.MAPPED, home.origin)
        return FieldStanding(name, Standing.READ_ONLY, home.origin, because)
    for count in range(1, len(ours) + 1):
        if ".".join(ours[:count]) in cannot_hold:
            return FieldStanding(name, Standing.CANNOT_HOLD, because=cannot_hold[".".join(ours[:count])])
    if derived:
        return FieldStanding(name, Standing.DERIVED, because="the gateway derives it itself")
    return FieldStanding(name, Standing.NO_RULE, because="no rule says where it lives")
