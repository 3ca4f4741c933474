"""Where two maps of one record differ: which record fields one of them lacks, or keeps in another place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

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
    Ours,
    Rule,
    Switch,
    Values,
    fields_of,
)


@dataclass(frozen=True, slots=True)
class InList:
    """A list whose items differ: the field, the keys of its items, and how the items do."""

    ours: Ours
    key: tuple[Ours, ...]
    items: Differences


@dataclass(frozen=True, slots=True)
class Differences:
    """What the second map says otherwise than the first.

    dropped   fields that only the first maps
    changed   fields that both map, in different places or words, and those that only the second maps
    lists     lists of which only the items differ
    """

    dropped: tuple[Ours, ...] = ()
    changed: tuple[Ours, ...] = ()
    lists: tuple[InList, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.dropped or self.changed or self.lists)


def differences(first: Block, second: Block) -> Differences:
    """What the rules of the second block say otherwise."""
    dropped: list[Ours] = []
    changed: list[Ours] = []
    lists: list[InList] = []
    others = {ours: rule for rule in second.rules for ours in fields_of(rule)}
    mine = {ours: rule for rule in first.rules for ours in fields_of(rule)}
    for ours, rule in mine.items():
        other = others.get(ours)
        if other is None:
            dropped.append(ours)
        elif inner := _in_items(rule, other):
            lists += [inner] if inner.items else []
        elif _bare(rule) != _bare(other):
            changed.append(ours)
    changed += [ours for ours in others if ours not in mine]
    return Differences(tuple(dropped), tuple(changed), tuple(lists))


def left_out(first: Block, second: Block) -> frozenset[str]:
    """The elements of an object that only the first block writes: the second map leaves them be."""
    return frozenset(_elements(first) - _elements(second) - {"extension", "modifierExtension"})


def _elements(block: Block) -> set[str]:
    places = (
        steps for rule in block.rules if not getattr(rule, "read_only", False) for steps in _places(rule)
    )
    return {steps[0].name for steps in places if isinstance(steps[0], Name)}


def _places(rule: Rule) -> Iterator[Steps]:
    match rule:
        case Choice():
            for way in rule.alternatives:
                for inner in way.rules:
                    yield from _places(inner)
        case Switch():
            for case in rule.cases:
                yield from (steps for steps, _ in case.guard.conditions)
                for each in case.block.rules:
                    yield from _places(each)
        case Joint():
            yield from rule.steps
        case Carried():
            yield from (rule.steps, rule.carry)
        case Field():
            yield from (rule.steps, *rule.also)
        case Values() | Items() | LinkedParts():
            yield (*rule.list.holder, Name(rule.list.name))
        case BackLinkedParts():
            return


def _in_items(rule: Rule, other: Rule) -> InList | None:
    """How the items of a list differ, when both rules walk the same list; None when they do not."""
    if not isinstance(rule, Items | BackLinkedParts) or type(rule) is not type(other):
        return None
    assert isinstance(other, Items | BackLinkedParts), "both are of one type"
    empty = Block(())
    if _bare(replace(rule, block=empty)) != _bare(replace(other, block=empty)):
        return None
    return InList(rule.ours, rule.key, differences(rule.block, other.block))


def _bare(rule: Any) -> Any:
    """The rule without what its neighbours make of it."""
    if isinstance(rule, Choice):
        ways = tuple(replace(way, rules=tuple(map(_bare, way.rules))) for way in rule.alternatives)
        return replace(rule, alternatives=ways)
    if isinstance(rule, Items | Values):
        rule = replace(rule, list=replace(rule.list, hidden=()))
    return replace(rule, stale=()) if hasattr(rule, "stale") else rule
