"""Every rule of a map with the lists that lead to it, and the places where it is at work in resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

from gateway.mapping.elements import Location
from gateway.mapping.read_context import Found, Reading
from gateway.mapping.reading import items_of, read_back_links, read_items, read_links, read_values
from gateway.mapping.rules import (
    BackLinkedParts,
    Block,
    Choice,
    Field,
    Items,
    LinkedParts,
    Ours,
    Rule,
    Switch,
    Values,
)
from gateway.mapping.values import dig, same

Holder: TypeAlias = Items | LinkedParts | BackLinkedParts
Resources: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Spot:
    """A rule, where it stands among the rules.

    path    the list rules that lead from the root to its block
    whole   the rule that owns its elements: itself, or the choice that it is a form of
    """

    path: tuple[Holder, ...]
    block: Block
    rule: Rule
    whole: Rule

    @property
    def is_list(self) -> bool:
        """Whether the record shows several items here."""
        if isinstance(self.rule, Values):
            return not self.rule.one
        return isinstance(self.rule, Items | LinkedParts | BackLinkedParts)

    @property
    def is_written(self) -> bool:
        """Whether a record can change it at this spot."""
        if any(getattr(each, "read_only", False) for each in (*self.path, self.rule)):
            return False
        return not (isinstance(self.rule, Field) and self.rule.copied)

    @property
    def is_key(self) -> bool:
        """Whether the field tells the items of its list apart."""
        holder = self.path[-1] if self.path else None
        key: tuple[Ours, ...] = (("id",),)
        if isinstance(holder, Items | BackLinkedParts):
            key = holder.key
        return getattr(self.rule, "ours", None) in key


def spots(block: Block, path: tuple[Holder, ...] = (), whole: Rule | None = None) -> Iterator[Spot]:
    """Every rule of a block and of those inside it; a choice or switch as a whole, then each rule in it."""
    for rule in block.rules:
        owner = whole or rule
        yield Spot(path, block, rule, owner)
        match rule:
            case Choice():
                inner = {id(each): each for way in rule.alternatives for each in way.rules}
                yield from (Spot(path, block, each, owner) for each in inner.values())
            case Switch():
                for case in rule.cases:
                    yield from spots(case.block, path, owner)
            case Items() | LinkedParts() | BackLinkedParts():
                yield from spots(rule.block, (*path, rule))


def blocks(block: Block, path: tuple[Holder, ...] = ()) -> Iterator[tuple[tuple[Holder, ...], Block]]:
    """The block and those of the items inside it, each with the lists that lead to its objects."""
    yield path, block
    for rule in block.rules:
        if isinstance(rule, Items | LinkedParts | BackLinkedParts):
            yield from blocks(rule.block, (*path, rule))


@dataclass(frozen=True, slots=True)
class Place:
    """One object that a block stands for.

    at        its place among the resources: ("CarePlan", 0, "activity", 2)
    numbers   for each list on the way, the number of its item in the record
    """

    at: Location
    node: Any
    view: Mapping[str, Any]
    numbers: tuple[int, ...] = ()


class Sight:
    """What the rules find in given resources; each list is read once."""

    def __init__(self, type_name: str, resources: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        self._parts = {
            name: held if isinstance(held, list) else [held]
            for name, held in resources.items()
            if name != type_name
        }
        self._found: dict[tuple[int, Location], list[Found]] = {}
        root = resources.get(type_name, {})
        self.root = Place((type_name, 0), root[0] if isinstance(root, list) else root, record)

    def found(self, rule: Values | Holder, place: Place) -> list[Found]:
        """The items that a list rule reads in an object."""
        key = (id(rule), place.at)
        if key not in self._found:
            self._found[key] = self._read(rule, place)
        return self._found[key]

    def _read(self, rule: Values | Holder, place: Place) -> list[Found]:
        reading = Reading(self._parts)
        match rule:
            case Items():
                return read_items(rule, place.node, place.at, reading)
            case Values():
                return read_values(rule, place.node, place.at, reading)
            case LinkedParts():
                return read_links(rule, place.node, place.at, reading)
            case BackLinkedParts():
                return read_back_links(rule, place.node, place.at, reading)

    def places(self, path: tuple[Holder, ...]) -> list[Place]:
        """Every object that these lists lead to."""
        places = [self.root]
        for rule in path:
            places = [inner for place in places for inner in self._inside(rule, place)]
        return places

    def pick(self, path: tuple[Holder, ...], random: Random) -> Place | None:
        """One of the objects that these lists lead to, or None."""
        place = self.root
        for rule in path:
            inside = self._inside(rule, place)
            if not inside:
                return None
            place = random.choice(inside)
        return place

    def at(self, path: tuple[Holder, ...], numbers: tuple[int, ...]) -> Place | None:
        """The object that is this item of these lists."""
        place = self.root
        for rule, number in zip(path, numbers, strict=True):
            inside = self._inside(rule, place)
            if number >= len(inside):
                return None
            place = inside[number]
        return place

    def _inside(self, rule: Holder, place: Place) -> list[Place]:
        found, inside = self.found(rule, place), []
        if len(dig(place.view, rule.ours) or ()) != len(found):
            return []  # the list of another case of a switch
        for number, each in enumerate(found):
            node, at = each.item, self._location(rule, place, each)
            inside.append(Place(at, node, each.view, (*place.numbers, number)))
        return inside

    def _location(self, rule: Holder, place: Place, found: Found) -> Location:
        if isinstance(rule, Items):
            _, _, there = items_of(rule.list, place.node, place.at)
            return (*there, found.index)
        held = self._parts.get(rule.type, [])
        if isinstance(rule, LinkedParts):
            return (rule.type, next(index for index, part in enumerate(held) if part is found.item))
        return (rule.type, found.index)


def shown_at(record: Mapping[str, Any], path: tuple[Holder, ...], numbers: tuple[int, ...]) -> Any:
    """The record's object at these items of these lists, or None."""
    node: Any = record
    for rule, number in zip(path, numbers, strict=True):
        items = dig(node, rule.ours)
        node = items[number] if isinstance(items, list) and number < len(items) else None
    return node


def is_ambiguous(record: Mapping[str, Any], path: tuple[Holder, ...], numbers: tuple[int, ...]) -> bool:
    """Whether one of these items is equal to another of its list, so that nobody can tell which is which."""
    for depth, (rule, mine) in enumerate(zip(path, numbers, strict=True)):
        items = dig(shown_at(record, path[:depth], numbers[:depth]), rule.ours)
        whole = isinstance(rule, Items)
        for number, item in enumerate(items):
            if number == mine:
                continue
            if same(item, items[mine]) if whole else item.get("id") == items[mine].get("id"):
                return True
    return False
