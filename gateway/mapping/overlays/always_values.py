"""Taking back what a partner's overlays write always: coming back, it is no word of the partner."""

from __future__ import annotations

from typing import Any

from gateway.fhir.json_codec import Resource
from gateway.mapping.alignment import align
from gateway.mapping.elements import locate, replace
from gateway.mapping.lens import Lens
from gateway.mapping.paths import Name
from gateway.mapping.read_context import Reading
from gateway.mapping.reading import items_of, read_back_links, read_items
from gateway.mapping.rules import BackLinkedParts, Block, Fixed, Items
from gateway.mapping.values import MISSING, contains, same
from gateway.mapping.write_fields import with_list
from gateway.mapping.write_lists import identity_by


def without_always(lens: Lens, resource: Resource, held: Resource) -> Resource:
    """The resource where each value that the map writes always is as `held` has it."""
    block = block_of(lens, resource)
    taken: Resource = resource if block is None else _taken(block, resource, held)
    return taken


def block_of(lens: Lens, resource: Resource) -> Block | None:
    """The rules for this resource: the map's own, or those of a part that it is; None when it is no part."""
    if resource["resourceType"] == lens.type:
        return lens.rules.root
    reading = Reading({resource["resourceType"]: [resource]})
    for rule in lens.rules.root.rules:
        if isinstance(rule, BackLinkedParts) and read_back_links(rule, MISSING, (), reading):
            return rule.block
    return None


def _taken(block: Block, node: Any, held: Any) -> Any:
    for fixed in block.always:
        node = _one_taken(fixed, node, held)
    for rule in block.rules:
        if isinstance(rule, Items) and rule.block.always:
            node = _in_items(rule, node, held)
    return node


def _one_taken(fixed: Fixed, node: Any, held: Any) -> Any:
    if fixed.name is None:
        found, _ = locate(node, fixed.steps)
        ours = locate(held, fixed.steps)[0] if held else MISSING
        return replace(node, fixed.steps, ours) if same(found, fixed.pattern) else node
    steps = (*fixed.steps, Name(fixed.name))
    items, ours = locate(node, steps)[0], locate(held, steps)[0]
    if not isinstance(items, list) or (
        isinstance(ours, list) and any(contains(item, fixed.pattern) for item in ours)
    ):
        return node
    left = [item for item in items if not same(item, fixed.pattern)]
    return node if len(left) == len(items) else replace(node, steps, left or MISSING)


def _in_items(rule: Items, node: Any, held: Any) -> Any:
    found, ours = (read_items(rule, each, (), Reading({})) for each in (node, held))
    matches = align(
        [each.view for each in ours],
        [each.view for each in found],
        identity=identity_by(rule.key),
        by_position=True,
    ).matches
    items, siblings, _ = items_of(rule.list, node, ())
    made = dict(enumerate(items))
    for each, match in zip(found, matches, strict=True):
        made[each.index] = _taken(rule.block, each.item, {} if match is None else ours[match].item)
    return with_list(node, rule.list, items, siblings, list(zip(made.values(), siblings, strict=True)))
