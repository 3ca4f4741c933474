"""M106, M107, M141: every field that the record's own shape asks for is one that the rules can fill.

The readers see the fields of a record and of its list items; here are the objects in between, the fields that
have no type, the lists that hold no objects, and the words of a switch.
"""

from __future__ import annotations

from collections.abc import Iterator

from marshmallow import Schema, fields, validate

from gateway.mapping.checks.findings import Finding
from gateway.mapping.checks.trails import Spot
from gateway.mapping.problems import Problem, did_you_mean
from gateway.mapping.rules import Field, Items, Origin, Ours, Rule, Switch, fields_of
from gateway.mapping.schema_fields import find, item_schema, required

_UNTYPED = (fields.Field, fields.Raw, fields.Dict, fields.Mapping)


def check(spot: Spot, *, whole: bool) -> Iterator[Problem]:
    """What the record's shape has against the rules of a block; `whole`: all of them could be read."""
    if spot.schema is None:
        return
    homes: dict[Ours, Origin] = {}
    for rule in spot.block.rules:
        if not (isinstance(rule, Field) and rule.copied):
            homes |= dict.fromkeys(fields_of(rule), rule.origin)
            yield from _of_rule(rule, spot.schema, spot.ground.path)
    if whole:
        yield from _missing(homes, spot.schema, spot.ground.path)


def _of_rule(rule: Rule, schema: Schema, path: str) -> Iterator[Problem]:
    for ours in fields_of(rule):
        field = find(schema, ours)
        name = ".".join(ours)
        if type(field) in _UNTYPED:
            text = f"the record's {name!r} has no type of its own, so nothing says what it may hold"
            yield Finding("M106", path, text).at(rule.origin)
        if isinstance(rule, Items) and field is not None and item_schema(field) is None:
            text = f"the record's {name!r} holds single values, not objects: leave 'fields' out"
            yield Finding("M106", path, text).at(rule.origin)
    if isinstance(rule, Switch):
        yield from _of_switch(rule, schema, path)


def _of_switch(rule: Switch, schema: Schema, path: str) -> Iterator[Problem]:
    field = find(schema, rule.ours)
    name = ".".join(rule.ours)
    listed = [v.choices for v in (field.validators if field else ()) if isinstance(v, validate.OneOf)]
    if not listed:
        return
    choices = set(map(str, listed[0]))
    words = {case.word: case.origin for case in rule.cases if isinstance(case.word, str)}
    for word in sorted(words.keys() - choices):
        text = f"the record's {name!r} does not know the word {word!r}{did_you_mean(word, sorted(choices))}"
        yield Finding("M106", path, text).at(words[word])
    for word in sorted(choices - words.keys()):
        text = f"our word {word!r} of {name!r} has no case: it could not be written"
        yield Finding("M141", path, text).at(rule.origin)


def _missing(homes: dict[Ours, Origin], schema: Schema, path: str) -> Iterator[Problem]:
    """The required fields of the objects that dotted fields make, and that no rule fills."""
    holders = {ours[:count]: homes[ours] for ours in reversed(homes) for count in range(1, len(ours))}
    for holder, origin in holders.items():
        for name in required(item_schema(find(schema, holder))):
            own = (*holder, name)
            if not any(ours[: len(own)] == own for ours in homes):
                text = f"the record requires {'.'.join(own)!r}, and no rule says where it lives in FHIR"
                yield Finding("M107", path, text).at(origin)
