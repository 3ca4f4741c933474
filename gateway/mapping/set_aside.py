"""Leaves that a map accounts for otherwise: fixed values, what it ignores, and what rides along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.mapping.elements import Location, locate
from gateway.mapping.paths import Each, First, Name, Select, Step, Steps
from gateway.mapping.rules import Carried, Fixed, Ignored
from gateway.mapping.unread import Instance
from gateway.mapping.values import MISSING, contains


def fixed_leaves(fixed: Fixed, node: Any, at: Location) -> Iterator[Location]:
    """The leaves of an object that one of its block's fixed values demands, where it is as demanded."""
    steps = fixed.steps if fixed.name is None else (*fixed.steps, Name(fixed.name))
    found, place = locate(node, steps, at)
    if found is MISSING:
        return
    if fixed.name is None:
        if contains(found, fixed.pattern):
            yield from _demanded(fixed.pattern, found, place)
        return
    for index, item in enumerate(found if isinstance(found, list) else []):
        if contains(item, fixed.pattern):
            yield from _demanded(fixed.pattern, item, (*place, index))


def _demanded(pattern: Any, value: Any, at: Location) -> Iterator[Location]:
    if isinstance(pattern, Mapping):
        for name, inner in pattern.items():
            yield from _demanded(inner, value[name], (*at, name))
    elif isinstance(pattern, list | tuple):
        for inner in pattern:
            for index, item in enumerate(value):
                if contains(item, inner):
                    yield from _demanded(inner, item, (*at, index))
    else:
        yield at


def ignored_by(around: list[Instance], at: Location) -> Ignored | None:
    """The rule that leaves this place unread on purpose; `around`: the objects it stands in."""
    for instance in reversed(around):
        for ignored in instance.block.ignored:
            if _is_below(ignored.steps, instance.node, at[len(instance.at) :]):
                return ignored
    return None


def _is_below(steps: Steps, node: Any, rest: Location) -> bool:
    """Whether a place is the one at the steps or inside it; a name stands for every item of a list."""
    if not steps:
        return True
    if not rest:
        return False
    step, here = steps[0], rest[0]
    if isinstance(step, Name):
        if isinstance(here, int):
            return _is_below(steps, node[here], rest[1:])
        return here.removeprefix("_") == step.name and _is_below(steps[1:], node[here], rest[1:])
    if isinstance(here, str):
        return _is_below(steps[1:], node, rest)
    return _takes(step, here, node) and _is_below(steps[1:], node[here], rest[1:])


def _takes(step: Step, index: int, items: list[Any]) -> bool:
    match step:
        case First():
            return index == 0
        case Each(pattern) | Select(pattern):
            return contains(items[index], pattern)
        case _:
            return False


def rides_along(rule: Carried, around: list[Instance], at: Location) -> bool:
    """Whether a place that the rule read holds the exact word, and not the code that everybody sees."""
    for instance in reversed(around):
        if any(each is rule for each in instance.block.rules):
            _, holder = locate(instance.node, rule.carry[:-1], instance.at)
            _, visible = locate(instance.node, rule.steps[:-1], instance.at)
            return at[: len(holder)] == holder and (holder != visible or at[-1] != _last(rule.steps))
    return False


def _last(steps: Steps) -> str:
    return steps[-1].name if isinstance(steps[-1], Name) else ""
