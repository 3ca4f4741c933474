"""Frame: changing one field touches its elements, what described them, generated narrative; nothing else.

Inside lists and parts too. Two more laws are tried on the same change. Stale: nothing that described the old
value is left. Exact: the new one stands there as it was said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.mapping.elements import Location
from gateway.mapping.laws.broken import Broken, Law
from gateway.mapping.laws.differences import agree, differences, resource_differences
from gateway.mapping.laws.edits import Record, copied, with_value, written
from gateway.mapping.laws.exact import misspelt
from gateway.mapping.laws.footprints import outside, without_narrative
from gateway.mapping.laws.spots import Place, Sight, Spot, is_ambiguous, shown_at
from gateway.mapping.laws.staleness import left_over
from gateway.mapping.laws.trial import Resources, Trial
from gateway.mapping.reading import items_of
from gateway.mapping.rules import BackLinkedParts, Field, LinkedParts
from gateway.mapping.values import MISSING, same


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one item gets another value; `numbers` say which item of each list on the way."""

    spot: Spot
    numbers: tuple[int, ...]
    value: Any

    def of(self, record: Record) -> Record | None:
        """The record with the change; None when it has no such item, or the item would say nothing."""
        if shown_at(record, self.spot.path, self.numbers) is None:
            return None
        changed: Record = copied(record)
        holder = shown_at(changed, self.spot.path, self.numbers)
        new = with_value(holder, self.spot.rule, self.value)
        if self.numbers and not written(self.spot.block, new):
            return None
        holder.clear()
        holder.update(new)
        return changed


def frame(trial: Trial, source: Resources, change: Change) -> bool:
    """Whether the change could be tried; Broken when it touched more than it may."""
    record = trial.get(source)
    wanted = change.of(record)
    sight = Sight(trial.type, source, record)
    place = sight.at(change.spot.path, change.numbers)
    if (
        wanted is None
        or place is None
        or same(wanted, record)
        or is_ambiguous(wanted, change.spot.path, change.numbers)
    ):
        return False
    after = trial.put(wanted, source)
    if after is None:
        return False
    found = next(_unexpected(trial, change, sight, place, source, after), None)
    if found is not None:
        why = "another element changed too"
        raise Broken(Law.FRAME, why, wanted, source, after, change.spot.rule.origin, found)
    if change.spot.is_key:
        return True
    now = node_at(after, place.at)
    if left := left_over(change.spot.whole, change.spot.block, place.node, now):
        why = f"{', '.join(left)} outlived the old value"
        raise Broken(Law.STALE, why, wanted, source, after, change.spot.rule.origin, place.at)
    if isinstance(change.spot.rule, Field) and change.value is not None:
        for why in misspelt(change.spot.rule, now, change.value):
            raise Broken(Law.EXACT, why, wanted, source, after, change.spot.rule.origin, place.at)
    return True


def _unexpected(
    trial: Trial, change: Change, sight: Sight, place: Place, before: Resources, after: Resources
) -> Iterator[Location]:
    """Every place that changed and is not the change's own."""
    spot = change.spot
    own, types = _own(change, sight, place)
    copies = trial.copied.get(getattr(spot.rule, "ours", ()), ())
    for where in resource_differences(before, after):
        if where[0] in types or where[: len(own)] == own or is_narrative(where):
            continue
        if not _is_copy(where, copies, before, after):
            yield where
    if spot.is_key:
        return
    was, now = outside(spot.whole, place.node), outside(spot.whole, node_at(after, place.at))
    if len(place.at) == 2:  # a resource, whose narrative follows every change
        was, now = without_narrative(was), without_narrative(now)
    if not agree(was, now):
        yield (*place.at, *next(differences(was, now), ()))


def _own(change: Change, sight: Sight, place: Place) -> tuple[Location, set[str]]:
    """The place that a change may alter, and the types whose resources it may write as a whole.

    A changed key makes another item: then it is the whole list, and all parts of its type.
    """
    spot = change.spot
    if isinstance(spot.rule, LinkedParts | BackLinkedParts):
        return place.at, {spot.rule.type}
    if not spot.is_key or not spot.path:
        return place.at, set()
    holder, outer = spot.path[-1], sight.at(spot.path[:-1], change.numbers[:-1])
    assert outer is not None, "the place inside was found"
    if isinstance(holder, BackLinkedParts):
        return place.at, {holder.type}
    _, _, at = items_of(holder.list, outer.node, outer.at)
    return at, {holder.type} if isinstance(holder, LinkedParts) else set()


def is_narrative(where: Location) -> bool:
    """Whether the place is a resource's narrative, which follows every change."""
    return len(where) > 2 and where[2] == "text"


def _is_copy(where: Location, copies: Any, before: Resources, after: Resources) -> bool:
    """Whether the place lies in a part that repeats the changed field, at the element that does."""
    for type_name, rule in copies:
        if where[0] == type_name:
            was, now = node_at(before, where[:2]), node_at(after, where[:2])
            if agree(without_narrative(outside(rule, was)), without_narrative(outside(rule, now))):
                return True
    return False


def node_at(resources: Any, at: Location) -> Any:
    """What stands at a place among resources by type; MISSING when there is nothing."""
    node = resources
    for step in at:
        if isinstance(step, int) and isinstance(node, dict):
            continue  # a resource given alone, where others are a list
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            return MISSING
    return node
