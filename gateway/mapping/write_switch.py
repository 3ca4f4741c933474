"""Writing a switch: the word's case is made true, and what belonged to the case before it goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.mapping.elements import Location, locate, replace
from gateway.mapping.reading import present_case
from gateway.mapping.rules import Switch, SwitchCase, fields_of
from gateway.mapping.values import MISSING, dig, is_hollow, or_empty, same
from gateway.mapping.write_context import Writing, drop_stale


def write_switch(
    rule: Switch, view: Mapping[str, Any], node: Any, at: Location, writing: Writing, *, creating: bool
) -> Any:
    """The node in the case that the record's word names, with that case's fields.

    When the word changes, the elements that the old case mapped are cleared; what no rule knows stays. All of
    it or nothing: a field of another case, or a word of no case, is refused.
    """
    word, present = dig(view, rule.ours), present_case(rule, node)
    chosen = next((case for case in rule.cases if same(case.word, word)), None)
    if chosen is None and not is_hollow(word):
        writing.refuse(at, rule.origin, f"no case of {'.'.join(rule.ours)!r} is for the record's word")
        return node
    foreign = _foreign(rule, chosen, view)
    if foreign:
        writing.refuse(
            at, rule.origin, f"{foreign!r} does not belong to what {'.'.join(rule.ours)!r} says in the record"
        )
        return node
    written = node
    if present is not None and present is not chosen:
        written = _left(present, written, at, writing)
    if chosen is not None:
        if present is not chosen:
            written = _entered(chosen, written, at, writing)
        fresh = creating or present is not chosen
        written = writing.write_block(chosen.block, view, written, at, writing, creating=fresh)
    if present_case(rule, written) is not chosen:
        text = (
            "the record lacks what makes its kind recognisable in FHIR, or unknown content stands against it"
        )
        writing.refuse(at, rule.origin, text)
        return node
    return written


def _foreign(rule: Switch, chosen: SwitchCase | None, view: Mapping[str, Any]) -> str | None:
    """A field with a value that only other cases have a place for."""
    own = {ours for each in chosen.block.rules for ours in fields_of(each)} if chosen else set()
    for ours in fields_of(rule)[1:]:
        if ours not in own and not is_hollow(dig(view, ours)):
            return ".".join(ours)
    return None


def _left(case: SwitchCase, node: Any, at: Location, writing: Writing) -> Any:
    node = writing.write_block(case.block, {}, node, at, writing, creating=False)
    for (steps, value), stale in zip(case.guard.conditions, case.stale, strict=True):
        raw, place = locate(node, steps, at)
        if value is not None and value is not MISSING and same(raw, value):
            node = or_empty(replace(node, steps, MISSING))
            node = or_empty(drop_stale(node, stale, place, case.origin, writing))
    return node


def _entered(case: SwitchCase, node: Any, at: Location, writing: Writing) -> Any:
    for (steps, value), stale in zip(case.guard.conditions, case.stale, strict=True):
        raw, place = locate(node, steps, at)
        if value is MISSING or (is_hollow(raw) if value is None else same(raw, value)):
            continue
        if value is None and isinstance(raw, dict | list):
            continue  # it holds what no rule knows: not ours to take away, so the case is refused
        if not is_hollow(raw):
            writing.dropped(place, case.origin, "a value that stood in the way of the record's word")
        node = or_empty(replace(node, steps, MISSING if value is None else value))
        node = or_empty(drop_stale(node, stale, place, case.origin, writing))
    return node
