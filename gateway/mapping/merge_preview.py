"""A three-way merge, seen as a record: what each side changed, field by field, and what both did differently.

The gateway merges FHIR elements; people decide about fields. Items of a list are the same item when the map's
key says so; a list without a key is one value. What is only read follows from the rest and is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gateway.fhir.json_codec import write
from gateway.mapping.answers import Put
from gateway.mapping.lens import Lens
from gateway.mapping.record_account import read_only_because
from gateway.mapping.rule_homes import Home, index_of
from gateway.mapping.rules import BackLinkedParts, Items, LinkedParts, Origin, Ours
from gateway.mapping.values import dig, is_hollow, same


class Outcome(StrEnum):
    """Who changed a field since both sides agreed."""

    UNCHANGED = "unchanged"
    OURS = "only ours"
    THEIRS = "only theirs"
    BOTH = "both the same"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class FieldMerge:
    """One record field on all three sides; an item of a list is named by its key, `activities[a1].status`."""

    field: str
    outcome: Outcome
    base: Any
    ours: Any
    theirs: Any
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class Preview:
    """A merge of two edited records.

    record   the merge; where both sides say something else, as ours has it
    put      what putting that record into our resources gives
    """

    fields: tuple[FieldMerge, ...]
    record: dict[str, Any]
    put: Put

    @property
    def conflicts(self) -> tuple[FieldMerge, ...]:
        """The fields that a person has to decide."""
        return tuple(each for each in self.fields if each.outcome is Outcome.CONFLICT)


def preview(
    lens: Lens, base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> Preview:
    """The merge of two versions of the same resources, in one id space, since their common base."""
    merge = _Merge(index_of(lens.rules.root).fields)
    record = merge.objects((), "", *(lens.get(side).record for side in (base, ours, theirs)))
    return Preview(tuple(merge.found), record, lens.put(record, ours))


@dataclass(slots=True)
class _Merge:
    """One merge under way."""

    homes: Mapping[Ours, Home]
    found: list[FieldMerge] = field(default_factory=list)

    def objects(self, ours_path: Ours, shown: str, base: Any, ours: Any, theirs: Any) -> dict[str, Any]:
        """The merged object of three, its fields one by one."""
        sides = [side if isinstance(side, dict) else {} for side in (base, ours, theirs)]
        merged: dict[str, Any] = {}
        for name in dict.fromkeys(name for side in (sides[1], sides[2], sides[0]) for name in side):
            path = (*ours_path, name)
            place = f"{shown}.{name}" if shown else name
            value = self._value(path, place, *(each.get(name) for each in sides))
            if not is_hollow(value):
                merged[name] = value
        return merged

    def _value(self, path: Ours, shown: str, base: Any, ours: Any, theirs: Any) -> Any:
        home = self.homes.get(path)
        if home is None and all(is_hollow(side) or isinstance(side, dict) for side in (base, ours, theirs)):
            return self.objects(path, shown, base, ours, theirs)
        if home is not None and read_only_because(home) is not None:
            return ours
        keyed = None if home is None else _keyed(home, base, ours, theirs)
        if keyed is not None:
            return self._items(path, shown, home, *keyed)
        return self._whole(shown, home, base, ours, theirs)

    def _whole(self, shown: str, home: Home | None, base: Any, ours: Any, theirs: Any) -> Any:
        outcome = _outcome(base, ours, theirs)
        origin = None if home is None else home.origin
        self.found.append(FieldMerge(shown, outcome, base, ours, theirs, origin))
        return theirs if outcome is Outcome.THEIRS else ours

    def _items(
        self,
        path: Ours,
        shown: str,
        home: Home | None,
        base: dict[str, Any],
        ours: dict[str, Any],
        theirs: dict[str, Any],
    ) -> list[Any]:
        merged: list[Any] = []
        for key in dict.fromkeys((*ours, *theirs, *base)):
            sides = [side.get(key) for side in (base, ours, theirs)]
            place = f"{shown}[{key}]"
            if sum(side is not None for side in sides[1:]) == 2:
                merged.append(self.objects(path, place, *sides))
                continue
            item = self._whole(place, home, *sides)
            if item is not None:
                merged.append(item)
        return merged


def _outcome(base: Any, ours: Any, theirs: Any) -> Outcome:
    if same(ours, theirs):
        return Outcome.UNCHANGED if same(base, ours) else Outcome.BOTH
    if same(base, theirs):
        return Outcome.OURS
    return Outcome.THEIRS if same(base, ours) else Outcome.CONFLICT


def _keyed(home: Home, *sides: Any) -> list[dict[str, Any]] | None:
    """The items of each side by their key; None when there is no key, or an item without its own."""
    rule = home.rule
    if isinstance(rule, LinkedParts):
        key: tuple[Ours, ...] = (("id",),)
    elif isinstance(rule, Items | BackLinkedParts) and rule.key:
        key = rule.key
    else:
        return None
    found = [_by_key(side, key) for side in sides]
    return None if any(each is None for each in found) else [each or {} for each in found]


def _by_key(items: Any, key: tuple[Ours, ...]) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    for item in items if isinstance(items, list) else []:
        parts = [dig(item, ours) for ours in key]
        name = ", ".join(_worded(part) for part in parts if part is not None)
        if not name or name in found:
            return None
        found[name] = item
    return found


def _worded(part: Any) -> str:
    return part if isinstance(part, str) else write(part).decode()
