"""What an overlay writes always: the laws hold outside of it, and on sources that have it already.

`settled` brings a source there by putting its own record back; nothing but those elements may change by that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.mapping.elements import Location
from gateway.mapping.laws.broken import Broken, Law
from gateway.mapping.laws.differences import resource_differences
from gateway.mapping.lens import Lens
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
    """The `id` of each rule that maps an element which is written always."""
    found: set[int] = set()
    for block in _blocks(root):
        always = [_always_names(block, number) for number in range(len(block.always))]
        for rule in block.rules:
            paths = [_names(steps) for steps in _paths(rule)]
            if any(_meet(one, two) for one in always for two in paths):
                found.add(id(rule))
    return frozenset(found)


def settled(lens: Lens, source: dict[str, Any]) -> dict[str, Any]:
    """The source with what is written always in it. Raises Broken when anything else changed."""
    if not lens.rules.writes_always:
        return source
    record = lens.get(source).record
    after = lens.put(record, source).resources
    always = [_always_names(b, n) for b in _blocks(lens.rules.root) for n in range(len(b.always))]
    for where in resource_differences(source, after):
        names = tuple(step for step in where[1:] if isinstance(step, str))
        inside = any(_meet(names[start:], path) for path in always for start in range(len(names)))
        if not inside and not _is_narrative(where):
            why = "an element that is not written always changed"
            raise Broken(Law.GET_PUT, why, record, source, after, at=where)
    return after


def _is_narrative(where: Location) -> bool:
    return len(where) > 2 and where[2] == "text"


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
