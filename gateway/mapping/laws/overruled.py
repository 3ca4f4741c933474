"""What an overlay writes always: where it stands, and the rules that it overrules there.

A value that only stands where the record says nothing overrules no rule.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.mapping.elements import Location
from gateway.mapping.laws.spots import Spot, spots
from gateway.mapping.paths import Name, Steps
from gateway.mapping.rules import (
    Block,
    Carried,
    Choice,
    Field,
    Items,
    Joint,
    LinkedParts,
    Rule,
    Switch,
    Values,
    walk,
)


def overruled(root: Block) -> frozenset[int]:
    """The `id` of each rule that maps an element which is written always, whatever the record says."""
    found: set[int] = set()
    for block in _blocks(root):
        for rule in block.rules:
            always = [
                _always_names(block, number)
                for number, fixed in enumerate(block.always)
                if not (isinstance(rule, Field) and fixed.yields and fixed.name is None)
            ]
            paths = [_names(steps) for steps in _paths(rule)]
            if any(_meet(one, two) for one in always for two in paths):
                found.add(id(rule))
    return frozenset(found)


def obeyed(root: Block) -> Iterator[Spot]:
    """Every rule that writes what the record says, and that nothing overrules."""
    without = overruled(root)
    for spot in spots(root):
        if spot.is_written and not any(id(rule) in without for rule in (spot.rule, spot.whole, *spot.path)):
            yield spot


def is_written_always(root: Block, where: Location) -> bool:
    """Whether the place lies in an element that is written always, or is the narrative that tells of it."""
    names = tuple(step for step in where[1:] if isinstance(step, str))
    always = (_always_names(block, number) for block in _blocks(root) for number in range(len(block.always)))
    inside = any(_meet(names[start:], path) for path in always for start in range(len(names)))
    return inside or (len(where) > 2 and where[2] == "text")


def _blocks(root: Block) -> Iterator[Block]:
    seen: set[int] = set()
    for block, rule in walk(root):
        for each in (block, getattr(rule, "block", None)):
            if isinstance(each, Block) and id(each) not in seen:
                seen.add(id(each))
                yield each


def _always_names(block: Block, number: int) -> tuple[str, ...]:
    fixed = block.always[number]
    return (*_names(fixed.steps), *((fixed.name,) if fixed.name else ()))


def _names(steps: Steps) -> tuple[str, ...]:
    return tuple(step.name for step in steps if isinstance(step, Name))


def _meet(one: tuple[str, ...], two: tuple[str, ...]) -> bool:
    return bool(one and two) and all(a == b for a, b in zip(one, two, strict=False))


def _paths(rule: Rule) -> Iterator[Steps]:
    match rule:
        case Field():
            yield from (rule.steps, *rule.also)
        case Joint():
            yield from rule.steps
        case Carried():
            yield from (rule.steps, rule.carry)
        case Values() | Items() | LinkedParts():
            yield (*rule.list.holder, Name(rule.list.name))
        case Choice():
            for way in rule.alternatives:
                for single in way.rules:
                    yield from _paths(single)
        case Switch():
            for each in rule.cases:
                yield from (steps for steps, _ in each.guard.conditions)
                for inner in each.block.rules:
                    yield from _paths(inner)
        case _:
            return
