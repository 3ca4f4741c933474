"""Values that a map writes always, on create and on put: what a partner wants to find in every case.

They are written after everything else, so rules and laws know nothing of them: GetPut holds outside the
elements that they touch.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from gateway.fhir.json_codec import Resource
from gateway.mapping.elements import Location, WrongShape, locate, replace
from gateway.mapping.paths import Name, Select
from gateway.mapping.read_context import Found, Reading
from gateway.mapping.reading import items_of, present_case, read_back_links, read_items, read_links
from gateway.mapping.rules import BackLinkedParts, Block, Fixed, Items, LinkedParts, Rule, Switch, walk
from gateway.mapping.values import MISSING, contains, is_hollow
from gateway.mapping.write_fields import with_list


def has_always(block: Block) -> bool:
    """Whether anything in the block, or in the blocks inside it, is written always."""
    blocks = (
        rule.block for _, rule in walk(block) if isinstance(rule, Items | LinkedParts | BackLinkedParts)
    )
    return bool(block.always) or any(inner.always for inner in blocks)


def with_always(block: Block, node: Any, at: Location, parts: dict[str, list[Resource]]) -> Any:
    """The object with the values that are written always, also inside its items; those that live in
    resources of their own are replaced in `parts`. MISSING stays MISSING.
    """
    for rule in block.rules:
        node = _below(rule, node, at, parts)
    if node is MISSING:
        return node
    for fixed in block.always:
        # What stands there in another shape is a partner's own: it is not overwritten.
        with suppress(WrongShape):
            node = _written(fixed, node)
    return node


def _below(rule: Rule, node: Any, at: Location, parts: dict[str, list[Resource]]) -> Any:
    match rule:
        case Items() if node is not MISSING and has_always(rule.block):
            return _in_items(rule, node, at, parts)
        case Switch() if node is not MISSING:
            case = present_case(rule, node)
            return node if case is None else with_always(case.block, node, at, parts)
        case LinkedParts() if node is not MISSING and has_always(rule.block):
            _in_parts(rule, read_links(rule, node, at, Reading(parts)), parts)
        case BackLinkedParts() if has_always(rule.block):
            _in_parts(rule, read_back_links(rule, node, at, Reading(parts)), parts)
    return node


def _in_parts(
    rule: LinkedParts | BackLinkedParts, found: list[Found], parts: dict[str, list[Resource]]
) -> None:
    shown = {id(each.item) for each in found}
    parts[rule.type] = [
        with_always(rule.block, part, (rule.type, number), parts) if id(part) in shown else part
        for number, part in enumerate(parts.get(rule.type, []))
    ]


def _in_items(rule: Items, node: Any, at: Location, parts: dict[str, list[Resource]]) -> Any:
    items, siblings, place = items_of(rule.list, node, at)
    ours = {each.index for each in read_items(rule, node, at, Reading(parts))}
    entries = [
        (with_always(rule.block, item, (*place, index), parts) if index in ours else item, siblings[index])
        for index, item in enumerate(items)
    ]
    return with_list(node, rule.list, items, siblings, entries)


def _written(fixed: Fixed, node: Any) -> Any:
    if fixed.name is not None:
        steps = (*fixed.steps, Name(fixed.name))
        items, _ = locate(node, steps)
        held = items if isinstance(items, list) else [] if is_hollow(items) else [items]
        is_there = any(contains(item, fixed.pattern) for item in held)
        return node if is_there else replace(node, steps, [*held, fixed.pattern])
    if _is_inside_nothing(fixed, node):
        return node
    found, _ = locate(node, fixed.steps)
    keeps = not is_hollow(found) and (fixed.yields or contains(found, fixed.pattern))
    return node if keeps else replace(node, fixed.steps, fixed.pattern)


def _is_inside_nothing(fixed: Fixed, node: Any) -> bool:
    """Whether it belongs into an item that a selector picks, and there is none."""
    picked = [count for count, step in enumerate(fixed.steps, start=1) if isinstance(step, Select)]
    return any(locate(node, fixed.steps[:count])[0] is MISSING for count in picked)
