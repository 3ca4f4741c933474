"""Writing lists whose items live in resources of their own.

One gone from the list is unlinked, never deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.fhir.references import relative
from gateway.mapping.alignment import align, arrange
from gateway.mapping.elements import Location, replace
from gateway.mapping.narrative import narrated
from gateway.mapping.read_context import Found
from gateway.mapping.reading import (
    is_one_of,
    items_of,
    linked_id,
    part_with_id,
    read_back_links,
    read_links,
)
from gateway.mapping.rules import BackLinkedParts, Block, LinkedParts, copies_of
from gateway.mapping.values import MISSING, dig, same
from gateway.mapping.write_context import Writing, drop_stale
from gateway.mapping.write_fields import with_list
from gateway.mapping.write_lists import identity_by


def write_resource(block: Block, view: Mapping[str, Any], old: Any, at: Location, writing: Writing) -> Any:
    """The whole resource with the record's values; a new one when `old` is MISSING."""
    creating = old is MISSING
    base = {"resourceType": block.type} if creating else old
    new = writing.write_block(block, view, base, at, writing, creating=creating)
    return narrated(block, base, new, view)


def write_links(rule: LinkedParts, view: Mapping[str, Any], node: Any, at: Location, writing: Writing) -> Any:
    """The node with a link for each item of the record; the linked resources are written beside it."""
    items, siblings, place = items_of(rule.list, node, at)
    found = read_links(rule, node, at, writing.reading())
    copies_changed = writing.copies_changed(copies_of(rule.block))
    if not copies_changed and same([each.view for each in found], dig(view, rule.ours)):
        return node
    wanted = _wanted(rule, view, place, writing)
    if wanted is None:
        return node
    matches, unchanged = align(
        [each.view for each in found], wanted, identity=identity_by((("id",),)), by_position=False
    )
    wanted = _named(wanted, matches, found, writing)
    said = _said_elsewhere(found, wanted, matches)
    entries: list[tuple[Any, Any]] = []
    for is_old, number in arrange(len(items), [each.index for each in found], matches):
        match = None if is_old else matches[number]
        if is_old:
            # A second link to what went or moved, or a dangling one to what is new, would be read instead.
            if linked_id(rule, items[number]) not in said:
                entries.append((items[number], siblings[number]))
            continue
        if match is None or copies_changed or number not in unchanged:
            _write_part(rule.block, rule.type, wanted[number], writing)
        if match is not None:
            entries.append((items[found[match].index], siblings[found[match].index]))
        else:
            entries.append((replace(MISSING, rule.item, relative(rule.type, wanted[number]["id"])), None))
    return with_list(node, rule.list, items, siblings, entries)


def _said_elsewhere(
    found: list[Found], wanted: list[dict[str, Any]], matches: list[int | None]
) -> set[str | None]:
    """The ids of parts that are linked anew; when links go or move, of all that have one."""
    new = {item["id"] for item, match in zip(wanted, matches, strict=True) if match is None}
    stay = [match for match in matches if match is not None] == list(range(len(found)))
    return new if stay else new | {each.item.get("id") for each in found}


def _write_part(block: Block, type_name: str, view: Mapping[str, Any], writing: Writing) -> None:
    parts = writing.parts.setdefault(type_name, [])
    number, old = part_with_id(writing.parts, type_name, view["id"])
    if old is None:
        parts.append(write_resource(block, view, MISSING, (type_name, len(parts)), writing))
    else:
        parts[number] = write_resource(block, view, old, (type_name, number), writing)


def write_back_links(
    rule: BackLinkedParts, view: Mapping[str, Any], node: Any, at: Location, writing: Writing
) -> Any:
    """The node itself; the resources that link back to it are written, in the record's order."""
    found = read_back_links(rule, node, at, writing.reading())
    copies_changed = writing.copies_changed(copies_of(rule.block))
    if not copies_changed and same([each.view for each in found], dig(view, rule.ours)):
        return node
    wanted = _wanted(rule, view, (*at, rule.type), writing)
    if wanted is None:
        return node
    if wanted and node is not MISSING and not node.get("id"):
        node = {**node, "id": writing.new_id()}
    matches, unchanged = align(
        [each.view for each in found], wanted, identity=identity_by(rule.key), by_position=False
    )
    if node is MISSING and len({match for match in matches if match is not None}) < len(found):
        reason = f"a {rule.type} cannot be taken off the list of a resource that is not at hand"
        writing.refuse((rule.type, 0), rule.origin, reason)
        return node
    wanted = _named(wanted, matches, found, writing)
    made: list[Any] = []
    for number, match in enumerate(matches):
        if match is not None and not copies_changed and number in unchanged:
            made.append(found[match].item)
            continue
        old = MISSING if match is None else found[match].item
        if match is None and part_with_id(writing.parts, rule.type, wanted[number]["id"])[1] is not None:
            writing.refuse(
                (rule.type, number), rule.origin, f"a {rule.type} of this id is not one of this list"
            )
            return node
        part = write_resource(rule.block, wanted[number], old, (rule.type, number), writing)
        if match is None and node is not MISSING:
            part = replace(part, rule.by, relative(node["resourceType"], node["id"]))
        if not is_one_of(rule, part, node):
            writing.refuse(
                (rule.type, number), rule.origin, "the record's item lacks what makes it one of this list"
            )
            return node
        made.append(part)
    _keep_parts(rule, found, matches, made, writing)
    return node


def _keep_parts(
    rule: BackLinkedParts, found: list[Any], matches: list[int | None], made: list[Any], writing: Writing
) -> None:
    parts = list(writing.parts.get(rule.type, []))
    living = sorted({match for match in matches if match is not None})
    for number, each in enumerate(found):
        if number not in living:
            unlinked = replace(each.item, rule.by, MISSING)
            parts[each.index] = drop_stale(
                unlinked, rule.stale, (rule.type, each.index), rule.origin, writing
            )
    places = [found[number].index for number in living]
    renumbered = [None if match is None else living.index(match) for match in matches]
    arranged = arrange(len(parts), places, renumbered)
    if arranged or rule.type in writing.parts:
        writing.parts[rule.type] = [parts[number] if is_old else made[number] for is_old, number in arranged]


def _wanted(
    rule: LinkedParts | BackLinkedParts, view: Mapping[str, Any], at: Location, writing: Writing
) -> list[dict[str, Any]] | None:
    wanted = dig(view, rule.ours) or []
    if not isinstance(wanted, list) or not all(isinstance(item, dict) for item in wanted):
        writing.refuse(at, rule.origin, "the record's value is no list of objects")
        return None
    ids = [item["id"] for item in wanted if isinstance(item.get("id"), str)]
    if len(set(ids)) < len(ids):
        writing.refuse(at, rule.origin, "the record holds two items with the same id")
        return None
    return wanted


def _named(
    wanted: list[dict[str, Any]], matches: list[int | None], found: list[Found], writing: Writing
) -> list[dict[str, Any]]:
    """The items, each with an id: its own, else that of the part it continues (if any), else a new one."""
    named = []
    for item, match in zip(wanted, matches, strict=True):
        if isinstance(item.get("id"), str):
            named.append(item)
        elif match is None:
            named.append({**item, "id": writing.new_id()})
        else:
            known = found[match].view.get("id")
            named.append({**item, "id": known} if known is not None else item)
    return named
