"""Where each rule of a map stands: the record field it is about, and the lists that it stands in.

What the interpreter tells of its reading is a place and the rule's origin; this finds the rule again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeAlias

from gateway.mapping.elements import Location
from gateway.mapping.openings import Same
from gateway.mapping.paths import Each, Name, Select, Steps
from gateway.mapping.rules import (
    BackLinkedParts,
    Block,
    Carried,
    Choice,
    Field,
    Items,
    Joint,
    LinkedParts,
    Origin,
    Ours,
    Rule,
    Switch,
    Values,
    walk,
)

Lists: TypeAlias = tuple[Items | LinkedParts | BackLinkedParts, ...]
RecordPath: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Home:
    """A rule in its map.

    lists   the list rules around it, outermost first
    own     the record field in the object that the rule's block stands for
    ours    the record field in full, without the numbers of items
    names   the names along each of the rule's paths
    """

    rule: Rule
    origin: Origin
    lists: Lists
    own: Ours
    ours: Ours
    names: tuple[tuple[str, ...], ...] = ()


def homes(block: Block, lists: Lists = (), before: Ours = ()) -> Iterator[Home]:
    """Every rule of a block and of the blocks inside it; a choice and a switch by their own rules."""
    for rule in block.rules:
        yield from _homes_of(rule, lists, before)


def _homes_of(rule: Rule, lists: Lists, before: Ours) -> Iterator[Home]:
    if isinstance(rule, Choice):
        for way in rule.alternatives:
            for inner in way.rules:
                yield _home(inner, inner.origin, lists, before)
        return
    yield _home(rule, rule.origin, lists, before)
    if isinstance(rule, Switch):
        for case in rule.cases:
            yield _home(rule, case.origin, lists, before)
            yield from homes(case.block, lists, before)
    if isinstance(rule, Items | LinkedParts | BackLinkedParts):
        yield from homes(rule.block, (*lists, rule), (*before, *rule.ours))


def _home(rule: Any, origin: Origin, lists: Lists, before: Ours) -> Home:
    names = (tuple(step.name for step in steps if isinstance(step, Name)) for steps in paths_of(rule))
    return Home(rule, origin, lists, rule.ours, (*before, *rule.ours), tuple(names))


def names_in(path: RecordPath) -> Ours:
    """The record field in full, without the numbers of items."""
    return tuple(step for step in path if isinstance(step, str))


@dataclass(frozen=True, slots=True)
class Index:
    """What is looked up in a map again and again.

    homes        the rules by their origin; of one that stands in several lists the first
    fields       the rules by the record field in full; a copied field is its parent's and not among them
    extensions   the urls of the extensions that some rule names
    """

    homes: Mapping[Origin, Home]
    fields: Mapping[Ours, Home]
    extensions: frozenset[str]


def index_of(block: Block) -> Index:
    """The index of a root block, made once."""
    return _indexed(Same(block))


@lru_cache(maxsize=128)
def _indexed(key: Same) -> Index:
    found: dict[Origin, Home] = {}
    fields: dict[Ours, Home] = {}
    for home in homes(key.block):
        found.setdefault(home.origin, home)
        if not (isinstance(home.rule, Field) and home.rule.copied):
            fields.setdefault(home.ours, home)
    return Index(MappingProxyType(found), MappingProxyType(fields), known_extensions(key.block))


class RecordPaths:
    """Record fields with the numbers of their items, found from the places that rules read, in that order."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, Location], int] = {}
        self._counts: dict[tuple[int, Location], int] = {}

    def path(self, home: Home, at: Location) -> RecordPath:
        """The record field that a rule filled from the element at this place."""
        path: RecordPath = ()
        cut = 2
        rule = home.rule
        # A copied field is the parent's.
        lists = home.lists[:-1] if isinstance(rule, Field) and rule.copied else home.lists
        for holder in lists:
            path, cut = self._into(holder, at, path, cut)
        if isinstance(rule, Values) and not rule.one:
            return self._into(rule, at, path, cut)[0]
        if isinstance(rule, Items | LinkedParts | BackLinkedParts):
            return self._into(rule, at, path, cut)[0]
        return (*path, *home.own)

    def _into(self, holder: Any, at: Location, path: RecordPath, cut: int) -> tuple[RecordPath, int]:
        path = (*path, *holder.ours)
        if isinstance(holder, LinkedParts | BackLinkedParts):
            linked = isinstance(holder, LinkedParts) and at[0] != holder.type
            cut = cut + len(holder.list.holder) + 2 if linked and isinstance(holder, LinkedParts) else 2
        else:
            cut = cut + len(holder.list.holder) + 2
        return (*path, self._number(id(holder), at[:cut], cut)), cut

    def _number(self, holder: int, item: Location, cut: int) -> int:
        key = (holder, item)
        if key not in self._numbers:
            siblings = (holder, item[: cut - 1])
            self._numbers[key] = self._counts.get(siblings, 0)
            self._counts[siblings] = self._numbers[key] + 1
        return self._numbers[key]


def known_extensions(block: Block) -> frozenset[str]:
    """The urls of the extensions that some rule of the block names."""
    return frozenset(
        step.pattern["url"]
        for _, rule in walk(block)
        for steps in paths_of(rule)
        for step in steps
        if isinstance(step, Select | Each) and isinstance(step.pattern.get("url"), str)
    )


def paths_of(rule: Any) -> tuple[Steps, ...]:
    """The elements that a rule is about, from the object that its block stands for."""
    match rule:
        case Field():
            return (rule.steps, *rule.also)
        case Joint():
            return tuple(rule.steps)
        case Carried():
            return (rule.steps, rule.carry)
        case Switch():
            return tuple(steps for case in rule.cases for steps, _ in case.guard.conditions)
        case Values() | LinkedParts():
            return ((*rule.list.holder, Name(rule.list.name), Each(rule.list.pattern), *rule.item),)
        case Items():
            return ((*rule.list.holder, Name(rule.list.name), Each(rule.list.pattern)),)
        case _:
            return ()
