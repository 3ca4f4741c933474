"""Why no rule read an element: said from the rules around it, never guessed from names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from gateway.mapping.elements import Location, locate
from gateway.mapping.guards import holds, is_ours
from gateway.mapping.paths import Each, First, Name, Select, Step, Steps, show
from gateway.mapping.reading import items_of, present_case
from gateway.mapping.rules import (
    BackLinkedParts,
    Block,
    Carried,
    Choice,
    FhirList,
    Field,
    Items,
    Joint,
    LinkedParts,
    Origin,
    Rule,
    Switch,
    Values,
)
from gateway.mapping.values import MISSING, contains, same

NO_RULE = "no rule reads it"
NO_RULE_INSIDE = "no rule reads this part of it"


@dataclass(frozen=True, slots=True)
class Instance:
    """A FHIR object of a resource, and the block of rules that stands for it."""

    block: Block
    at: Location
    node: Any


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an element was not read. `depth`: how far a rule's path agreed; the longest knows best.

    says_the_same   the rule read the same value from another element, and writes both
    """

    why: str
    origin: Origin | None = None
    depth: int = 0
    says_the_same: bool = False


Parts: TypeAlias = Callable[[LinkedParts | BackLinkedParts], Iterable[tuple[Location, Any]]]
"""The resources that a list of parts showed, with their places."""


def instances(block: Block, node: Any, at: Location, parts: Parts) -> Iterator[Instance]:
    """The object of a block and every object inside it that a block stands for, outermost first."""
    yield Instance(block, at, node)
    for rule in block.rules:
        if isinstance(rule, Items):
            items, _, place = items_of(rule.list, node, at)
            for index, item in enumerate(items):
                if isinstance(item, dict) and is_ours(rule.list, item):
                    yield from instances(rule.block, item, (*place, index), parts)
        elif isinstance(rule, Switch):
            case = present_case(rule, node)
            if case is not None:
                yield from instances(case.block, node, at, parts)
        elif isinstance(rule, LinkedParts | BackLinkedParts):
            for there, part in parts(rule):
                yield from instances(rule.block, part, there, parts)


def reason(around: list[Instance], at: Location, resource: Any, known_urls: frozenset[str]) -> Reason:
    """Why the leaf at this place was not read; `around`: the objects it stands in, innermost last."""
    found = [each for instance in reversed(around) for each in _touches(instance, at)]
    best = max(found, key=lambda each: (each.says_the_same, each.depth), default=None)
    return best or Reason(_by_kind(resource, at, known_urls))


def _by_kind(resource: Any, at: Location, known_urls: frozenset[str]) -> str:
    first = at[2] if len(at) > 2 else ""
    if first == "text":
        return "narrative is text for people"
    if first == "contained":
        return "contained resources stay as they are"
    node, before = resource, ""
    for step in at[2:]:
        if isinstance(step, int) and not isinstance(node, list):
            continue
        node = node[step]
        is_extension = before in ("extension", "modifierExtension") and isinstance(node, dict)
        if is_extension and node.get("url") not in known_urls:
            return "no rule of this map names the extension"
        before = step if isinstance(step, str) else before
    return NO_RULE


def _touches(instance: Instance, at: Location) -> Iterator[Reason]:
    rest = at[len(instance.at) :]
    base = len(instance.at)
    for rule in instance.block.rules:
        for each in _touch(rule, instance, rest):
            yield Reason(each.why, each.origin, base + each.depth, each.says_the_same)


def _touch(rule: Rule, instance: Instance, rest: Location) -> Iterator[Reason]:
    match rule:
        case Field() if not rule.copied:
            yield from _touch_field(rule, instance, rest)
        case Values() | Items() | LinkedParts():
            yield from _touch_list(rule, instance, rest)
        case Choice():
            for way in rule.alternatives:
                for inner in way.rules:
                    for each in _touch(inner, instance, rest):
                        why = f"another form of {rule.name!r} holds the value"
                        whole = each.why == NO_RULE_INSIDE
                        yield Reason(each.why if whole else why, inner.origin, each.depth)
        case Joint():
            for steps in rule.steps:
                yield from _touch_path(steps, rule.origin, instance, rest)
        case Carried():
            for steps in (rule.steps, rule.carry):
                yield from _touch_path(steps, rule.origin, instance, rest)
        case Switch():
            for case in rule.cases:
                for ruled in case.block.rules:
                    for each in _touch(ruled, instance, rest):
                        why = f"it belongs to another kind of {'.'.join(rule.ours)!r}"
                        yield Reason(why, each.origin, each.depth - 1)
        case _:
            return


def _touch_path(steps: Steps, origin: Origin, instance: Instance, rest: Location) -> Iterator[Reason]:
    depth, why = _along(steps, instance.node, rest)
    if why is not None:
        yield Reason(why, origin, depth)


def _touch_field(rule: Field, instance: Instance, rest: Location) -> Iterator[Reason]:
    for steps in (rule.steps, *rule.also):
        depth, why = _along(steps, instance.node, rest)
        if why is not None:
            yield Reason(why, rule.origin, depth, steps != rule.steps and _agrees(rule, steps, instance.node))


def _agrees(rule: Field, steps: Steps, node: Any) -> bool:
    """Whether the element at these further steps says what the field's first element says."""
    return any(
        steps != other
        and same(rule.codec.read(locate(node, steps)[0]), rule.codec.read(locate(node, other)[0]))
        for other in (rule.steps, *rule.also)
        if locate(node, other)[0] is not MISSING
    )


def _along(steps: Steps, node: Any, rest: Location) -> tuple[int, str | None]:
    """How far a rule's path agrees with a place, and why it does not end there; None: it is elsewhere."""
    for depth, step in enumerate(steps):
        if depth == len(rest):
            return depth, "it has not the shape that the rule expects"
        here = rest[depth]
        if isinstance(step, Name):
            if here == f"_{step.name}":
                return depth, "what stands beside the value in `_…` is kept with it"
            if here != step.name:
                picked = depth > 0 and isinstance(steps[depth - 1], Select)
                return depth, "the rule that picks this item reads no more of it" if picked else None
        else:
            where, place = locate(node, steps[: depth + 1])
            if isinstance(here, str):
                return depth, "a list belongs here, and this is a single object"
            if where is MISSING or place[-1] != here:
                return depth, _other_item(step, steps[: depth + 1])
    return len(steps), NO_RULE_INSIDE


def _other_item(step: Step, steps: Steps) -> str | None:
    if isinstance(step, First):
        return f"only the first item is mapped ({show(steps)})"
    # Another extension is no other item of the same thing: it has a rule of its own, or none.
    if not isinstance(step, Select) or "url" in step.pattern:
        return None
    return f"it is not the item that the rule picks ({show(steps)})"


def _touch_list(rule: Values | Items | LinkedParts, instance: Instance, rest: Location) -> Iterator[Reason]:
    which = rule.list
    if "url" in which.pattern and not _names(which, instance.node, rest):
        return
    depth, why = _along((*which.holder, Name(which.name)), instance.node, rest)
    if why is None:
        return
    if why != NO_RULE_INSIDE:
        yield Reason(why, rule.origin, depth)
        return
    items, _, _ = items_of(which, instance.node, instance.at)
    index = rest[depth] if depth < len(rest) else 0
    item = items[index] if isinstance(index, int) and index < len(items) else items[0] if items else None
    not_ours = None if item is None else _not_ours(which, item)
    if not_ours is not None:
        yield Reason(not_ours, rule.origin, depth + 1)
    elif isinstance(rule, Values) and rule.one:
        yield Reason("the record shows one item of this list, another one", rule.origin, depth + 1)
    else:
        yield Reason(NO_RULE_INSIDE, rule.origin, depth + 1)


def _names(which: FhirList, node: Any, rest: Location) -> bool:
    """Whether the place stands in one of the extensions that the rule's list is about."""
    depth = len(which.holder) + 2
    items, _, _ = items_of(which, node, ())
    index = rest[depth - 1] if len(rest) >= depth else None
    return isinstance(index, int) and index < len(items) and contains(items[index], which.pattern)


def _not_ours(which: FhirList, item: Any) -> str | None:
    if is_ours(which, item):
        return None
    if which.pattern and not contains(item, which.pattern):
        picked = show((Name(which.name), Each(which.pattern)))
        return f"the item is not one that the rule picks ({picked})"
    if not holds(which.where, item):
        paths = ", ".join(show(steps) for steps, _ in which.where.conditions)
        return f"the item is not ours: 'where' asks for {paths or 'something else'}"
    return "the item belongs to another rule or to a fixed value, which reads no more of it"
