"""What a rule may touch: its elements, what described them, and nothing else.

Written apart from the engine on purpose: a fault in the engine's own path handling must not excuse itself.
"""

from __future__ import annotations

from typing import Any, Final

from gateway.mapping.codec_choice import value_x
from gateway.mapping.codecs import CodingCodec, Concept, TranslatedConcept
from gateway.mapping.paths import First, Name, Steps
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
    SwitchCase,
    Values,
    walk,
)
from gateway.mapping.values import MISSING, contains, same, tidy


def outside(rule: Rule, node: Any) -> Any:
    """The FHIR object without everything that the rule may change, tidied, so that two can be compared."""
    for steps, stop in _footprint(rule):
        node = _cut(node, steps, stop)
    return tidy(_cut(node, (Name("text"),), None))


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
    if not isinstance(node, list):
        return node
    items = []
    for index, item in enumerate(node):
        picked = index == 0 if isinstance(step, First) else contains(item, step.pattern)
        inner = _cut(item, rest, stem) if picked else item
        bare = picked and not isinstance(step, First) and tidy(inner) == tidy(dict(step.pattern))
        if tidy(inner) is not None and not bare:
            items.append(inner)
    return items


def _without_sibling(node: Any, name: str) -> Any:
    return (
        {key: child for key, child in node.items() if key != f"_{name}"} if isinstance(node, dict) else node
    )


def foreign_items(items: list[Any], readable: set[int]) -> list[Any]:
    """The items that the rule does not read, in order."""
    return [item for index, item in enumerate(items) if index not in readable]


# Told here once more, on purpose: see above.
_DESCRIBED_BY: Final = {
    "reference": ("display", "type", "identifier"),
    "code": ("display", "version", "userSelected"),
}


def outlived(rule: Field, block: Block, old: Any, new: Any) -> list[str]:
    """What described the old value of a field and still stands beside the new one, though no rule maps it."""
    was, now = _at(old, rule.steps), _at(new, rule.steps)
    before, after = (None if raw is None else rule.codec.read(raw) for raw in (was, now))
    if before is None or after is None or same(before, after):
        return []
    if isinstance(rule.codec, Concept):
        return _outlived_in_concept(rule, before, after, now)
    if isinstance(rule.codec, CodingCodec):
        return []
    last, holder = rule.steps[-1], _at(new, rule.steps[:-1])
    if not isinstance(last, Name) or not isinstance(holder, dict):
        return []
    mapped = [each.steps for _, each in walk(block) if isinstance(each, Field) and not each.read_only]
    names = [
        name for name in _DESCRIBED_BY.get(last.name, ()) if (*rule.steps[:-1], Name(name)) not in mapped
    ]
    return [name for name in (*names, f"_{last.name}") if name in holder]


def _outlived_in_concept(rule: Field, before: Any, after: Any, now: Any) -> list[str]:
    if same(before.get("code"), after.get("code")) and same(before.get("system"), after.get("system")):
        return []
    assert isinstance(rule.codec, Concept)
    riding = rule.codec.table.ours if isinstance(rule.codec, TranslatedConcept) else None
    told = [each for each in now.get("coding", []) if riding is None or each.get("system") != riding]
    left = ["coding"] if len(told) > 1 else []
    extra = {"version", "userSelected"} & set((now.get("coding") or [{}])[0])
    is_text_only = riding is not None and not told  # then the text is the value itself
    if "text" in now and not (rule.codec.with_text or rule.codec.text_is_mapped or is_text_only):
        left.append("text")
    return [*left, *sorted(extra)]


def _at(node: Any, steps: Steps) -> Any:
    for step in steps:
        if isinstance(step, Name):
            node = node.get(step.name) if isinstance(node, dict) else None
        elif isinstance(node, list):
            picked = node[:1] if isinstance(step, First) else [i for i in node if contains(i, step.pattern)]
            node = picked[0] if picked else None
        else:
            return None
    return node
