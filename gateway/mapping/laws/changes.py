"""Which changes a case tries: one field of one item for each rule on trial, and lists in another order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from marshmallow import Schema

from gateway.mapping.codecs import AnyReference, CodingCodec, Concept, RecordReference
from gateway.mapping.laws.frame import Change
from gateway.mapping.laws.overruled import obeyed, overruled
from gateway.mapping.laws.records import Drawing, Drawn, value_drawer
from gateway.mapping.laws.residue import ListRule, Shuffle
from gateway.mapping.laws.spots import Holder, Place, Sight, Spot
from gateway.mapping.paths import Name
from gateway.mapping.rules import (
    BackLinkedParts,
    Block,
    Carried,
    Choice,
    Field,
    Guard,
    Items,
    Switch,
    Values,
    fields_of,
)
from gateway.mapping.schema_fields import find, item_schema
from gateway.mapping.values import dig, is_hollow, plant, same, tidy


class Edits:
    """Draws the changes that a map's rules allow."""

    def __init__(self, root: Block, schema: Schema | None) -> None:
        self._without = overruled(root)
        self._spots = [spot for spot in obeyed(root) if not _is_root_id(spot)]
        self._described = [spot for spot in self._spots if _is_described(spot)] or self._spots
        self._values = {id(spot.rule): _drawer(spot, schema) for spot in self._spots}
        self._lists = list(_with_lists(root))

    def on_trial(self, case: int) -> tuple[Spot, Spot]:
        """The two rules that a case is about: one of all in turn, one of those whose value is described."""
        return self._spots[case % len(self._spots)], self._described[case % len(self._described)]

    def change(self, spot: Spot, sight: Sight, drawn: Drawing) -> Change | None:
        """Another value for the spot's field in one of the items that it is at work in."""
        place = sight.pick(spot.path, drawn.random)
        if place is None:
            return None
        if spot.whole is not spot.rule and is_hollow(dig(place.view, _ours(spot))):
            # Another form of the choice, or another case of the switch, holds: all of it is replaced.
            spot = Spot(spot.path, spot.block, spot.whole, spot.whole)
        if _guards(spot):
            return None
        current = _shown(spot, place)
        if not is_hollow(current) and not spot.is_key and drawn.happens(0.1):
            return Change(spot, place.numbers, None)
        for _ in range(8):
            value = self._values[id(spot.rule)](drawn)
            if not same(value, current):
                return Change(spot, place.numbers, value)
        return None

    def shuffles(self, on_trial: tuple[Spot, ...], sight: Sight, drawn: Drawing) -> Iterator[Shuffle]:
        """Other orders for the root's lists, and for those of one object inside: of one on trial, if any."""
        inside = [each for each in self._lists if each[0]]
        around = {id(spot.block) for spot in on_trial if spot.is_list}
        likely = [each for each in inside if id(each[1]) in around] or inside
        chosen = [each for each in self._lists if not each[0]]
        for path, block in [*chosen, *([drawn.random.choice(likely)] if likely else [])]:
            place = sight.pick(path, drawn.random)
            if place is not None:
                yield self._shuffle(path, block, place, drawn)

    def _shuffle(self, path: tuple[Holder, ...], block: Block, place: Place, drawn: Drawing) -> Shuffle:
        kept: dict[int, tuple[int, ...]] = {}
        changed: dict[int, tuple[int, Field, Any]] = {}
        for number, rule in enumerate(block.rules):
            if not _is_shuffled(rule) or id(rule) in self._without:
                continue
            assert isinstance(rule, ListRule), "only lists are shuffled"
            items = dig(place.view, rule.ours)
            count = len(items) if isinstance(items, list) else 0
            least = 0 if drawn.happens(0.3) else count
            order = tuple(drawn.random.sample(range(count), drawn.random.randint(least, count)))
            # Most lists are short: one that drew the order it has is turned round.
            kept[number] = order[::-1] if order == tuple(range(count)) else order
            if isinstance(rule, Items) and rule.key and kept[number]:
                change = self._keyed_change(rule, items, kept[number], drawn)
                if change is not None:
                    changed[number] = change
        return Shuffle(path, place.numbers, block, kept, changed)

    def _keyed_change(
        self, rule: Items, items: list[Any], kept: tuple[int, ...], drawn: Drawing
    ) -> tuple[int, Field, Any] | None:
        """Another value in one of the items kept, when its key tells it from all others."""
        which = drawn.random.randrange(len(kept))
        item = items[kept[which]]
        key = [dig(item, ours) for ours in rule.key]
        alike = [other for other in items if same([dig(other, ours) for ours in rule.key], key)]
        fields = [each for each in rule.block.rules if isinstance(each, Field) and id(each) in self._values]
        free = [each for each in fields if each.ours not in rule.key and not _is_guard(rule.list.where, each)]
        if len(alike) > 1 or not free or any(part is None for part in key):
            return None
        field = drawn.random.choice(free)
        value = self._values[id(field)](drawn)
        return None if same(value, dig(item, field.ours)) else (which, field, value)


def _drawer(spot: Spot, schema: Schema | None) -> Drawn:
    for rule in spot.path:
        schema = item_schema(find(schema, rule.ours))
    return value_drawer(spot.rule, schema)


def _ours(spot: Spot) -> tuple[str, ...]:
    ours: tuple[str, ...] = getattr(spot.rule, "ours", ())
    return ours


def _shown(spot: Spot, place: Place) -> Any:
    if not isinstance(spot.rule, Choice | Switch):
        return dig(place.view, _ours(spot))
    shown: dict[str, Any] = {}
    for ours in fields_of(spot.rule):
        plant(shown, ours, dig(place.view, ours))
    return tidy(shown)


def _is_root_id(spot: Spot) -> bool:
    return not spot.path and _ours(spot) == ("id",)


def _is_described(spot: Spot) -> bool:
    """Whether something may stand beside the value that describes it: a reference, a code, a unit."""
    if isinstance(spot.rule, Carried):
        return True
    if not isinstance(spot.rule, Field) or spot.is_key:
        return False
    if isinstance(spot.rule.codec, Concept | CodingCodec | RecordReference | AnyReference):
        return True
    return bool(spot.rule.stale) or spot.rule.steps[-1] in (Name("reference"), Name("code"))


def _is_shuffled(rule: Any) -> bool:
    if not isinstance(rule, ListRule):
        return False
    return not (isinstance(rule, Values) and rule.one) and not getattr(rule, "read_only", False)


def _with_lists(block: Block, path: tuple[Holder, ...] = ()) -> Iterator[tuple[tuple[Holder, ...], Block]]:
    if any(_is_shuffled(rule) for rule in block.rules):
        yield path, block
    for rule in block.rules:
        if isinstance(rule, ListRule) and not isinstance(rule, Values):
            yield from _with_lists(rule.block, (*path, rule))


def _guards(spot: Spot) -> bool:
    """Whether the field's element is what makes an item of its list ours: it cannot change and stay."""
    holder = spot.path[-1] if spot.path else None
    if isinstance(holder, Items):
        return _is_guard(holder.list.where, spot.rule)
    return isinstance(holder, BackLinkedParts) and _is_guard(holder.where, spot.rule)


def _is_guard(where: Guard, rule: Any) -> bool:
    steps = getattr(rule, "steps", ())
    return any(
        condition[: len(steps)] == steps[: len(condition)] and expected is not None
        for condition, expected in where.conditions
        if steps
    )
