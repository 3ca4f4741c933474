"""Every path of a rule file with the rule that walks it, block by block: what the checks look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeAlias

from marshmallow import Schema

from gateway.mapping.checks.ground import Atlas, Ground, root
from gateway.mapping.checks.ways import Way, follow
from gateway.mapping.codecs import Codec
from gateway.mapping.paths import Each, Name, Steps
from gateway.mapping.rules import (
    BackLinkedParts,
    Block,
    Carried,
    Choice,
    FhirList,
    Field,
    Fixed,
    Guard,
    Items,
    Joint,
    LinkedParts,
    Origin,
    Rule,
    RuleFile,
    Switch,
    SwitchCase,
    Values,
)
from gateway.mapping.schema_fields import find, item_schema
from gateway.mapping.values import MISSING


class Use(Enum):
    """What a path is there for."""

    READ = auto()  # read, never written
    WRITTEN = auto()
    LINK = auto()  # the reference to or from a part
    HOLDER = auto()  # a list whose items have rules of their own
    GUARD = auto()
    FIXED = auto()
    IGNORED = auto()


Leaf: TypeAlias = Field | Values | Items | Joint | Carried | LinkedParts | BackLinkedParts


@dataclass(frozen=True, slots=True)
class Trail:
    """One path of one rule.

    number   which of several paths of the rule (joint) it is
    value    what a guard asks for there, and the case of a switch writes
    """

    steps: Steps
    way: Way
    use: Use
    origin: Origin
    rule: Leaf | Fixed | None = None
    codec: Codec | None = None
    number: int = 0
    value: Any = None


@dataclass(frozen=True, slots=True)
class Spot:
    """A block, the FHIR object that it stands for, and the record object that it shows.

    list     the list whose items the object is one of
    parent   the block around it; None for the root
    """

    block: Block
    ground: Ground
    schema: Schema | None
    trails: tuple[Trail, ...]
    parent: Spot | None = None
    list: FhirList | None = None
    rule: Items | BackLinkedParts | None = None


def spots(file: RuleFile, schema: Schema, atlas: Atlas) -> Iterator[Spot]:
    """The blocks of a rule file from the root down; what is linked has a file of its own."""
    yield from _spots(file.root, root(file.type), schema, atlas)


def _spots(
    block: Block,
    ground: Ground,
    schema: Schema | None,
    atlas: Atlas,
    parent: Spot | None = None,
    rule: Items | BackLinkedParts | None = None,
) -> Iterator[Spot]:
    which = rule.list if isinstance(rule, Items) else None
    trails = [*_trails(block, ground, atlas)]
    if isinstance(rule, BackLinkedParts):
        trails.append(Trail(rule.by, follow(ground, rule.by, atlas), Use.LINK, rule.origin, rule))
    spot = Spot(block, ground, schema, tuple(trails), parent, which, rule)
    yield spot
    for inner in leaves(block):
        if isinstance(inner, Items):
            way = follow(ground, list_steps(inner.list), atlas)
            if way.whole:
                yield from _spots(inner.block, way.end, _items(schema, inner), atlas, spot, inner)
        elif isinstance(inner, BackLinkedParts):
            yield from _spots(inner.block, root(inner.type), _items(schema, inner), atlas, spot, inner)


def _items(schema: Schema | None, rule: Items | BackLinkedParts) -> Schema | None:
    return item_schema(None if schema is None else find(schema, rule.ours))


def leaves(block: Block) -> Iterator[Leaf]:
    """The rules of one object one by one: alternatives and cases opened, lists not entered."""
    for rule in block.rules:
        yield from _opened(rule)


def _opened(rule: Rule) -> Iterator[Leaf]:
    match rule:
        case Choice():
            for way in rule.alternatives:
                yield from way.rules
        case Switch():
            for case in rule.cases:
                yield from leaves(case.block)
        case _:
            yield rule


def cases(block: Block) -> Iterator[SwitchCase]:
    """The cases of the switches of one object."""
    for rule in block.rules:
        if isinstance(rule, Switch):
            yield from rule.cases


def list_steps(which: FhirList) -> Steps:
    """The path of a list, its items picked."""
    return (*which.holder, Name(which.name), Each(which.pattern))


def _trails(block: Block, ground: Ground, atlas: Atlas) -> Iterator[Trail]:
    for rule in leaves(block):
        yield from _of_rule(rule, ground, atlas)
    for case in cases(block):
        for steps, value in case.guard.conditions:
            use = Use.GUARD if value is MISSING or value is None else Use.WRITTEN
            said = value if use is Use.WRITTEN else None
            yield Trail(steps, follow(ground, steps, atlas, whole_list=True), use, case.origin, value=said)
        for ignored in case.block.ignored:
            way = follow(ground, ignored.steps, atlas, whole_list=True)
            yield Trail(ignored.steps, way, Use.IGNORED, ignored.origin)
    for fixed in (*block.fixed, *block.always):
        steps = fixed.steps if fixed.name is None else (*fixed.steps, Name(fixed.name), Each({}))
        way = follow(ground, steps, atlas, whole_list=isinstance(fixed.pattern, list))
        yield Trail(steps, way, Use.FIXED, fixed.origin, fixed)
    for ignored in block.ignored:
        way = follow(ground, ignored.steps, atlas, whole_list=True)
        yield Trail(ignored.steps, way, Use.IGNORED, ignored.origin)


def _of_rule(rule: Leaf, ground: Ground, atlas: Atlas) -> Iterator[Trail]:
    use = Use.READ if getattr(rule, "read_only", False) else Use.WRITTEN

    def trail(steps: Steps, use: Use, codec: Codec | None = None, number: int = 0) -> Trail:
        return Trail(steps, follow(ground, steps, atlas), use, rule.origin, rule, codec, number)

    match rule:
        case Field():
            for steps in (rule.steps, *rule.also):
                yield trail(steps, use, rule.codec)
        case Values():
            yield trail((*list_steps(rule.list), *rule.item), use, rule.codec)
            yield from _guards(rule.list, rule, ground, atlas)
        case Items():
            yield trail(list_steps(rule.list), Use.READ if rule.read_only else Use.HOLDER)
            yield from _guards(rule.list, rule, ground, atlas)
        case Joint():
            for number, steps in enumerate(rule.steps):
                yield trail(steps, use, number=number)
        case Carried():
            yield trail(rule.steps, use)
            yield trail(rule.carry, use, number=1)
        case LinkedParts():
            yield trail((*list_steps(rule.list), *rule.item), Use.LINK)
        case BackLinkedParts():
            part = root(rule.type)
            yield from _conditions(rule.where, rule, part, atlas)


def _guards(which: FhirList, rule: Leaf, ground: Ground, atlas: Atlas) -> Iterator[Trail]:
    way = follow(ground, list_steps(which), atlas)
    if way.whole:
        yield from _conditions(which.where, rule, way.end, atlas)


def _conditions(guard: Guard, rule: Leaf, ground: Ground, atlas: Atlas) -> Iterator[Trail]:
    for steps, value in guard.conditions:
        way = follow(ground, steps, atlas, whole_list=True)
        asked = None if value is MISSING else value
        yield Trail(steps, way, Use.GUARD, rule.origin, rule, value=asked)
