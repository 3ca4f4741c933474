"""Writing single values: one field, and lists of single values.

Stability first: an old FHIR value that already reads as the record's value is not touched, whatever its
spelling.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway.mapping.alignment import align, arrange
from gateway.mapping.codecs import Codes, TranslatedConcept
from gateway.mapping.elements import Location, locate, loses_first, replace
from gateway.mapping.guards import is_ours
from gateway.mapping.paths import Name
from gateway.mapping.read_context import Found
from gateway.mapping.reading import items_of, read_field, read_values
from gateway.mapping.rules import FhirList, Field, Values
from gateway.mapping.values import MISSING, dig, is_hollow, same
from gateway.mapping.write_context import Writing, drop_stale

# [0] of several: taking the first away would show the second in its place.
FIRST_OF_SEVERAL: Final = "the first of several items cannot be cleared alone"


def write_field(
    rule: Field, view: Mapping[str, Any], node: Any, at: Location, writing: Writing, *, creating: bool
) -> Any:
    """The node with the field's value at its element."""
    if rule.read_only:
        return node
    value = dig(view, rule.ours)
    if rule.copied:
        value = dig(writing.after, rule.ours)
        if not creating and same(value, dig(writing.before, rule.ours)):
            return node
    current = read_field(rule, node, at, writing.reading())
    if is_hollow(value):
        return node if current is None else _cleared(rule, node, at, writing)
    if same(current, value):
        return node
    raw, place = locate(node, rule.steps, at)
    new = rule.codec.write(value, raw)
    expressed = None if new is MISSING else rule.codec.read(new)
    if expressed is None:
        writing.refuse(place, rule.origin, "the record's value cannot be expressed here")
        return node
    if isinstance(rule.codec, Codes | TranslatedConcept):
        # Said also when the code stays as it is: the record's own word is not what a partner will see.
        writing.lossy(place, rule.origin, rule.codec.lossy_out(value))
    if same(current, expressed):
        return node
    if current is None and not is_hollow(raw) and not _is_kept_in(raw, new):
        writing.dropped(place, rule.origin, "a value that the rule could not read")
    ways = [steps for steps in (rule.steps, *rule.also) if locate(node, steps[:-1])[0] is not MISSING]
    for steps in ways if rule.also and ways else (rule.steps,):
        node = replace(node, steps, rule.codec.write(value, locate(node, steps)[0]))
    return drop_stale(node, rule.stale, place, rule.origin, writing)


def _is_kept_in(raw: Any, new: Any) -> bool:
    """Whether what stood there, though unreadable, is still there: a concept's text beside its new code."""
    return isinstance(raw, dict) and isinstance(new, dict) and raw.keys() <= new.keys()


def _cleared(rule: Field, node: Any, at: Location, writing: Writing) -> Any:
    cleared = node
    for steps in (rule.steps, *rule.also):
        raw, place = locate(cleared, steps, at)
        if raw is not MISSING and rule.codec.read(raw) is not None:
            cleared = replace(cleared, steps, rule.codec.clear(raw))
            cleared = {} if cleared is MISSING else cleared
    lighter = drop_stale(cleared, rule.stale, place, rule.origin, writing)
    shown = read_field(rule, lighter, at, writing.reading()) is not None
    if shown or loses_first(node, lighter, rule.steps):
        writing.refuse(place, rule.origin, FIRST_OF_SEVERAL)
        return node
    return lighter


def write_values(rule: Values, view: Mapping[str, Any], node: Any, at: Location, writing: Writing) -> Any:
    """The node with the list's values; items that the rule does not read stay where they are."""
    if rule.read_only:
        return node
    items, siblings, place = items_of(rule.list, node, at)
    found = read_values(rule, node, at, writing.reading())
    wanted = _wanted(rule, view)
    if rule.one and wanted:
        found = found[:1]  # the others stay; only clearing means them all
    if same([each.view for each in found], wanted):
        return node
    made = [_new_item(rule, value) for value in wanted]
    if any(item is MISSING for item in made):
        writing.refuse(place, rule.origin, "the record holds an item that cannot be expressed here")
        return node
    expressed = [rule.codec.read(locate(item, rule.item)[0]) for item in made]
    if isinstance(rule.codec, Codes | TranslatedConcept):
        for value in wanted:
            writing.lossy(place, rule.origin, rule.codec.lossy_out(value))
    matches, unchanged = align(
        [each.view for each in found],
        expressed,
        identity=(lambda _: None) if rule.one else rule.codec.identity,
        by_position=rule.one,
    )
    entries: list[tuple[Any, Any]] = []
    for is_old, number in arrange(len(items), [each.index for each in found], matches):
        match = None if is_old else matches[number]
        if is_old:
            entries.append((items[number], siblings[number]))
        elif match is None:
            entries.append((made[number], None))
        elif number in unchanged:
            entries.append((found[match].item, siblings[found[match].index]))
        else:
            entries.append((_changed_item(rule, found[match], wanted[number], place, writing), None))
    new = with_list(node, rule.list, items, siblings, entries)
    if loses_first(node, new, rule.list.holder):
        writing.refuse(place, rule.origin, FIRST_OF_SEVERAL)
        return node
    return new


def _wanted(rule: Values, view: Mapping[str, Any]) -> list[Any]:
    value = dig(view, rule.ours)
    if value is None:
        return []
    if rule.one:
        return [value]
    return value if isinstance(value, list) else [MISSING]


def _new_item(rule: Values, value: Any) -> Any:
    raw = MISSING if value is MISSING else rule.codec.write(value, MISSING)
    if raw is MISSING or rule.codec.read(raw) is None:
        return MISSING
    item = replace(dict(rule.list.pattern) or MISSING, rule.item, raw)
    if rule.list.pattern and isinstance(item, dict):
        item = {**rule.list.pattern, **item}
    return item if is_ours(rule.list, item) else MISSING


def _changed_item(rule: Values, found: Found, value: Any, place: Location, writing: Writing) -> Any:
    raw, _ = locate(found.item, rule.item)
    item = replace(found.item, rule.item, rule.codec.write(value, raw))
    return drop_stale(item, rule.stale, (*place, found.index), rule.origin, writing)


def with_list(
    node: Any, which: FhirList, items: list[Any], siblings: list[Any], entries: list[tuple[Any, Any]]
) -> Any:
    """The node with these (item, what stands beside it in `_name`) as its list; itself when nothing changed.

    Source: https://hl7.org/fhir/R4/json.html#primitive (the two arrays keep step with null)
    """
    unchanged = len(entries) == len(items) and all(
        new is old and beside is was for (new, beside), old, was in zip(entries, items, siblings, strict=True)
    )
    if unchanged:
        return node
    steps = (*which.holder, Name(which.name))
    node = replace(node, steps, [item for item, _ in entries] or MISSING)
    node = {} if node is MISSING else node
    beside = [sibling for _, sibling in entries]
    kept = beside if any(sibling is not None for sibling in beside) else MISSING
    node = replace(node, (*which.holder, Name(f"_{which.name}")), kept)
    return {} if node is MISSING else node
