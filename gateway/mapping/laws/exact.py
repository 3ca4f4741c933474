"""Exact: what is new stands in FHIR as the record says it, not merely as something that reads the same.

Text and times letter for letter, numbers digit for digit, a word as the code that its table writes. What was
there already may say the same in its own spelling, so only what a put changed is held to this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.mapping.codecs import Codes, Day, Moment, Plain, QuantityIn
from gateway.mapping.laws.broken import Broken, Law
from gateway.mapping.laws.differences import identical
from gateway.mapping.laws.edits import Record
from gateway.mapping.laws.spots import Place, Sight, shown_at
from gateway.mapping.laws.trial import Resources, Trial
from gateway.mapping.laws.walking import standing
from gateway.mapping.laws.words import worded
from gateway.mapping.rules import Field, Values
from gateway.mapping.values import dig


def exact_when_created(trial: Trial, record: Record, created: Resources) -> None:
    """Every value of the record, in every object that was created for it."""
    sight = Sight(trial.type, created, trial.get(created))
    for path, rules in trial.singles:
        for place in sight.places(path):
            view = shown_at(record, path, place.numbers)
            for rule in rules:
                for why in _misspelt(rule, sight, place, dig(view, rule.ours)):
                    raise Broken(Law.EXACT, why, record, {}, created, rule.origin, place.at)


def misspelt(rule: Field, node: Any, value: Any) -> Iterator[str]:
    """Where the field's value, just written, stands otherwise than it was said."""
    for steps in (rule.steps, *rule.also):
        raw = standing(node, steps)
        if raw is not None and not _is_as_said(rule.codec, raw, value):
            yield f"{worded(value)} is written as {worded(raw)}"


def _misspelt(rule: Field | Values, sight: Sight, place: Place, value: Any) -> Iterator[str]:
    if value is None:
        return
    if isinstance(rule, Field):
        yield from misspelt(rule, place.node, value)
        return
    for found, said in zip(
        sight.found(rule, place), value if isinstance(value, list) else [value], strict=False
    ):
        raw = standing(found.item, rule.item)
        if not _is_as_said(rule.codec, raw, said):
            yield f"{worded(said)} is written as {worded(raw)}"


def _is_as_said(codec: Any, raw: Any, value: Any) -> bool:
    match codec:
        case Codes():
            return bool(raw == codec.theirs_of.get(value))
        case Plain() | Day() | Moment():
            return identical(raw, value)
        case QuantityIn():
            return isinstance(raw, dict) and identical(raw.get("value"), value)
    return True
