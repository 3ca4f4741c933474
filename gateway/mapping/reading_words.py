"""Reading words that are more than one code: several elements together, or a word that rides along."""

from __future__ import annotations

from typing import Any

from gateway.mapping.elements import Location, locate
from gateway.mapping.read_context import Reading
from gateway.mapping.rules import Carried, Joint, Tuple, Word
from gateway.mapping.values import MISSING, is_hollow


def read_joint(rule: Joint, node: Any, at: Location, reading: Reading) -> Word | None:
    """The word for what the elements say together, or None; only rows of the table are read."""
    found = [locate(node, steps, at) for steps in rule.steps]
    said = tuple_of([raw for raw, _ in found])
    word = None if said is None else rule.ours_of.get(said)
    present = [place for raw, place in found if not is_hollow(raw)]
    if word is None:
        for place in present:
            reading.kept(place, rule.origin, "what these elements say together is no row of the table")
        return None
    for place, steps in zip((place for _, place in found), rule.steps, strict=True):
        if place in present:
            reading.claim(place, rule.origin)
            reading.claim_selectors(node, steps, at, rule.origin)
    return word


def tuple_of(raws: list[Any]) -> Tuple | None:
    """What the elements say, each by its value or None; None when one of them is no word at all."""
    values = tuple(None if is_hollow(raw) else raw for raw in raws)
    return values if all(value is None or isinstance(value, str | bool) for value in values) else None


def read_carried(rule: Carried, node: Any, at: Location, reading: Reading) -> Word | None:
    """The word that rides along while the visible code is one of its codes; else the code's own word."""
    visible, place = locate(node, rule.steps, at)
    word = rule.ours_of.get(visible) if isinstance(visible, str) else None
    if word is None:
        if not is_hollow(visible):
            reading.kept(place, rule.origin, "this value is not one that the rule reads")
        return None
    reading.claim(place, rule.origin)
    reading.claim_selectors(node, rule.steps, at, rule.origin)
    carried, there = locate(node, rule.carry, at)
    if carried is MISSING:
        return word
    exact = carried_word(rule, carried)
    if exact is None or visible not in rule.theirs_of[exact]:
        reading.kept(there, rule.origin, "the word that rides along does not go with the code")
        return word
    reading.claim(there, rule.origin)
    reading.claim_selectors(node, rule.carry, at, rule.origin)
    return exact


def word_of(rule: Carried, visible: Any, carried: Any) -> Word | None:
    """The word that a code says, or the one that rides along with it if that goes with the code."""
    word = rule.ours_of.get(visible) if isinstance(visible, str) else None
    exact = None if word is None else carried_word(rule, carried)
    return exact if exact is not None and visible in rule.theirs_of[exact] else word


def carried_word(rule: Carried, text: Any) -> Word | None:
    """The record's word that a riding text stands for, or None when it is no word of the table."""
    if not isinstance(text, str):
        return None
    return next((word for word in rule.theirs_of if as_text(word) == text), None)


def as_text(word: Word) -> str:
    """How a word is written where only text can stand."""
    return ("true" if word else "false") if isinstance(word, bool) else word
