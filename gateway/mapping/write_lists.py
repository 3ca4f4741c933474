"""Writing lists of objects: each item keeps what the record does not know of it, wherever it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gateway.mapping.alignment import align, arrange
from gateway.mapping.elements import Location, loses_first
from gateway.mapping.guards import is_ours
from gateway.mapping.read_context import Found
from gateway.mapping.reading import items_of, read_inner, read_items
from gateway.mapping.rules import Items, Ours
from gateway.mapping.values import dig
from gateway.mapping.write_context import Writing
from gateway.mapping.write_fields import FIRST_OF_SEVERAL, with_list


def write_items(
    rule: Items,
    view: Mapping[str, Any],
    node: Any,
    at: Location,
    writing: Writing,
    known: Sequence[Any] | None = None,
) -> Any:
    """The node with the record's items; those that the rule does not read stay where they are.

    known   what the rule reads there, for whoever has just read it
    """
    if rule.read_only:
        return node
    items, siblings, place = items_of(rule.list, node, at)
    found = _as_found(rule, items, known) or read_items(rule, node, at, writing.reading())
    wanted = dig(view, rule.ours) or []
    if not isinstance(wanted, list) or not all(isinstance(item, dict) for item in wanted):
        writing.refuse(place, rule.origin, "the record's value is no list of objects")
        return node
    matches, unchanged = align(
        [each.view for each in found], wanted, identity=identity_by(rule.key), by_position=True
    )
    made: list[Any] = []
    for number, match in enumerate(matches):
        index = len(items) + number if match is None else found[match].index
        if match is not None and number in unchanged:
            made.append(found[match].item)
        else:
            old = None if match is None else found[match].item
            made.append(_item(rule, wanted[number], old, (*place, index), writing))
    if any(item is None for item in made):
        return node
    arranged = arrange(len(items), [each.index for each in found], matches)
    entries = [
        (items[number], siblings[number]) if is_old else (made[number], None) for is_old, number in arranged
    ]
    new = with_list(node, rule.list, items, siblings, entries)
    if loses_first(node, new, rule.list.holder):
        writing.refuse(place, rule.origin, FIRST_OF_SEVERAL)
        return node
    return new


def _as_found(rule: Items, items: list[Any], known: Sequence[Any] | None) -> list[Found]:
    """The items with what is known of each; nothing unless every item of the rule is known."""
    ours = [index for index, item in enumerate(items) if isinstance(item, dict) and is_ours(rule.list, item)]
    if known is None or len(known) != len(ours):
        return []
    return [Found(index, items[index], view) for index, view in zip(ours, known, strict=True)]


def _item(rule: Items, view: Mapping[str, Any], old: Any, at: Location, writing: Writing) -> Any:
    creating = old is None
    base = dict(rule.list.pattern) if creating else old
    item = writing.write_block(rule.block, view, base, at, writing, creating=creating)
    if not is_ours(rule.list, item) or not read_inner(rule.block, item, at, writing.reading()):
        why = "the record's item would not be readable as one of this list, so none of it is written"
        writing.refuse(at, rule.origin, why)
        return None
    return item


def identity_by(key: tuple[Ours, ...]) -> Callable[[Any], Any]:
    """What makes a record item the same one: its key fields; None when it has none of them."""

    def identity(view: Any) -> Any:
        values = [dig(view, ours) for ours in key]
        return values if any(value is not None for value in values) else None

    return identity
