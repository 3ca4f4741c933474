"""From FHIR to record: the interpreter's `get`, the specification that whatever is faster must agree with.

Nothing that is not understood is an error here: it is left out of the record, stays in FHIR, and is reported.
"""

from __future__ import annotations

from typing import Any

from gateway.fhir.json_codec import Resource
from gateway.fhir.references import ReferenceKind, parse_reference
from gateway.mapping.codecs import Codes, Concept, TranslatedConcept
from gateway.mapping.elements import Location, locate
from gateway.mapping.guards import holds, is_ours
from gateway.mapping.openings import rules_for
from gateway.mapping.paths import Steps
from gateway.mapping.read_context import Found, Parts, Reading
from gateway.mapping.reading_words import read_carried, read_joint
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
    Rule,
    Switch,
    SwitchCase,
    Values,
    fields_of,
)
from gateway.mapping.told_types import claim_type
from gateway.mapping.values import MISSING, dig, is_hollow, plant, same


def read_block(block: Block, node: Any, at: Location, reading: Reading) -> dict[str, Any]:
    """The record of one FHIR object, without anything hollow."""
    view: dict[str, Any] = {}
    if isinstance(node, dict):
        for rule in rules_for(block, node):
            read_rule(rule, node, at, reading, view)
    return view


def read_inner(block: Block, node: Any, at: Location, reading: Reading) -> dict[str, Any]:
    """The record of an object in a list, or of a part: read by whatever reads here."""
    return (reading.read_block or read_block)(block, node, at, reading)


def read_rule(rule: Rule, node: Any, at: Location, reading: Reading, view: dict[str, Any]) -> None:
    """What one rule reads of the object, planted in the record that is being built."""
    value: Any
    match rule:
        case Field():
            if rule.copied:
                locate_copied(rule, node, at, reading)
                return
            value = read_field(rule, node, at, reading)
        case Choice():
            chosen = present_alternative(rule, node, at, reading)
            for ours, inner in chosen[1].items():
                plant(view, ours, inner)
            return
        case Switch():
            _read_switch(rule, node, at, reading, view)
            return
        case Joint():
            value = read_joint(rule, node, at, reading)
        case Carried():
            value = read_carried(rule, node, at, reading)
        case Values():
            value = [found.view for found in read_values(rule, node, at, reading)]
            value = next(iter(value), None) if rule.one else value
        case Items():
            value = [found.view for found in read_items(rule, node, at, reading)]
        case LinkedParts():
            value = [found.view for found in read_links(rule, node, at, reading)]
        case BackLinkedParts():
            value = [found.view for found in read_back_links(rule, node, at, reading)]
    if not is_hollow(value):
        plant(view, rule.ours, value)


def read_field(rule: Field, node: Any, at: Location, reading: Reading) -> Any:
    """The value of one field, or None."""
    shown: Any = None
    for steps in (rule.steps, *rule.also):
        if shown is None:
            shown = _read_element(rule, steps, node, at, reading)
        elif reading.owned is not None:
            _claim_if_same(rule, steps, shown, node, at, reading)
    return shown


def _claim_if_same(rule: Field, steps: Steps, shown: Any, node: Any, at: Location, reading: Reading) -> None:
    """A further element that says the same is read too; one that says something else is not shown."""
    raw, place = locate(node, steps, at)
    if raw is not MISSING and same(rule.codec.read(raw), shown):
        for part in rule.codec.parts(raw):
            reading.claim((*place, *part), rule.origin)


def _read_element(rule: Field, steps: Steps, node: Any, at: Location, reading: Reading) -> Any:
    raw, place = locate(node, steps, at)
    if raw is MISSING:
        return None
    value = rule.codec.read(raw)
    if value is None:
        if not is_hollow(raw) and not _has_text_only(rule, raw):
            reading.kept(place, rule.origin, "this value is not one that the rule reads")
        return None
    if isinstance(rule.codec, Codes | TranslatedConcept):
        reading.lossy(place, rule.origin, rule.codec.lossy_in(raw))
    if reading.owned is not None:
        for part in rule.codec.parts(raw):
            reading.claim((*place, *part), rule.origin)
        reading.claim_selectors(node, steps, at, rule.origin)
        claim_type(rule.codec, node, steps, at, rule.origin, reading)
    return value


def _has_text_only(rule: Field, raw: Any) -> bool:
    # A concept of words alone, whose words another rule reads: nothing is left out of the record.
    mapped = isinstance(rule.codec, Concept) and rule.codec.text_is_mapped
    return mapped and isinstance(raw, dict) and "text" in raw and "coding" not in raw


def locate_copied(rule: Field, node: Any, at: Location, reading: Reading) -> None:
    """A copied element is the parent's business: claimed when the rule could have read it, shown there."""
    raw, place = locate(node, rule.steps, at)
    if raw is not MISSING and rule.codec.read(raw) is not None:
        reading.claim(place, rule.origin)
        claim_type(rule.codec, node, rule.steps, at, rule.origin, reading)


def present_alternative(
    rule: Choice, node: Any, at: Location, reading: Reading
) -> tuple[int | None, dict[tuple[str, ...], Any]]:
    """Which form of the choice holds a value, and what it says, field by field."""
    for index, way in enumerate(rule.alternatives):
        quiet = Reading(reading.parts, reading.owned)
        said: dict[tuple[str, ...], Any] = {}
        for inner in way.rules:
            holder: dict[str, Any] = {}
            read_rule(inner, node, at, quiet, holder)
            value = dig(holder, inner.ours)
            if not is_hollow(value):
                said[inner.ours] = value
        if said:
            reading.issues.extend(quiet.issues)
            return index, said
    return None, {}


def _read_switch(rule: Switch, node: Any, at: Location, reading: Reading, view: dict[str, Any]) -> None:
    case = present_case(rule, node)
    if case is None:
        return
    plant(view, rule.ours, case.word)
    for steps, _ in case.guard.conditions:
        raw, place = locate(node, steps, at)
        if raw is not MISSING and not isinstance(raw, dict | list):
            reading.claim(place, case.origin)
        reading.claim_selectors(node, steps, at, case.origin)
    said = read_block(case.block, node, at, reading)
    for ours in (ours for each in case.block.rules for ours in fields_of(each)):
        value = dig(said, ours)
        if not is_hollow(value):
            plant(view, ours, value)


def present_case(rule: Switch, node: Any) -> SwitchCase | None:
    """The case whose guard is true of the object."""
    return next((case for case in rule.cases if holds(case.guard, node)), None)


def items_of(which: FhirList, node: Any, at: Location) -> tuple[list[Any], list[Any], Location]:
    """The items of a list, what stands beside each in `_name`, and the list's place.

    A single object where an array belongs is published often enough: it is read as a list of one.
    """
    holder, place = locate(node, which.holder, at)
    place = (*place, which.name)
    raw = holder.get(which.name) if isinstance(holder, dict) else None
    items = raw if isinstance(raw, list) else [] if raw is None else [raw]
    beside = holder.get(f"_{which.name}") if isinstance(holder, dict) else None
    siblings = beside if isinstance(beside, list) else []
    count = max(len(items), len(siblings))
    return _padded(items, count), _padded(siblings, count), place


def _padded(items: list[Any], count: int) -> list[Any]:
    return items if len(items) == count else [*items, *[None] * (count - len(items))]


def read_values(rule: Values, node: Any, at: Location, reading: Reading) -> list[Found]:
    """The items of a list of single values that the rule reads."""
    items, _, place = items_of(rule.list, node, at)
    found: list[Found] = []
    for index, item in enumerate(items):
        if not is_ours(rule.list, item):
            continue
        here = (*place, index)
        raw, there = locate(item, rule.item, here)
        view = None if raw is MISSING else rule.codec.read(raw)
        if view is None:
            if rule.read_only and raw is MISSING:
                continue  # it only repeats what the item says of itself, and the item says nothing
            reading.kept(here, rule.origin, "this item is not one that the rule reads")
            continue
        found.append(Found(index, item, view))
        if isinstance(rule.codec, Codes | TranslatedConcept):
            reading.lossy(there, rule.origin, rule.codec.lossy_in(raw))
        if reading.owned is not None and not (rule.one and len(found) > 1):
            for part in rule.codec.parts(raw):
                reading.claim((*there, *part), rule.origin)
            reading.claim_all(rule.list.pattern, here, rule.origin)
            claim_type(rule.codec, item, rule.item, here, rule.origin, reading)
    return found


def read_items(rule: Items, node: Any, at: Location, reading: Reading) -> list[Found]:
    """The items of a list of objects that the rule reads; one that says nothing to it is not its own."""
    items, _, place = items_of(rule.list, node, at)
    found: list[Found] = []
    for index, item in enumerate(items):
        if not isinstance(item, dict) or not is_ours(rule.list, item):
            continue
        here = (*place, index)
        view = read_inner(rule.block, item, here, reading)
        if view:
            found.append(Found(index, item, view))
            reading.claim_all(rule.list.pattern, here, rule.origin)
    return found


def read_links(rule: LinkedParts, node: Any, at: Location, reading: Reading) -> list[Found]:
    """The linked resources at hand, in the order of the links; a second link to one is not shown."""
    items, _, place = items_of(rule.list, node, at)
    found: list[Found] = []
    seen: set[str] = set()
    for index, item in enumerate(items):
        named = linked_id(rule, item)
        if named is None:
            reading.kept((*place, index), rule.origin, f"it is no relative reference to a {rule.type}")
            continue
        number, part = part_with_id(reading.parts, rule.type, named)
        if part is None or named in seen:
            reading.kept(
                (*place, index), rule.origin, f"the {rule.type} it names is not at hand, or shown already"
            )
            continue
        seen.add(named)
        reading.claim(locate(item, rule.item, (*place, index))[1], rule.origin)
        claim_type(None, item, rule.item, (*place, index), rule.origin, reading)
        view = read_inner(rule.block, part, (rule.type, number), reading)
        if view:
            found.append(Found(index, part, view))
    return found


def linked_id(rule: LinkedParts, item: Any) -> str | None:
    """The id of the part that an item of the list names by a relative reference, whatever its version."""
    raw, _ = locate(item, rule.item)
    reference = parse_reference(raw) if isinstance(raw, str) else None
    if reference is None or reference.kind is not ReferenceKind.RELATIVE or reference.type != rule.type:
        return None
    return reference.id


def part_with_id(parts: Parts, type_name: str, wanted: str | None) -> tuple[int, Resource | None]:
    """The part of this type with this id, and its number among its type."""
    for number, part in enumerate(parts.get(type_name, ())):
        if wanted is not None and part.get("id") == wanted:
            return number, part
    return -1, None


def read_back_links(rule: BackLinkedParts, node: Any, at: Location, reading: Reading) -> list[Found]:
    """The resources at hand that link back to this one, in the order in which they were given.

    With the root itself missing (`node` is MISSING) every part that is at hand is taken for one of its own.
    """
    found: list[Found] = []
    for number, part in enumerate(reading.parts.get(rule.type, ())):
        place: Location = (rule.type, number)
        if not is_one_of(rule, part, node):
            continue
        view = read_inner(rule.block, part, place, reading)
        if view:
            found.append(Found(number, part, view))
            link, there = locate(part, rule.by, place)
            if isinstance(link, str):
                reading.claim(there, rule.origin)
                claim_type(None, part, rule.by, place, rule.origin, reading)
    return found


def is_one_of(rule: BackLinkedParts, part: Any, root: Any) -> bool:
    """Whether the resource is an item of this list.

    With the root missing its guard decides; what no list of the type claims is an item of the first.
    """
    if root is not MISSING:
        return links_back(rule, part, root) and holds(rule.where, part)
    return holds(rule.where, part) or (rule.first and not any(holds(other, part) for other in rule.others))


def links_back(rule: BackLinkedParts, part: Any, root: Any) -> bool:
    """Whether the part names the root resource by type and id."""
    raw, _ = locate(part, rule.by)
    if not isinstance(raw, str) or not isinstance(root, dict) or not root.get("id"):
        return False
    reference = parse_reference(raw)
    relative = reference.kind is ReferenceKind.RELATIVE
    return relative and (reference.type, reference.id) == (root.get("resourceType"), root["id"])
