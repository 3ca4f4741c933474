"""What a rule may touch: its elements, what described them, and nothing else.

Written apart from the engine on purpose: a fault in the engine's own path handling must not excuse itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gateway.mapping.codec_choice import value_x
from gateway.mapping.codecs import Concept
from gateway.mapping.paths import First, Name, Steps
from gateway.mapping.rules import (
    BackLinkedParts,
    Carried,
    Choice,
    Field,
    Items,
    Joint,
    LinkedParts,
    Rule,
    Stale,
    Switch,
    SwitchCase,
    Values,
)
from gateway.mapping.values import MISSING, contains, tidy


def outside(rule: Rule, node: Any) -> Any:
    """The FHIR object without everything that the rule may change, tidied, so that two can be compared."""
    return outside_of([rule], node)


def outside_of(rules: Iterable[Rule], node: Any) -> Any:
    """The same for several rules."""
    for rule in rules:
        if not getattr(rule, "read_only", False):
            for steps, stem in _footprint(rule):
                node = _cut(node, steps, stem)
    return tidy(node)


def without_narrative(node: Any) -> Any:
    """The resource without the narrative that a change regenerates."""
    return _cut(node, (Name("text"),), None)


def _footprint(rule: Rule) -> list[tuple[Steps, Any]]:
    match rule:
        case Field():
            own = [_element(rule, steps) for steps in (rule.steps, *rule.also)]
            return [*own, *_stale(rule.stale)]
        case Values() | Items() | LinkedParts():
            return [((*rule.list.holder, Name(rule.list.name)), None)]
        case Choice():
            found = [part for way in rule.alternatives for each in way.rules for part in _footprint(each)]
            stems = [(holder, stem) for way in rule.alternatives for holder, stem, _ in way.siblings]
            return [*found, *((holder, stem) for holder, stem in stems)]
        case Joint():
            own = [(steps, None) for steps in rule.steps]
            return [*own, *(part for stale in rule.stale for part in _stale(stale))]
        case Carried():
            return [(rule.steps, None), (rule.carry, None), *_stale(rule.stale)]
        case Switch():
            return [part for case in rule.cases for part in _footprint_of_case(case)]
        case BackLinkedParts():
            return []


def _footprint_of_case(case: SwitchCase) -> list[tuple[Steps, Any]]:
    guard = [(steps, None) for steps, value in case.guard.conditions if value is not MISSING]
    rules = [part for rule in case.block.rules for part in _footprint(rule)]
    return [*guard, *rules, *(part for stale in case.stale for part in _stale(stale))]


def _element(rule: Field, steps: Steps) -> tuple[Steps, Any]:
    if isinstance(rule.codec, Concept) and rule.codec.text_is_mapped:
        return (*steps, Name("coding")), None
    return steps, None


def _stale(stale: tuple[Stale, ...]) -> list[tuple[Steps, Any]]:
    return [
        ((*item.holder, Name(name)), None)
        for item in stale
        for name in (*item.names, *(listed for listed, _ in item.lists))
    ]


def _cut(node: Any, steps: Steps, stem: str | None) -> Any:
    """The node without the element at the steps; with a stem, without every value[x] of that stem there."""
    if not steps:
        if stem is None or not isinstance(node, dict):
            return None if stem is None else node
        return {
            name: child for name, child in node.items() if (value_x(name.lstrip("_")) or ("",))[0] != stem
        }
    step, rest = steps[0], steps[1:]
    if isinstance(step, Name):
        if not isinstance(node, dict) or step.name not in node:
            return _without_sibling(node, step.name) if not rest and stem is None else node
        left = {name: child for name, child in node.items() if name != step.name}
        inner = _cut(node[step.name], rest, stem) if rest or stem is not None else None
        if inner is None:
            return _without_sibling(left, step.name)
        return {**left, step.name: inner}
    if not isinstance(node, list | dict):
        return node
    items = []
    for index, item in enumerate(node if isinstance(node, list) else [node]):
        picked = index == 0 if isinstance(step, First) else contains(item, step.pattern)
        inner = _cut(item, rest, stem) if picked else item
        bare = picked and not isinstance(step, First) and tidy(inner) == tidy(dict(step.pattern))
        # What is gone leaves its place: the first of a list is to stay the first for the next rule.
        items.append(None if bare or tidy(inner) is None else inner)
    return items


def _without_sibling(node: Any, name: str) -> Any:
    return (
        {key: child for key, child in node.items() if key != f"_{name}"} if isinstance(node, dict) else node
    )
