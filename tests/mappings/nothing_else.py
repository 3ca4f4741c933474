"""Whether an edit of a record changed in FHIR what it says it changed, and nothing else.

Old and new resources are compared after the edited field's own elements, and what described them, were cut
out of both; cutting is the laws' own, written apart from the engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from gateway.mapping.codecs import Plain
from gateway.mapping.elements import Location, locate
from gateway.mapping.laws.footprints import outside
from gateway.mapping.laws.words import worded
from gateway.mapping.lens import Lens
from gateway.mapping.read_context import Found, Reading
from gateway.mapping.reading import (
    items_of,
    part_with_id,
    read_back_links,
    read_items,
    read_links,
    read_values,
)
from gateway.mapping.rules import (
    BackLinkedParts,
    Field,
    Items,
    LinkedParts,
    Rule,
    Values,
    fields_of,
)
from gateway.mapping.values import MISSING, dig, tidy
from tests.mappings.edits import NEW_ID, Chain, Edit
from tests.mappings.published import differences

Documents: TypeAlias = dict[str, list[Any]]
Resources: TypeAlias = dict[str, Any]


def what_else_changed(
    lens: Lens, edit: Edit, record: dict[str, Any], old: Resources, new: Resources
) -> str | None:
    """None, or where the old and the new resources differ although they should not."""
    before, after = documents(lens, old), documents(lens, new)
    about = _item_in_question(edit, record)
    if about is None:
        place = _place(lens, before, edit.chain)
        before, after = _cut(before, place, edit), _cut(after, place, edit)
        pairs = iter([(before, after)])
    else:
        rule, number, chain = about
        pairs = _without_item(lens, rule, number, _place(lens, before, chain), before, after)
    told = ""
    for one, two in pairs:
        told = _difference(lens, edit, one, two)
        if not told:
            return None
    return told or "nothing to compare"


def documents(lens: Lens, resources: Resources) -> Documents:
    """The resources by type, each type as a list."""
    found = {name: resources.get(name, []) for name in (lens.type, *lens.part_types)}
    return {name: list(held) if isinstance(held, list) else [held] for name, held in found.items()}


def _item_in_question(edit: Edit, record: dict[str, Any]) -> tuple[Rule, int, Chain] | None:
    """The list and item that came, went or became another one, when the edit is about a whole item."""
    was: Any = record
    now: Any = edit.record
    for depth, (rule, number) in enumerate(edit.chain):
        shown, left = dig(was, rule.ours), dig(now, rule.ours) or []
        if len(left) < len(shown):  # nothing is left in the item but what was cleared
            return rule, number, edit.chain[:depth]
        last = depth == len(edit.chain) - 1
        if last and isinstance(rule, Items) and set(fields_of(edit.inner or edit.rule)) & set(rule.key):
            return rule, number, edit.chain[:depth]
        was, now = shown[number], left[number]
    if edit.kind in ("add", "change", "remove"):
        return edit.rule, -1 if edit.number is None else edit.number, edit.chain
    return None


def _place(lens: Lens, docs: Documents, chain: Chain) -> Location:
    """Where the object stands that the chain of list items leads to."""
    place: Location = (lens.type, 0)
    for rule, number in chain:
        node, reading = _at(docs, place), Reading(docs)
        match rule:
            case Items():
                found = read_items(rule, node, place, reading)[number]
                place = (*items_of(rule.list, node, place)[2], found.index)
            case LinkedParts():
                part = read_links(rule, node, place, reading)[number].item
                place = (rule.type, part_with_id(docs, rule.type, part["id"])[0])
            case BackLinkedParts():
                place = (rule.type, read_back_links(rule, node, place, reading)[number].index)
    return place


def _at(docs: Documents, place: Location) -> Any:
    node: Any = docs
    for step in place:
        node = MISSING if step == 0 and node == [] else node[step]
    return node


def _replaced(node: Any, place: Location, value: Any) -> Any:
    if not place:
        return value
    step, rest = place[0], place[1:]
    if isinstance(step, int):
        return [*node[:step], _replaced(node[step], rest, value), *node[step + 1 :]]
    return {**node, step: _replaced(node[step], rest, value)}


def _cut(docs: Documents, place: Location, edit: Edit) -> Documents:
    """The documents without the elements of the edited rule in the object at the place."""
    try:
        node = _at(docs, place)
    except (KeyError, IndexError):
        return docs
    cut = outside(edit.rule, node) if edit.inner is None else outside(edit.inner, node)
    made: Documents = _replaced(docs, place, cut)
    return made


def _without_item(
    lens: Lens, rule: Rule, number: int, place: Location, before: Documents, after: Documents
) -> Iterator[tuple[Documents, Documents]]:
    """The documents without the item in question; of the new list each item may be the one that came."""
    if isinstance(rule, LinkedParts | BackLinkedParts):
        after = {
            **after,
            rule.type: [part for part in after[rule.type] if part.get("id") != NEW_ID],
        }
    if isinstance(rule, BackLinkedParts):
        if number >= 0:
            node = _at(before, place)
            index = read_back_links(rule, node, place, Reading(before))[number].index
            link = Field(("link",), rule.by, Plain(), rule.origin, stale=rule.stale)
            before = _replaced(before, (rule.type, index), outside(link, before[rule.type][index]))
            after = _replaced(after, (rule.type, index), outside(link, after[rule.type][index]))
        yield before, after
        return
    assert isinstance(rule, Items | Values | LinkedParts)
    node = _at(before, place)
    if locate(node, rule.list.holder)[0] is MISSING:  # the list is new, and what holds it
        yield tuple(_replaced(docs, place, outside(rule, _at(docs, place))) for docs in (before, after))
        return
    list_place = items_of(rule.list, node, place)[2]
    before, after = _as_list(before, list_place), _as_list(after, list_place)
    if number >= 0:
        found = _found(rule, node, place, before)
        indices = [each.index for each in found] if isinstance(rule, Values) and rule.one else []
        for index in sorted(indices or [found[number].index], reverse=True):
            before = _less(before, list_place, index)
    was, now = _length(before, list_place), _length(after, list_place)
    if now <= was:
        yield before, after
        return
    for index in range(now):
        yield before, _less(after, list_place, index)


def _found(rule: Items | Values | LinkedParts, node: Any, place: Location, docs: Documents) -> list[Found]:
    match rule:
        case Items():
            return read_items(rule, node, place, Reading(docs))
        case Values():
            return read_values(rule, node, place, Reading(docs))
        case LinkedParts():
            return read_links(rule, node, place, Reading(docs))


def _as_list(docs: Documents, place: Location) -> Documents:
    """The documents with a single object as the list of one that it is published for, and written as."""
    try:
        alone = _at(docs, place)
    except (KeyError, IndexError):
        return docs
    made: Documents = _replaced(docs, place, [alone]) if isinstance(alone, dict) else docs
    return made


def _length(docs: Documents, place: Location) -> int:
    try:
        items = _at(docs, place)
    except (KeyError, IndexError):
        return 0
    return len(items) if isinstance(items, list) else 1


def _less(docs: Documents, place: Location, index: int) -> Documents:
    """The documents without one item of the list at the place, and what stands beside it in `_name`."""
    items = _at(docs, place)
    left = [*items[:index], *items[index + 1 :]] if isinstance(items, list) else []
    made: Documents = _replaced(docs, place, left)
    holder, name = _at(made, place[:-1]), f"_{place[-1]}"
    beside = holder.get(name) if isinstance(holder, dict) else None
    if isinstance(beside, list) and index < len(beside):
        made = _replaced(made, place[:-1], {**holder, name: [*beside[:index], *beside[index + 1 :]]})
    return made


def _difference(lens: Lens, edit: Edit, before: Documents, after: Documents) -> str:
    """Where the documents still differ; generated narrative is told anew when its resource changed."""
    before, after = _without_copies(lens, edit, before), _without_copies(lens, edit, after)
    for name, held in before.items():
        for was, now, number in zip(held, after[name], range(len(held)), strict=False):
            if _was_generated(was) and worded(was) != worded(now):
                before[name][number], after[name][number] = _untold(was), _untold(now)
    found = differences(tidy(before) or {}, tidy(after) or {})
    return ", ".join(sorted(found))


def _untold(resource: Any) -> Any:
    return {name: child for name, child in resource.items() if name != "text"}


def _was_generated(resource: Any) -> bool:
    text = resource.get("text") if isinstance(resource, dict) else None
    return text is None or (isinstance(text, dict) and text.get("status") == "generated")


def _without_copies(lens: Lens, edit: Edit, docs: Documents) -> Documents:
    """What the parts copy from the edited field of the root goes with it."""
    made = {name: list(held) for name, held in docs.items()}
    for rule in lens.rules.root.rules:
        if not isinstance(rule, LinkedParts | BackLinkedParts) or edit.chain:
            continue
        for copy in rule.block.rules:
            if isinstance(copy, Field) and copy.copied and copy.ours in fields_of(edit.rule):
                made[rule.type] = [outside(copy, part) for part in made[rule.type]]
    return made
