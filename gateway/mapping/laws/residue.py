"""Residue: with items taken away or put in another order, the others and the foreign ones stay as they were.

In a list with a key one of those that stay is changed too: what a partner knew of it goes with the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.mapping.laws.broken import Broken, Law
from gateway.mapping.laws.differences import agree, differences, identical, resource_differences
from gateway.mapping.laws.edits import Record, copied, with_value, written
from gateway.mapping.laws.footprints import outside, outside_of, without_narrative
from gateway.mapping.laws.frame import is_narrative
from gateway.mapping.laws.spots import Holder, Place, Sight, is_ambiguous, shown_at
from gateway.mapping.laws.trial import Resources, Trial
from gateway.mapping.paths import Name, show
from gateway.mapping.read_context import Found
from gateway.mapping.reading import items_of, linked_id
from gateway.mapping.rules import BackLinkedParts, Block, Field, Items, LinkedParts, Values
from gateway.mapping.values import dig, plant, tidy

ListRule = Values | Items | LinkedParts | BackLinkedParts


@dataclass(frozen=True, slots=True)
class Shuffle:
    """For one object the items that each of its lists keeps, in their new order.

    kept      for each list rule (by its number among the block's rules) the numbers of the items kept
    changed   for some of these rules: of which of the items kept which field gets which value
    """

    path: tuple[Holder, ...]
    numbers: tuple[int, ...]
    block: Block
    kept: Mapping[int, tuple[int, ...]]
    changed: Mapping[int, tuple[int, Field, Any]]

    def of(self, record: Record) -> tuple[Record, dict[int, list[int]]]:
        """The record with the lists shuffled, and what each list really kept."""
        wanted = copied(record)
        holder = shown_at(wanted, self.path, self.numbers)
        kept: dict[int, list[int]] = {}
        for number, order in self.kept.items():
            rule = self.block.rules[number]
            assert isinstance(rule, ListRule), "only lists are shuffled"
            shown = dig(holder, rule.ours)
            if not isinstance(shown, list):
                continue
            kept[number] = [index for index in order if index < len(shown)]
            items = [shown[index] for index in kept[number]]
            if change := self.change(number, len(items)):
                items[change[0]] = with_value(items[change[0]], change[1], change[2])
            plant(holder, rule.ours, items)
        return wanted, kept

    def change(self, number: int, length: int) -> tuple[int, Field, Any] | None:
        """The change among the items that this list rule keeps, if there is one."""
        change = self.changed.get(number)
        return change if change is not None and change[0] < length else None


@dataclass(frozen=True, slots=True)
class _Shuffled:
    """What became of the lists of one object."""

    record: Record
    before: Resources
    after: Resources
    was: Place
    now: Place

    def broken(self, why: str, rule: ListRule | None = None, at: Any = None) -> Broken:
        origin = rule.origin if rule is not None else None
        return Broken(Law.RESIDUE, why, self.record, self.before, self.after, origin, at or self.was.at)


def residue(trial: Trial, source: Resources, shuffle: Shuffle) -> bool:
    """Whether the shuffle could be tried; Broken when an item lost or gained content."""
    record = trial.get(source)
    sight = Sight(trial.type, source, record)
    was = sight.at(shuffle.path, shuffle.numbers)
    if was is None:
        return False
    wanted, kept = shuffle.of(record)
    if is_ambiguous(wanted, shuffle.path, shuffle.numbers) or _says_nothing(wanted, shuffle):
        return False
    after = trial.put(wanted, source)
    if after is None:
        return False
    now = Sight(trial.type, after, trial.get(after)).at(shuffle.path, shuffle.numbers)
    assert now is not None, "PutGet holds, so the object around the lists is there"
    shuffled = _Shuffled(wanted, source, after, was, now)
    rules = {number: rule for number in kept if isinstance(rule := shuffle.block.rules[number], ListRule)}
    shared: dict[str, list[_One]] = {}
    gone: dict[str, list[Found]] = {}
    for number, rule in rules.items():
        found, stay = sight.found(rule, was), kept[number]
        if isinstance(rule, BackLinkedParts):
            unlinked = [each for index, each in enumerate(found) if index not in stay]
            gone.setdefault(rule.type, []).extend(unlinked)
        else:
            one = _One(rule, found, stay, shuffle.change(number, len(stay)))
            shared.setdefault(show((*rule.list.holder, Name(rule.list.name))), []).append(one)
    for type_name, parts in gone.items():
        _check_parts(type_name, parts, shuffled)
    for rules_of_one_list in shared.values():
        _check_list(rules_of_one_list, shuffled)
    _check_rest(list(rules.values()), shuffled, is_resource=len(was.at) == 2)
    return True


def _says_nothing(wanted: Record, shuffle: Shuffle) -> bool:
    """Whether the item around the lists is left without anything to write, and so is no item any more."""
    holder = shown_at(wanted, shuffle.path, shuffle.numbers)
    return bool(shuffle.path) and not written(shuffle.block, tidy(holder) or {})


@dataclass(frozen=True, slots=True)
class _One:
    """A rule of a list, what it read there, which of that was kept, and which of those was changed."""

    rule: Values | Items | LinkedParts
    found: list[Found]
    kept: list[int]
    change: tuple[int, Field, Any] | None


def _check_list(ones: list[_One], shuffled: _Shuffled) -> None:
    """The rules that share one list are looked at together: what one may move is foreign to the other."""
    rule = ones[0].rule
    before, left = _entries(rule, shuffled.was.node), _entries(rule, shuffled.now.node)
    readable = {each.index for one in ones for each in one.found} | _second_links(ones, before)
    foreign = [entry for index, entry in enumerate(before) if index not in readable]
    _check_order(rule, foreign, left, shuffled)
    for entry in foreign:
        del left[next(index for index, other in enumerate(left) if identical(entry, other))]
    changes = {one.found[one.kept[one.change[0]]].index: one.change for one in ones if one.change}
    # Of items that look alike to the record any may stay, so they are not asked for by number.
    pool = [before[index] for index in readable if index not in changes]
    strange = [entry for entry in left if not _taken_from(pool, entry)]
    for index, (_, field, _) in changes.items():
        was = outside(field, before[index][0])
        match = next((n for n, entry in enumerate(strange) if agree(was, outside(field, entry[0]))), None)
        if match is None:
            raise shuffled.broken("an item lost what was known of it, or took over another's", rule)
        del strange[match]
    if strange:
        raise shuffled.broken("an item lost or gained content", rule)


def _second_links(ones: list[_One], entries: list[Any]) -> set[int]:
    """Further links to parts that are shown already: they go with the first."""
    indices: set[int] = set()
    for one in ones:
        if isinstance(one.rule, LinkedParts):
            shown = {each.item.get("id") for each in one.found}
            indices |= {n for n, entry in enumerate(entries) if linked_id(one.rule, entry[0]) in shown}
    return indices


def _taken_from(pool: list[Any], entry: Any) -> bool:
    match = next((index for index, other in enumerate(pool) if identical(entry, other)), None)
    if match is not None:
        del pool[match]
    return match is not None


def _check_order(rule: ListRule, foreign: list[Any], entries: list[Any], shuffled: _Shuffled) -> None:
    """Items that are not ours keep their order."""
    start = 0
    for entry in foreign:
        match = next((n for n in range(start, len(entries)) if identical(entry, entries[n])), None)
        if match is None:
            raise shuffled.broken("an item that is not the rule's was lost, changed or moved", rule)
        start = match + 1


def _check_parts(type_name: str, gone: list[Found], shuffled: _Shuffled) -> None:
    """Parts that stay, and those of others, are as they were; one gone is still there, without its link."""
    unlinked = {id(each.item) for each in gone}
    before, left = (_held(each, type_name) for each in (shuffled.before, shuffled.after))
    left = list(left)
    for part in before:
        match = next(
            (n for n, other in enumerate(left) if _is_still(part, other, id(part) in unlinked)), None
        )
        if match is None:
            raise shuffled.broken("a part was lost or changed", None, (type_name,))
        del left[match]
    if left:
        raise shuffled.broken("a part appeared", None, (type_name,))


def _is_still(part: Any, other: Any, is_unlinked: bool) -> bool:
    if not is_unlinked:
        return identical(part, other)
    return bool(part.get("id") == other.get("id")) and not identical(part, other)


def _check_rest(rules: list[ListRule], shuffled: _Shuffled, *, is_resource: bool) -> None:
    """Everything but the lists is as it was; unlinking changes no linked part."""
    types = {rule.type for rule in rules if isinstance(rule, BackLinkedParts)}
    at = shuffled.was.at
    for where in resource_differences(shuffled.before, shuffled.after):
        if where[0] not in types and where[: len(at)] != at and not is_narrative(where):
            raise shuffled.broken("something outside the lists changed", None, where)
    was, now = (outside_of(rules, place.node) for place in (shuffled.was, shuffled.now))
    if is_resource:
        was, now = without_narrative(was), without_narrative(now)
    if not agree(was, now):
        raise shuffled.broken(
            "something beside the lists changed", None, (*at, *next(differences(was, now), ()))
        )


def _entries(rule: Values | Items | LinkedParts, node: Any) -> list[Any]:
    items, siblings, _ = items_of(rule.list, node, ())
    return [list(pair) for pair in zip(items, siblings, strict=True)]


def _held(resources: Resources, type_name: str) -> list[Any]:
    held = resources.get(type_name, [])
    return held if isinstance(held, list) else [held]
