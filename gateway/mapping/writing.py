"""From record to FHIR: the interpreter's `put` over one FHIR object, and the choices inside it.

Copy on write: what no rule changes is shared with the old resource. A value that cannot be expressed is
reported and its element left as it was; nothing that the record does not know is ever taken away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.mapping.codecs.plain import COMPLEX_SUFFIXES, KIND_OF_SUFFIX
from gateway.mapping.elements import Location, WrongShape, locate, replace, without
from gateway.mapping.paths import Name
from gateway.mapping.reading import present_alternative
from gateway.mapping.rules import (
    Alternative,
    BackLinkedParts,
    Block,
    Carried,
    Choice,
    Field,
    Fixed,
    Items,
    Joint,
    LinkedParts,
    Rule,
    Switch,
    Values,
)
from gateway.mapping.values import MISSING, contains, dig, is_hollow, or_empty, plant, same
from gateway.mapping.write_context import Writing
from gateway.mapping.write_fields import write_field, write_values
from gateway.mapping.write_lists import write_items
from gateway.mapping.write_parts import write_back_links, write_links
from gateway.mapping.write_switch import write_switch
from gateway.mapping.write_words import write_carried, write_joint


def write_block(
    block: Block, view: Mapping[str, Any], node: Any, at: Location, writing: Writing, *, creating: bool
) -> Any:
    """The object with the record's values; with its fixed values too when it is being created."""
    for rule in block.rules:
        node = or_empty(write_rule(rule, view, node, at, writing, creating=creating))
    if creating:
        for fixed in block.fixed:
            node = with_fixed(fixed, node)
    return node


def write_rule(
    rule: Rule,
    view: Mapping[str, Any],
    node: Any,
    at: Location,
    writing: Writing,
    *,
    creating: bool,
    known: Sequence[Any] | None = None,
) -> Any:
    """The object with what one rule writes of the record; MISSING when nothing is left of it.

    known   what the rule reads there, when it is a list of objects that somebody has just read
    """
    try:
        if isinstance(rule, Items):
            return write_items(rule, view, node, at, writing, known)
        return _written(rule, view, node, at, writing, creating=creating)
    except WrongShape:
        text = (
            "FHIR holds a list where an object belongs, or the reverse, and writing would lose what it holds"
        )
        writing.refuse(at, rule.origin, text)
        return node


def _written(
    rule: Rule, view: Mapping[str, Any], node: Any, at: Location, writing: Writing, *, creating: bool
) -> Any:
    match rule:
        case Field():
            return write_field(rule, view, node, at, writing, creating=creating)
        case Joint():
            return write_joint(rule, view, node, at, writing)
        case Carried():
            return write_carried(rule, view, node, at, writing)
        case Switch():
            return write_switch(rule, view, node, at, writing, creating=creating)
        case Values():
            return write_values(rule, view, node, at, writing)
        case Items():
            raise AssertionError("written by write_rule")
        case Choice():
            return write_choice(rule, view, node, at, writing)
        case LinkedParts():
            return write_links(rule, view, node, at, writing)
        case BackLinkedParts():
            return write_back_links(rule, view, node, at, writing)


def with_fixed(fixed: Fixed, node: Any) -> Any:
    """The object with a fixed value, where nothing stands yet or no item contains it."""
    if fixed.name is None:
        found, _ = locate(node, fixed.steps)
        return replace(node, fixed.steps, fixed.pattern) if found is MISSING else node
    steps = (*fixed.steps, Name(fixed.name))
    items, _ = locate(node, steps)
    held = items if isinstance(items, list) else [] if is_hollow(items) else [items]
    return (
        node
        if any(contains(item, fixed.pattern) for item in held)
        else replace(node, steps, [*held, fixed.pattern])
    )


def write_choice(rule: Choice, view: Mapping[str, Any], node: Any, at: Location, writing: Writing) -> Any:
    """The node in the form of the choice that can say what the record says: the present form if it can."""
    wanted = {ours: value for ours in rule.written if not is_hollow(value := dig(view, ours))}
    present, shown = present_alternative(rule, node, at, writing.reading())
    said = {ours: value for ours, value in shown.items() if ours in rule.written}
    if same(_nested(said), _nested(wanted)):
        return node
    if not wanted:
        assert present is not None, "something was read, or the two would be the same"
        return _without_forms(rule, None, node, at, writing)
    order = sorted(range(len(rule.alternatives)), key=lambda index: (index != present, index))
    for index in order:
        way = rule.alternatives[index]
        if not set(wanted) <= {inner.ours for inner in way.rules} or not _can_say(way, wanted):
            continue
        if index != present:
            node = _without_forms(rule, index, node, at, writing)
        else:
            lighter = _of_one_type(way, node)
            if lighter is not node:
                writing.dropped(at, rule.origin, "a value of another type, where R4 allows one")
            node = lighter
        return _write_form(way, wanted, node, at, writing)
    writing.refuse(at, rule.origin, f"no form of {rule.name!r} can express the record's values together")
    return node


def _write_form(
    way: Alternative, wanted: Mapping[Any, Any], node: Any, at: Location, writing: Writing
) -> Any:
    view = _nested(wanted)
    for inner in way.rules:
        node = or_empty(write_rule(inner, view, node, at, writing, creating=False))
    return node


def _can_say(way: Alternative, wanted: Mapping[Any, Any]) -> bool:
    return all(
        isinstance(inner, Values) or inner.codec.write(wanted[inner.ours], MISSING) is not MISSING
        for inner in way.rules
        if inner.ours in wanted
    )


def _without_forms(rule: Choice, chosen: int | None, node: Any, at: Location, writing: Writing) -> Any:
    """The node without the forms that are not chosen: mapped or not, a value[x] has one type at a time.

    Source: https://hl7.org/fhir/R4/formats.html#choice
    """
    for index, way in enumerate(rule.alternatives):
        if index == chosen:
            continue
        for holder, _, name in way.siblings:
            node = or_empty(without(node, holder, (name,)))
        node = _write_form(way, {}, node, at, writing)
    return node if chosen is None else _of_one_type(rule.alternatives[chosen], node)


def _of_one_type(way: Alternative, node: Any) -> Any:
    """The node without any type of the form's value[x] but its own."""
    for holder, stem, own in way.siblings:
        found, _ = locate(node, holder)
        names = found if isinstance(found, dict) else {}
        bare = {name.removeprefix("_") for name in names} - {own}
        node = or_empty(without(node, holder, tuple(name for name in bare if is_value_x(name, stem))))
    return node


def is_value_x(name: str, stem: str) -> bool:
    """Whether an element's name is the stem of a value[x] and one of R4's types."""
    suffix = name.removeprefix(stem)
    return suffix != name and (suffix in COMPLEX_SUFFIXES or suffix in KIND_OF_SUFFIX)


def _nested(flat: Mapping[Any, Any]) -> dict[str, Any]:
    view: dict[str, Any] = {}
    for ours, value in flat.items():
        plant(view, ours, value)
    return view
