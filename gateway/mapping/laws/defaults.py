"""What a map's own values put where the record says nothing: `fixed` when created, what is always written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.mapping.elements import Location, replace
from gateway.mapping.laws.edits import Record
from gateway.mapping.laws.spots import Sight, blocks
from gateway.mapping.laws.walking import standing
from gateway.mapping.paths import Name
from gateway.mapping.read_context import Reading
from gateway.mapping.reading import read_block
from gateway.mapping.rules import BackLinkedParts, Block, Field, Fixed, Items, LinkedParts, Origin, fields_of
from gateway.mapping.values import contains, dig, is_hollow, plant, same, tidy
from gateway.mapping.write_context import Writing
from gateway.mapping.writing import write_block


def without_defaults(block: Block, got: Record, record: Record, *, created: bool) -> Record:
    """What was read, without what only the values of its block put there, where the record says nothing."""
    defaults = _defaults(block, created=created)
    shown: Record = {}
    for rule in block.rules:
        for ours in fields_of(rule):
            value, wanted = dig(got, ours), dig(record, ours)
            if is_hollow(value) or (is_hollow(wanted) and same(value, dig(defaults, ours))):
                continue
            nested = isinstance(rule, Items | LinkedParts | BackLinkedParts) and isinstance(wanted, list)
            if nested and isinstance(value, list) and len(value) == len(wanted):
                assert isinstance(rule, Items | LinkedParts | BackLinkedParts)
                pairs = zip(value, wanted, strict=True)
                value = [without_defaults(rule.block, one, two, created=created) for one, two in pairs]
            if not (isinstance(rule, Field) and rule.copied):
                plant(shown, ours, value)
    return tidy(shown) or {}


def unfixed(root: Block, sight: Sight) -> Iterator[tuple[Origin, Location]]:
    """The objects that were created without a value that is fixed in them."""
    for path, block in blocks(root):
        for place in sight.places(path) if block.fixed else ():
            for fixed in block.fixed:
                if not _is_there(fixed, place.node):
                    yield fixed.origin, place.at


def _is_there(fixed: Fixed, node: Any) -> bool:
    """Whether the pattern is an item of its list; of a single element, whether anything stands there."""
    if fixed.name is None:
        return not is_hollow(standing(node, fixed.steps))
    items = standing(node, (*fixed.steps, Name(fixed.name)))
    return any(contains(item, fixed.pattern) for item in (items if isinstance(items, list) else [items]))


def _defaults(block: Block, *, created: bool) -> Record:
    always = [fixed for fixed in block.always if fixed.yields and fixed.name is None]
    if not always and not (created and block.fixed):
        return {}
    node = {"resourceType": block.type} if block.type else {}
    if created:
        writing = Writing({}, write_block, lambda: "1", {}, {})
        node = write_block(block, {}, node, (), writing, creating=True)
    for fixed in always:
        if standing(node, fixed.steps) is None:
            node = replace(node, fixed.steps, fixed.pattern)
    return read_block(block, node, (), Reading({}))
