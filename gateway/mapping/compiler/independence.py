"""Which rules of a block can touch one element, and so must be written together and in their order.

What a record says of all other elements being the same, their rules need not be asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

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
    Stale,
    Switch,
    Values,
)
from gateway.mapping.writing import is_value_x

Place: TypeAlias = tuple[str, ...]
"""Where a rule may write: the names up to the first list; whatever is in one list belongs together."""


def groups(block: Block) -> tuple[int | None, ...]:
    """The group of each rule by its number; None for a rule that never writes."""
    places = [set(_places(rule)) for rule in block.rules]
    leader = list(range(len(places)))

    def find(number: int) -> int:
        while leader[number] != number:
            number = leader[number]
        return number

    def join(one: int, other: int) -> None:
        leader[max(find(one), find(other))] = min(find(one), find(other))

    owners: dict[Place, int] = {}
    for number, held in enumerate(places):
        for place in held:
            join(number, owners.setdefault(place, number))
    for place, number in owners.items():
        for count in range(1, len(place)):
            if place[:count] in owners:
                join(number, owners[place[:count]])
    for number, rule in enumerate(block.rules):
        for holder, stem in _stems(rule):
            for place, owner in owners.items():
                inside = place[: len(holder)] == holder and len(place) > len(holder)
                if inside and is_value_x(place[len(holder)], stem):
                    join(number, owner)
    return tuple(find(number) if held else None for number, held in enumerate(places))


def _places(rule: Rule) -> Iterator[Place]:
    match rule:
        case Field():
            if not rule.read_only:
                yield from (_place(steps) for steps in (rule.steps, *rule.also))
                yield from _stale(rule.stale)
        case Values() | Items():
            if not rule.read_only:
                yield _place((*rule.list.holder, Name(rule.list.name)))
        case Choice():
            for way in rule.alternatives:
                for each in way.rules:
                    yield from _places(each)
                for holder, _, own in way.siblings:
                    yield _place((*holder, Name(own)))
        case Joint():
            if not rule.read_only:
                yield from (_place(steps) for steps in rule.steps)
                for stale in rule.stale:
                    yield from _stale(stale)
        case Carried():
            if not rule.read_only:
                yield from (_place(rule.steps), _place(rule.carry))
                yield from _stale(rule.stale)
        case Switch():
            for case in rule.cases:
                yield from (_place(steps) for steps, _ in case.guard.conditions)
                for stale in case.stale:
                    yield from _stale(stale)
                for inner in case.block.rules:
                    yield from _places(inner)
        case LinkedParts():
            yield _place((*rule.list.holder, Name(rule.list.name)))
            yield ("", rule.type)
        case BackLinkedParts():
            yield ("", rule.type)
            yield ("id",)


def _place(steps: Steps) -> Place:
    names: list[str] = []
    for step in steps:
        if not isinstance(step, Name):
            break
        names.append(step.name.removeprefix("_"))
    return tuple(names)


def _stale(stale: tuple[Stale, ...]) -> Iterator[Place]:
    for each in stale:
        for name in (*each.names, *(name for name, _ in each.lists)):
            yield _place((*each.holder, Name(name)))


def _stems(rule: Rule) -> Iterator[tuple[Place, str]]:
    """The objects in which a choice clears every type of a value[x], and its stem."""
    if isinstance(rule, Choice):
        for way in rule.alternatives:
            for holder, stem, _ in way.siblings:
                yield _place(holder), stem
    elif isinstance(rule, Switch):
        for case in rule.cases:
            for inner in case.block.rules:
                yield from _stems(inner)
