"""Writing words that are more than one code, as a whole or not at all.

A tuple, or a code with its riding word, that already reads as the record's word is left exactly as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.mapping.elements import Location, locate, replace
from gateway.mapping.reading_words import as_text, read_carried, read_joint
from gateway.mapping.rules import Carried, Joint, Tuple, Word
from gateway.mapping.values import MISSING, dig, is_hollow, or_empty, same
from gateway.mapping.write_context import Writing, drop_stale


def write_joint(rule: Joint, view: Mapping[str, Any], node: Any, at: Location, writing: Writing) -> Any:
    """The node whose elements say the record's word together; those that already do their part stay."""
    if rule.read_only:
        return node
    word, current = dig(view, rule.ours), read_joint(rule, node, at, writing.reading())
    if same(word, current):
        return node
    wanted = _row(rule, word)
    if wanted is None:
        writing.refuse(at, rule.origin, f"{'.'.join(rule.ours)}: the table has no row for the record's word")
        return node
    written = node
    for steps, value, stale in zip(rule.steps, wanted, rule.stale or ((),) * len(wanted), strict=True):
        raw, place = locate(written, steps, at)
        if value is None if is_hollow(raw) else same(raw, value):
            continue
        if current is None and not is_hollow(raw):
            writing.dropped(place, rule.origin, "a value that the rule could not read")
        written = or_empty(replace(written, steps, MISSING if value is None else value))
        written = or_empty(drop_stale(written, stale, place, rule.origin, writing))
    if not same(read_joint(rule, written, at, writing.reading()), word):
        writing.refuse(at, rule.origin, "the elements cannot say the record's word together")
        return node
    return written


def _row(rule: Joint, word: Any) -> Tuple | None:
    if is_hollow(word):
        return (None,) * len(rule.steps)
    return rule.theirs_of.get(word) if isinstance(word, str | bool) else None


def write_carried(rule: Carried, view: Mapping[str, Any], node: Any, at: Location, writing: Writing) -> Any:
    """The node with a code of the record's word, and the word beside it where the code would not tell."""
    if rule.read_only:
        return node
    word, current = dig(view, rule.ours), read_carried(rule, node, at, writing.reading())
    if same(word, current):
        return node
    raw, place = locate(node, rule.steps, at)
    if is_hollow(word):
        written = _with_carried(rule, or_empty(replace(node, rule.steps, MISSING)), None)
        written = or_empty(drop_stale(written, rule.stale, place, rule.origin, writing))
    else:
        codes = rule.theirs_of.get(word, ()) if isinstance(word, str | bool) else ()
        if not codes:
            writing.refuse(place, rule.origin, "the record's value cannot be expressed here")
            return node
        code = raw if raw in codes else codes[0]
        written = node
        if code is not raw:
            if current is None and not is_hollow(raw):
                writing.dropped(place, rule.origin, "a value that the rule could not read")
            written = replace(written, rule.steps, code)
            written = drop_stale(written, rule.stale, place, rule.origin, writing)
        written = _with_carried(rule, written, None if rule.ours_of.get(code) == word else word)
    if not same(read_carried(rule, written, at, writing.reading()), word):
        writing.refuse(place, rule.origin, "the record's value cannot be expressed here")
        return node
    return written


def _with_carried(rule: Carried, node: Any, word: Word | None) -> Any:
    if word is None and locate(node, rule.carry)[0] is MISSING:
        return node
    return or_empty(replace(node, rule.carry, MISSING if word is None else as_text(word)))
