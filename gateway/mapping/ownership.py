"""Which rule owns which element: two owners are refused, and what describes an owned value is found.

Settling a block makes its rules know of each other: which list items belong to a sibling, whether a
concept's text is mapped, and what goes stale when a value changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations, pairwise
from typing import Any, Final, TypeAlias

from gateway.mapping.codecs import AnyReference, Codec, Concept, RecordReference
from gateway.mapping.paths import Each, First, Name, Select, Step, Steps, show
from gateway.mapping.problems import Problem
from gateway.mapping.rules import (
    Alternative,
    BackLinkedParts,
    Block,
    Carried,
    Choice,
    FhirList,
    Field,
    Fixed,
    Items,
    Joint,
    LinkedParts,
    Rule,
    Stale,
    Switch,
    SwitchCase,
    Values,
)
from gateway.mapping.scope import Scope
from gateway.mapping.values import MISSING, same

Leafy: TypeAlias = Field | Values

# What in the same object describes an element, and is no longer true when the element changes.
# Source: https://hl7.org/fhir/R4/references.html, datatypes.html#Coding, #Quantity, #Attachment
DESCRIBES: Final[Mapping[str, tuple[str, ...]]] = {
    "reference": ("display", "type", "identifier"),
    "code": ("display", "version", "userSelected", "unit"),
    "unit": ("code", "system"),
    "value": ("comparator",),
    "url": ("hash", "size"),
}
# Of these one holds at a time, wherever they stand: a period that is written ends a duration.
# Source: https://hl7.org/fhir/R4/datatypes.html#Timing (Timing.repeat.bounds[x])
_BOUNDS: Final = ("boundsPeriod", "boundsDuration", "boundsRange")


def settled(block: Block, scope: Scope) -> Block:
    """The block whose rules know of each other; two writers of one element are reported (M150)."""
    _check_owners(block, scope)
    writers = list(_writers(block))
    rules = tuple(_settled_rule(rule, block, writers) for rule in block.rules)
    always = tuple(replace(fixed, yields=_is_ruled(fixed, writers)) for fixed in block.always)
    return replace(block, rules=rules, always=always)


def stale_around(steps: Steps, block: Block) -> tuple[Stale, ...]:
    """What goes when the element at these steps of the block's object changes."""
    return _stale(steps, list(_writers(block)))


def _writers(block: Block) -> Iterator[tuple[Rule | Leafy, Steps]]:
    """Every rule that writes, with each path that it owns; alternatives and cases one by one."""
    for rule in block.rules:
        if isinstance(rule, Choice):
            for way in rule.alternatives:
                for inner in way.rules:
                    for steps in _owned(inner):
                        yield inner, steps
        elif isinstance(rule, Switch):
            for case in rule.cases:
                yield from case_writers(rule, case)
        else:
            for steps in _owned(rule):
                yield rule, steps


def case_writers(rule: Switch, case: SwitchCase) -> Iterator[tuple[Rule | Leafy, Steps]]:
    """What one case of a switch owns: the elements that its guard gives a value, and those of its rules."""
    for steps, value in case.guard.conditions:
        if value is not MISSING:
            yield rule, steps
    yield from _writers(case.block)


def _owned(rule: Rule | Leafy) -> Iterator[Steps]:
    match rule:
        case Field() if not rule.read_only:
            for steps in (rule.steps, *rule.also):
                yield _without_text(steps, rule.codec)
        case Values() if not rule.read_only:
            yield _without_text((*_list_steps(rule.list), *rule.item), rule.codec)
        case Joint() if not rule.read_only:
            yield from rule.steps
        case Carried() if not rule.read_only:
            yield rule.steps
            yield rule.carry
        case Items() if not rule.read_only:
            yield _list_steps(rule.list)
        case LinkedParts():
            yield _list_steps(rule.list)


def _list_steps(which: FhirList) -> Steps:
    return (*which.holder, Name(which.name), Each(which.pattern))


def _without_text(steps: Steps, codec: Codec) -> Steps:
    # A concept leaves its text to others, so what it owns is its codings.
    return (*steps, Name("coding")) if isinstance(codec, Concept) and not codec.with_text else steps


def _check_owners(block: Block, scope: Scope) -> None:
    owners: list[tuple[Rule, Rule | Leafy, Steps]] = []
    for rule in block.rules:
        single = Block((rule,))
        owners += [(rule, writer, steps) for writer, steps in _writers(single)]
    for (rule, one, a), (other, two, b) in combinations(owners, 2):
        if rule is not other and overlap(a, b) and not _share_by_type(one, two):
            origin = two.origin
            twin = f"the one on {one.origin.seen_from(origin)} ({show(a)})"
            text = f"{show(b)} is written by this rule and by {twin}; keep one of them"
            scope.problems.append(Problem(origin.file, origin.line, "M150", origin.rule, text))
    for ignored in block.ignored:
        twin_rule = next((writer for _, writer, steps in owners if steps == ignored.steps), None)
        if twin_rule is not None:
            twin = twin_rule.origin.seen_from(ignored.origin)
            text = f"{show(ignored.steps)} is ignored here and written by the rule on {twin}"
            origin = ignored.origin
            scope.problems.append(Problem(origin.file, origin.line, "M150", origin.rule, text))
    for _, writer, steps in owners:
        if any(name == Name("coding") and isinstance(step, First) for name, step in pairwise(steps)):
            text = "the order of codings means nothing; map the concept (as: concept) or select a system"
            origin = writer.origin
            scope.problems.append(Problem(origin.file, origin.line, "M108", origin.rule, text))


def overlap(a: Steps, b: Steps) -> bool:
    """Whether one of two paths may lead to, or through, the element at the end of the other."""
    return all(_meet(one, two) for one, two in zip(a, b, strict=False))


def _meet(a: Step, b: Step) -> bool:
    if isinstance(a, Name) or isinstance(b, Name):
        return a == b
    if isinstance(a, First) or isinstance(b, First):
        return True
    if isinstance(a, Each) != isinstance(b, Each):
        return False  # what a selector picks is hidden from the rule of the list
    return not contradict(a.pattern, b.pattern)


def contradict(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Whether no object can contain both patterns."""
    for name in a.keys() & b.keys():
        one, two = a[name], b[name]
        if isinstance(one, Mapping) and isinstance(two, Mapping):
            if contradict(one, two):
                return True
        elif not isinstance(one, list | Mapping) and not same(one, two):
            return True
    return False


def _share_by_type(a: Rule | Leafy, b: Rule | Leafy) -> bool:
    if not isinstance(a, Values) or not isinstance(b, Values):
        return False
    one, two = _types(a.codec), _types(b.codec)
    return bool(one and two) and one.isdisjoint(two)


def _types(codec: Codec) -> frozenset[str]:
    if isinstance(codec, RecordReference):
        return frozenset({codec.type})
    return codec.types if isinstance(codec, AnyReference) else frozenset()


def _settled_rule(rule: Rule, block: Block, writers: list[tuple[Rule | Leafy, Steps]]) -> Rule:
    match rule:
        case Field() | Values():
            leaf: Leafy = _settled_leaf(rule, block, writers)
            return leaf
        case Choice():
            ways = tuple(
                Alternative(tuple(_settled_leaf(inner, block, writers) for inner in way.rules), way.siblings)
                for way in rule.alternatives
            )
            return replace(rule, alternatives=ways)
        case Joint():
            return replace(rule, stale=tuple(_stale(steps, writers) for steps in rule.steps))
        case Carried():
            return replace(rule, stale=_stale(rule.steps, writers))
        case Switch():
            return replace(
                rule, cases=tuple(_settled_case(rule, case, block, writers) for case in rule.cases)
            )
        case Items() | LinkedParts():
            return replace(rule, list=_with_hidden(rule.list, block, writers))
        case BackLinkedParts():
            same_type = [
                other
                for other in block.rules
                if isinstance(other, BackLinkedParts) and other.type == rule.type
            ]
            guards = tuple(other.where for other in same_type if other is not rule)
            return replace(rule, others=guards, first=same_type[0] is rule)


def _settled_case(
    rule: Switch, case: SwitchCase, block: Block, writers: list[tuple[Rule | Leafy, Steps]]
) -> SwitchCase:
    """The case whose rules know of each other and of the block around, but not of the other cases."""
    others = [each for other in rule.cases for each in case_writers(rule, other)]
    seen = [each for each in writers if each not in others] + list(case_writers(rule, case))
    rules = tuple(_settled_rule(inner, block, seen) for inner in case.block.rules)
    stale = tuple(_stale(steps, seen) for steps, _ in case.guard.conditions)
    return replace(case, block=replace(case.block, rules=rules), stale=stale)


def _settled_leaf(rule: Leafy, block: Block, writers: list[tuple[Rule | Leafy, Steps]]) -> Any:
    if isinstance(rule, Field):
        stale = tuple(item for steps in (rule.steps, *rule.also) for item in _stale(steps, writers))
        codec = _knowing_text(rule.codec, rule.steps, writers)
        return replace(rule, codec=codec, stale=stale)
    base = _list_steps(rule.list)
    inside = [(other, steps[len(base) :]) for other, steps in writers if steps[: len(base)] == base]
    codec = _knowing_text(rule.codec, rule.item, inside)
    if isinstance(codec, RecordReference | AnyReference):
        shared = not rule.read_only and any(
            other is not rule and overlap(steps, base) for other, steps in writers
        )
        codec = replace(codec, typed_only=shared)
    return replace(
        rule, codec=codec, stale=_stale(rule.item, inside), list=_with_hidden(rule.list, block, writers)
    )


def _knowing_text(codec: Codec, steps: Steps, writers: list[tuple[Rule | Leafy, Steps]]) -> Codec:
    if not isinstance(codec, Concept) or codec.with_text:
        return codec
    mapped = any(other == (*steps, Name("text")) for _, other in writers)
    return replace(codec, text_is_mapped=mapped)


def _with_hidden(which: FhirList, block: Block, writers: list[tuple[Rule | Leafy, Steps]]) -> FhirList:
    hidden = [
        fixed.pattern for fixed in block.fixed if fixed.name == which.name and fixed.steps == which.holder
    ]
    base = (*which.holder, Name(which.name))
    for _, steps in writers:
        step = steps[len(base)] if len(steps) > len(base) and steps[: len(base)] == base else None
        if isinstance(step, Select) and not contradict(step.pattern, which.pattern):
            hidden.append(step.pattern)
    unique = [pattern for number, pattern in enumerate(hidden) if pattern not in hidden[:number]]
    return replace(which, hidden=tuple(unique))


def _stale(steps: Steps, writers: list[tuple[Rule | Leafy, Steps]]) -> tuple[Stale, ...]:
    others = _other_bounds(steps)
    last = steps[-1] if steps else None
    if not isinstance(last, Name) or last.name not in DESCRIBES:
        return others
    holder = steps[:-1]
    names = tuple(name for name in DESCRIBES[last.name] if not _is_mapped((*holder, Name(name)), writers))
    found = [Stale(holder, names)] if names else []
    if (
        last.name == "code"
        and len(holder) > 1
        and isinstance(holder[-1], Select)
        and holder[-2] == Name("coding")
    ):
        concept = holder[:-2]
        text = () if _is_mapped((*concept, Name("text")), writers) else ("text",)
        kept = tuple(
            step.pattern
            for _, other in writers
            for step in other[len(holder) - 1 : len(holder)]
            if other[: len(holder) - 1] == holder[:-1] and isinstance(step, Select)
        )
        found.append(Stale(concept, text, (("coding", kept),)))
    return (*found, *others)


def _other_bounds(steps: Steps) -> tuple[Stale, ...]:
    for count, step in enumerate(steps):
        if isinstance(step, Name) and step.name in _BOUNDS:
            return (Stale(steps[:count], tuple(name for name in _BOUNDS if name != step.name)),)
    return ()


def _is_ruled(fixed: Fixed, writers: list[tuple[Rule | Leafy, Steps]]) -> bool:
    return fixed.name is None and any(overlap(fixed.steps, steps) for _, steps in writers)


def _is_mapped(steps: Steps, writers: list[tuple[Rule | Leafy, Steps]]) -> bool:
    return any(other[: len(steps)] == steps for _, other in writers)
