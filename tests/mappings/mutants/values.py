"""Faults about single values: numbers, days, times, references and codes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from gateway.fhir.references import parse_reference
from gateway.mapping import elements, write_fields, writing
from gateway.mapping.codecs import Codes, Day, Plain, RecordReference
from gateway.mapping.laws.broken import Law
from gateway.mapping.values import MISSING, dig, is_hollow, same
from tests.mappings.mutants.seeding import SMALL, Mutant, put_around, put_instead


def falsy(value: Any) -> bool:
    return is_hollow(value) or not value


def cleared_unread(write_field: Callable[..., Any]) -> Callable[..., Any]:
    def fault(rule: Any, view: Any, node: Any, at: Any, writing: Any, *, creating: bool) -> Any:
        raw, _ = elements.locate(node, rule.steps)
        is_unread = not isinstance(raw, dict) and rule.codec.read(raw) is None and not rule.read_only
        if raw is not MISSING and is_unread and is_hollow(dig(view, rule.ours)):
            return elements.replace(node, rule.steps, MISSING)
        return write_field(rule, view, node, at, writing, creating=creating)

    return fault


def written_as(change: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda write: lambda self, value, old: change(write(self, value, old))


def read_as(change: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda read: lambda self, value: change(read(self, value))


def through_float(value: Any) -> Any:
    return Decimal(repr(float(value))) if isinstance(value, Decimal) else value


def without_zeros(value: Any) -> Any:
    return value.normalize() if isinstance(value, Decimal) else value


def in_utc(value: Any) -> Any:
    if not _has_zone(value) or "." in value:
        return value
    return datetime.fromisoformat(value).astimezone(UTC).isoformat().replace("+00:00", "Z")


def _has_zone(value: Any) -> bool:
    return isinstance(value, str) and value[10:11] == "T" and value[-6:-5] in ("+", "-")


def at_midnight(value: Any) -> Any:
    return f"{value}T00:00:00Z" if isinstance(value, str) and len(value) == len("1987-06-05") else value


def on_the_first(value: Any) -> Any:
    return f"{value}-01-01" if isinstance(value, str) and len(value) == len("1987") else value


def without_server(value: Any) -> Any:
    is_url = isinstance(value, str) and value.startswith("http")
    return parse_reference(value).id or value if is_url else value


def last_read(self: Codes, value: Any) -> Any:
    last = {theirs: ours for ours, theirs in self.theirs_of.items()}
    return last.get(value, self.ours_of.get(value)) if isinstance(value, str) else None


def last_written(self: Codes, value: Any, old: Any) -> Any:
    last = {ours: theirs for theirs, ours in self.ours_of.items()}
    return last.get(value, MISSING) if isinstance(value, str | bool) else MISSING


MUTANTS: Final = (
    Mutant(
        "no, zero and empty text are taken for nothing",
        put_instead(write_fields, "is_hollow", falsy),
        frozenset({Law.CREATE_GET}),
        on="person",
    ),
    Mutant(
        "a value that the rule cannot read is taken away",
        put_around(writing, "write_field", cleared_unread),
        frozenset({Law.GET_PUT, Law.FRAME}),
        on="goal",
    ),
    Mutant(
        "a value is written anew although it says the same",
        put_instead(write_fields, "same", lambda one, two: False),
        frozenset({Law.GET_PUT}),
        on="goal",
    ),
    Mutant(
        "a decimal goes through float when it is written",
        put_around(Plain, "write", written_as(through_float)),
        frozenset({Law.CREATE_GET, Law.PUT_GET, Law.EXACT}),
        on="goal",
    ),
    Mutant(
        "a decimal goes through float when it is read",
        put_around(Plain, "read", read_as(through_float)),
        frozenset({Law.CREATE_GET, Law.PUT_GET}),
        on="goal",
    ),
    Mutant(
        "1.10 is written as 1.1",
        put_around(Plain, "write", written_as(without_zeros)),
        frozenset({Law.EXACT}),
        on="goal",
    ),
    Mutant(
        "a time loses its zone when it is written",
        put_around(Plain, "write", written_as(in_utc)),
        frozenset({Law.CREATE_GET}),
        on="care-plan",
    ),
    Mutant(
        "a time that already reads the same is rewritten in UTC",
        put_instead(write_fields, "same", lambda one, two: same(one, two) and "T" not in str(one)),
        frozenset({Law.GET_PUT}),
        on=SMALL,
    ),
    Mutant(
        "a day becomes a moment at midnight",
        put_around(Day, "write", written_as(at_midnight)),
        frozenset({Law.EXACT}),
        on="person",
    ),
    Mutant(
        "a year becomes its first day",
        put_around(Day, "write", written_as(on_the_first)),
        frozenset({Law.CREATE_GET}),
        on="person",
    ),
    Mutant(
        "a reference to another server is taken for one to ours",
        put_around(RecordReference, "read", read_as(without_server)),
        frozenset({Law.CREATE_GET}),
        on="care-plan",
    ),
    Mutant(
        "a code that stands for several words reads as the last of them",
        put_instead(Codes, "read", last_read),
        frozenset({Law.CREATE_GET}),
        on="referral",
        overlay="sdoh-cc",
    ),
    Mutant(
        "of several codes of a word the last is written",
        put_instead(Codes, "write", last_written),
        frozenset({Law.EXACT}),
        on=SMALL,
    ),
    Mutant(
        "a code is replaced by another one of the same word",
        put_instead(write_fields, "same", lambda one, two: same(one, two) and one not in ("on", "off")),
        frozenset({Law.GET_PUT}),
        on=SMALL,
    ),
)
