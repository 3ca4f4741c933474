"""Why a record says what it says, element by element and field by field; and what a put would change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from gateway.errors import Issue
from gateway.mapping.account import Account, Bucket, Leaf, account
from gateway.mapping.elements import Location
from gateway.mapping.lens import Lens
from gateway.mapping.read_context import expression
from gateway.mapping.record_account import read_only_because, shown_field
from gateway.mapping.resource_changes import Change, changes
from gateway.mapping.rule_homes import RecordPath
from gateway.mapping.rules import Origin
from gateway.mapping.values import MISSING


class Element(NamedTuple):
    """One FHIR element and what became of it.

    field     the record field it was read into; empty when it is in none
    reading   what the record says there
    selects   the rule looks at this element only to find the one it reads
    """

    at: Location
    value: Any
    bucket: Bucket
    origin: Origin | None
    why: str
    field: str
    reading: Any
    selects: bool

    @property
    def element(self) -> str:
        """The place as FHIRPath."""
        return expression(self.at)


class Explanation:
    """A reading, element by element. What each one reads as is worked out when somebody looks."""

    def __init__(self, read: Account) -> None:
        self.read = read

    @property
    def record(self) -> Mapping[str, Any]:
        """The record that was read."""
        return self.read.record

    @cached_property
    def elements(self) -> tuple[Element, ...]:
        """Every element of the resources, in their order."""
        return tuple(_element(leaf, self.read) for leaf in self.read.leaves)

    def by_field(self) -> dict[str, list[Element]]:
        """The elements that each record field came from, in the order of the record."""
        found: dict[str, list[Element]] = {}
        for each in self.elements:
            if each.field and not each.selects:
                found.setdefault(each.field, []).append(each)
        order = {field: number for number, field in enumerate(_fields_in(self.record, ()))}
        return dict(sorted(found.items(), key=lambda item: order.get(item[0], len(order))))


def explain(lens: Lens, resources: Mapping[str, Any]) -> Explanation:
    """For each element the rule and the record field it belongs to. Raises MappingError as `get`."""
    return Explanation(account(lens, resources))


def _element(leaf: Leaf, read: Account) -> Element:
    path = read.field_of(leaf)
    if not path:
        return Element(*leaf[:5], "", None, False)
    value: Any = read.record
    for step in path:
        value = _at(value, step)
    name = leaf.at[-1]
    if isinstance(value, dict) and name in value:
        path, value = (*path, name), value[name]
    return Element(*leaf[:5], shown_field(path), value, _selects(leaf, read))


def _at(value: Any, step: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(str(step))
    return value[step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else None


def _selects(leaf: Leaf, read: Account) -> bool:
    """Whether the element is not the one that the rule's path ends at, nor inside it."""
    home = read.homes.get(leaf.origin) if leaf.origin is not None else None
    if home is None or not home.names:
        return False
    names = tuple(step for step in leaf.at[2:] if isinstance(step, str))
    return not any(_ends_with_path(names, path) for path in home.names)


def _ends_with_path(names: tuple[str, ...], path: tuple[str, ...]) -> bool:
    last = len(names) - len(path)
    return any(names[start : start + len(path)] == path for start in range(last, -1, -1))


def _fields_in(value: Any, at: RecordPath) -> Iterator[str]:
    yield shown_field(at)
    if isinstance(value, dict):
        for name, child in value.items():
            yield from _fields_in(child, (*at, name))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _fields_in(child, (*at, index))


class Effect(StrEnum):
    """Why a put changes an element."""

    RULE = "by rule"
    STALE = "stale"
    FIXED = "fixed value"
    NARRATIVE = "narrative"


class Changed(NamedTuple):
    """One element that a put changes: what it was and what it becomes, by which rule, for which field."""

    element: str
    was: Any
    now: Any
    effect: Effect
    origin: Origin | None
    field: str


@dataclass(frozen=True, slots=True)
class PutExplanation:
    """What putting a record into resources would change, and what it reported."""

    changed: tuple[Changed, ...]
    issues: tuple[Issue, ...]
    refused: tuple[Issue, ...]


def explain_put(lens: Lens, record: Mapping[str, Any], resources: Mapping[str, Any]) -> PutExplanation:
    """What a put of this record would change, element by element; nothing is stored."""
    put = lens.put(record, resources)
    before, after = explain(lens, resources), explain(lens, put.resources)
    old, new = ({each.at: each for each in side.elements} for side in (before, after))
    found = (
        _changed(change, old, new, before.read)
        for name in dict.fromkeys((*resources, *put.resources))
        for change in _of_type(name, resources.get(name), put.resources.get(name))
    )
    return PutExplanation(tuple(found), put.issues, put.refused)


def _of_type(name: str, was: Any, now: Any) -> Iterator[Change]:
    one, two = (held if isinstance(held, list) else [] if held is None else [held] for held in (was, now))
    return changes(one, two, (name,), (name,))


def _changed(
    change: Change, old: Mapping[Location, Element], new: Mapping[Location, Element], read: Account
) -> Changed:
    was = old.get(change.was_at) if change.was_at is not None else None
    now = new.get(change.now_at) if change.now_at is not None else None
    at = change.now_at or change.was_at or ()
    values = (None if change.was is MISSING else change.was, None if change.now is MISSING else change.now)
    spoken = next((each for each in (now, was) if each is not None and each.field), None)
    if spoken is not None:
        # Nobody writes what is only read: it went because it described something that changed.
        effect = Effect.STALE if now is None and _is_read_only(spoken, read) else Effect.RULE
        return Changed(expression(at), *values, effect, spoken.origin, spoken.field)
    if at[2:3] == ("text",):
        return Changed(expression(at), *values, Effect.NARRATIVE, None, "")
    return Changed(expression(at), *values, Effect.STALE if now is None else Effect.FIXED, None, "")


def _is_read_only(element: Element, read: Account) -> bool:
    home = read.homes.get(element.origin) if element.origin is not None else None
    return home is not None and read_only_because(home) is not None
