"""Generated records: every value that a rule file and its schema allow.

What a rule reads follows from its codec, what a field may hold from its schema. How many of the fields a
record has, and how long its lists are, is drawn once for each record; rules that are `forced` always speak.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final, TypeAlias

from marshmallow import Schema, fields

from gateway.mapping.laws.singles import IDS, single
from gateway.mapping.laws.spots import Spot
from gateway.mapping.paths import Name, Steps
from gateway.mapping.rules import (
    BackLinkedParts,
    Block,
    Carried,
    Choice,
    Field,
    Items,
    Joint,
    LinkedParts,
    Rule,
    Switch,
    SwitchCase,
    Values,
    fields_of,
)
from gateway.mapping.schema_fields import find, item_schema, required
from gateway.mapping.values import MISSING, dig, plant, tidy

Record: TypeAlias = dict[str, Any]

_LONG: Final = 50


@dataclass(slots=True)
class Drawing:
    """One record being drawn.

    density   how likely a field is there
    most      how many items a list has at most; one list in many is far longer
    forced    `id` of the rules that must say something
    several   `id` of the lists among them that hold two items, so that they can change places
    """

    random: Random
    density: float
    most: int
    forced: frozenset[int] = frozenset()
    several: frozenset[int] = frozenset()
    depth: int = 0

    def happens(self, likely: float) -> bool:
        """Whether something of this likelihood happens."""
        return self.random.random() < likely


Drawn: TypeAlias = Callable[[Drawing], Any]


def drawing(random: Random, *spots: Spot) -> Drawing:
    """A record's density and length, with these spots in it."""
    forced = frozenset(id(rule) for spot in spots for rule in (*spot.path, spot.rule, spot.whole))
    several = frozenset(id(spot.rule) for spot in spots)
    return Drawing(random, random.choice((0.1, 0.3, 0.3, 0.8)), random.choice((1, 2, 2, 3)), forced, several)


def least(random: Random, spot: Spot) -> Drawing:
    """As little as possible, with this spot in it."""
    forced = frozenset(id(rule) for rule in (*spot.path, spot.rule, spot.whole))
    return Drawing(random, 0.0, 1, forced)


def record_drawer(block: Block, schema: Schema | None) -> Drawn:
    """How to draw records of a block, without what is only read."""
    draw = _object(block, schema, guarded=False)

    def drawn(case: Drawing) -> Record:
        return {**draw(case), "id": case.random.choice(("1", "root-2"))}

    return drawn


def value_drawer(rule: Rule, schema: Schema | None) -> Drawn:
    """How to draw a value for a rule; for a choice, an object of the fields of one of its forms."""
    match rule:
        case Field():
            one = single(rule.codec, find(schema, rule.ours))
            return lambda case: one(case.random)
        case Values():
            return _values(rule, schema)
        case Items():
            inner = item_schema(find(schema, rule.ours))
            guarded = bool(rule.list.where.conditions)
            return _list(_object(rule.block, inner, guarded=guarded), rule)
        case LinkedParts() | BackLinkedParts():
            inner = item_schema(find(schema, rule.ours))
            guarded = isinstance(rule, BackLinkedParts) and bool(rule.where.conditions)
            draw = _object(rule.block, inner, guarded=guarded)
            return _list(draw, rule, mark="-2" if not getattr(rule, "first", True) else "-1")
        case Joint() | Carried():
            words = sorted(rule.theirs_of, key=str)
            return lambda case: case.random.choice(words)
        case Choice():
            return _form(rule, schema)
        case Switch():
            return _switch(rule, schema)


def _values(rule: Values, schema: Schema | None) -> Drawn:
    one = single(rule.codec, _item_field(find(schema, rule.ours)))
    if rule.one:
        return lambda case: one(case.random)
    return lambda case: [one(case.random) for _ in range(_length(case, rule))]


def _length(case: Drawing, rule: Rule) -> int:
    if case.depth == 0 and case.happens(0.004):
        return _LONG
    fewest = 2 if id(rule) in case.several else 1 if id(rule) in case.forced else 0
    return case.random.randint(fewest, max(case.most, fewest))


def _list(draw: Drawn, rule: Items | LinkedParts | BackLinkedParts, *, mark: str = "") -> Drawn:
    def drawn(case: Drawing) -> list[Record]:
        count = _length(case, rule)
        case.depth += 1
        items = [item for _ in range(count) if (item := draw(case))]
        case.depth -= 1
        if mark:
            # Two parts of one id are one resource; other lists may hold the same item twice.
            items = [{**item, "id": _part_id(case, number) + mark} for number, item in enumerate(items)]
        elif items and case.happens(0.1):
            items.insert(case.random.randint(0, len(items)), case.random.choice(items))
        return items

    return drawn


def _part_id(case: Drawing, number: int) -> str:
    name = IDS[number] if number < len(IDS) else f"p{number}"
    return f"{name}{case.random.choice(('', '-x'))}"


def _form(rule: Choice, schema: Schema | None) -> Drawn:
    ways = [
        [(each, value_drawer(each, schema)) for each in way.rules if _speaks(each)]
        for way in rule.alternatives
    ]
    whole = [index for index, way in enumerate(rule.alternatives) if any(_speaks(each) for each in way.rules)]

    def drawn(case: Drawing) -> Record:
        fitting = [i for i in whole if any(id(each) in case.forced for each, _ in ways[i])] or whole
        view: Record = {}
        if not fitting:
            return view
        chosen = ways[case.random.choice(fitting)]
        sure = case.random.randrange(len(chosen))
        for number, (each, draw) in enumerate(chosen):
            if number == sure or id(each) in case.forced or case.happens(0.6):
                plant(view, each.ours, draw(case))
        return view

    return drawn


def _switch(rule: Switch, schema: Schema | None) -> Drawn:
    ways = [(case, _case(rule, case, schema)) for case in rule.cases]

    def drawn(case: Drawing) -> Record:
        fitting = [way for way in ways if _is_forced(way[0].block, case)] or ways
        return case.random.choice(fitting)[1](case)  # type: ignore[no-any-return]

    return drawn


def _is_forced(block: Block, case: Drawing) -> bool:
    """Whether a rule of the block must say something."""
    inner = [
        each
        for rule in block.rules
        if isinstance(rule, Choice)
        for way in rule.alternatives
        for each in way.rules
    ]
    return any(id(rule) in case.forced for rule in (*block.rules, *inner))


def _case(rule: Switch, which: SwitchCase, schema: Schema | None) -> Drawn:
    """The word of a case with what its rules may hold; a guard that asks for an element needs it filled."""
    draw = _object(which.block, schema, guarded=True)
    asked = [
        [
            (each, value_drawer(each, schema))
            for each in which.block.rules
            if _path(each)[: len(steps)] == steps
        ]
        for steps, value in which.guard.conditions
        if value is MISSING
    ]

    def drawn(case: Drawing) -> Record:
        view = draw(case) if which.block.rules else {}
        plant(view, rule.ours, which.word)
        for makers in asked:
            if makers and not any(dig(view, ours) for each, _ in makers for ours in fields_of(each)):
                each, make = case.random.choice(makers)
                _plant(each, make(case), view)
        return view

    return drawn


def _path(rule: Rule) -> Steps:
    match rule:
        case Field() | Carried():
            return rule.steps
        case Values() | Items():
            return (*rule.list.holder, Name(rule.list.name))
        case _:
            return ()


def _plant(rule: Rule, value: Any, view: Record) -> None:
    """Set what was drawn for a rule; for a choice or a switch, each field that it says something of."""
    if not isinstance(rule, Choice | Switch):
        plant(view, rule.ours, value)
        return
    for ours in fields_of(rule):
        if (said := dig(value, ours)) is not None:
            plant(view, ours, said)


def _object(block: Block, schema: Schema | None, *, guarded: bool) -> Drawn:
    """How to draw an object; what the schema requires is there for sure where a guard can depend on it."""
    needed = set(required(schema)) if guarded else set()
    rules = [(rule, value_drawer(rule, schema)) for rule in block.rules if _speaks(rule)]

    def drawn(case: Drawing) -> Record:
        view: Record = {}
        for rule, draw in rules:
            sure = id(rule) in case.forced or any(ours[0] in needed for ours in fields_of(rule))
            if not sure and not case.happens(case.density):
                continue
            value = draw(case)
            _plant(rule, value, view)
        if not view and rules:
            # An item that says nothing is none: one field speaks.
            rule, draw = case.random.choice(rules)
            _plant(rule, draw(case), view)
        return tidy(view) or {}

    return drawn


def _speaks(rule: Rule) -> bool:
    if isinstance(rule, Field):
        return not rule.read_only and not rule.copied
    return not getattr(rule, "read_only", False)


def _item_field(field: fields.Field[Any] | None) -> fields.Field[Any] | None:
    return field.inner if isinstance(field, fields.List) else field
