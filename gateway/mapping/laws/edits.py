"""The records that the laws put: what a source shows, with something else in it."""

from __future__ import annotations

from collections.abc import Container
from random import Random
from typing import Any, TypeAlias

from gateway.mapping.laws.words import worded
from gateway.mapping.rules import (
    BackLinkedParts,
    Block,
    Carried,
    Choice,
    Field,
    Items,
    Joint,
    LinkedParts,
    Ours,
    Rule,
    Switch,
    Values,
    fields_of,
)
from gateway.mapping.values import dig, is_hollow, plant, same, tidy

Record: TypeAlias = dict[str, Any]


def mixed(block: Block, shown: Record, other: Record, random: Random) -> Record:
    """A record between the one that is shown and another one, field by field and item by item."""
    mixture: Record = {}
    for group in _groups(block):
        side = random.choice([shown, other])
        for name in group:
            value = side.get(name)
            if isinstance(value, list) and random.random() < 0.5:
                value = _shuffled(shown.get(name) or [], other.get(name) or [], random)
            mixture[name] = value
    return {**(tidy(mixture) or {}), "id": shown["id"]}


def with_value(record: Record, rule: Rule, value: Any) -> Record:
    """The record with another value for one rule; the one given is left alone."""
    changed = copied(record)
    if isinstance(rule, Choice | Switch):
        for ours in fields_of(rule):
            plant(changed, ours, dig(value, ours))
    else:
        plant(changed, rule.ours, value)
    return tidy(changed) or {}


def copied(value: Any) -> Any:
    """The same value, sharing nothing that can be changed."""
    if isinstance(value, dict):
        return {name: copied(child) for name, child in value.items()}
    return [copied(child) for child in value] if isinstance(value, list) else value


def written(block: Block, record: Record, without: Container[int] = ()) -> Record:
    """The part of a record that rules write: without what is only read, and the rules (by `id`) `without`."""
    view: Record = {}
    for rule in block.rules:
        if id(rule) in without:
            continue
        if isinstance(rule, Switch):
            _plant_switch(rule, record, view, without)
            continue
        for ours in _written_fields(rule):
            value = dig(record, ours)
            if is_hollow(value) or _is_read_only(rule):
                continue
            if isinstance(rule, Items | LinkedParts | BackLinkedParts):
                value = [written(rule.block, item, without) for item in value]
            if not (isinstance(rule, Field) and rule.copied):
                plant(view, ours, value)
    return tidy(view) or {}


def only_shows(block: Block, record: Record) -> bool:
    """Whether an item of some list holds only what is read: it can stay where it is, and go nowhere else."""
    lists = [rule for rule in block.rules if isinstance(rule, Items) and not rule.read_only]
    items = [(rule.block, item) for rule in lists for item in dig(record, rule.ours) or ()]
    return any(not written(inner, item) or only_shows(inner, item) for inner, item in items)


def _is_read_only(rule: Rule) -> bool:
    return isinstance(rule, Field | Values | Items | Joint | Carried) and rule.read_only


def _plant_switch(rule: Switch, record: Record, view: Record, without: Container[int]) -> None:
    word = dig(record, rule.ours)
    plant(view, rule.ours, word)
    for case in rule.cases:
        if same(case.word, word):
            shown = written(case.block, record, without)
            for ours in (ours for each in case.block.rules for ours in fields_of(each)):
                plant(view, ours, dig(shown, ours))


def _written_fields(rule: Rule) -> tuple[Ours, ...]:
    if not isinstance(rule, Choice):
        return tuple(fields_of(rule))
    return rule.written


def _groups(block: Block) -> list[set[str]]:
    """Names of record fields that must be taken together: those of one choice or one switch."""
    groups: list[set[str]] = []
    for rule in block.rules:
        names = {ours[0] for ours in fields_of(rule)}
        joined = [group for group in groups if group & names]
        groups = [group for group in groups if not group & names] + [names.union(*joined)]
    return groups


def _shuffled(shown: list[Any], other: list[Any], random: Random) -> list[Any]:
    kept = random.sample(shown, random.randrange(len(shown) + 1)) if shown else []
    seen = [_identity(item) for item in kept]
    added = [item for item in other if _identity(item) not in seen]
    together = [*kept, *added[: random.randrange(len(added) + 1)]]
    random.shuffle(together)
    return together


def _identity(item: Any) -> Any:
    """By what an item is known among its like: its id, else what names it, else all of it."""
    if not isinstance(item, dict):
        return item
    if "id" in item:
        return item["id"]
    return worded({name: item[name] for name in ("system", "value", "kind", "code") if name in item} or item)
