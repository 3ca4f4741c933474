"""Which old item of a list is which new one, and where each goes.

Getting this wrong ties what a partner knew of one activity to another, so it is kept apart and small: items
that the rule does not read stay where they are, items that live on keep their place as far as the record's
order allows, and new ones follow the item they follow in the record.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

from gateway.mapping.values import as_key, same


class Alignment(NamedTuple):
    """Which old view each new view continues.

    matches     for each new view the number of the old one, or None
    unchanged   the numbers of the new views that are the same as the old ones they continue
    """

    matches: list[int | None]
    unchanged: set[int]


def align(
    old: Sequence[Any],
    new: Sequence[Any],
    *,
    identity: Callable[[Any], Any],
    by_position: bool,
) -> Alignment:
    """For each new view the number of the old view that it continues, or None.

    Equal views first, those that did not move before those that did; then equal identity (None is nobody's
    identity), also first in its place; with `by_position`, what is left between two matched neighbours is
    paired in order, as long as neither has an identity of its own. The work grows with the lists, not with
    their product.
    """
    matches: list[int | None] = [None] * len(new)
    in_place = [here for here in range(min(len(old), len(new))) if same(old[here], new[here])]
    for here in in_place:
        matches[here] = here
    unchanged = set(in_place)
    if len(in_place) == len(old) == len(new):
        return Alignment(matches, unchanged)
    free = set(range(len(old))) - set(in_place)
    if len(free) > 1 or free != set(_unmatched(matches)):  # else the one was compared with the other already
        old_keys, new_keys = _keys(old, free, as_key), _keys(new, _unmatched(matches), as_key)
        unchanged |= _pair(matches, free, old_keys, new_keys)

    def known(view: Any) -> Any:
        return None if (found := identity(view)) is None else as_key(found)

    old_identities = _keys(old, free, known)
    new_identities = _keys(new, _unmatched(matches), known)
    _pair(matches, free, old_identities, new_identities)
    if by_position:
        _pair_between_neighbours(matches, free, old_identities, new_identities)
    return Alignment(matches, unchanged)


Keys: TypeAlias = dict[int, Any]
"""By what an item is found again, for those that have any such thing, by their numbers in order."""


def _unmatched(matches: list[int | None]) -> Iterable[int]:
    return (number for number, match in enumerate(matches) if match is None)


def _keys(views: Sequence[Any], which: Iterable[int], key: Callable[[Any], Any]) -> Keys:
    found = ((number, key(views[number])) for number in sorted(which))
    return {number: each for number, each in found if each is not None}


def _pair(matches: list[int | None], free: set[int], old: Keys, new: Keys) -> set[int]:
    """Match what has equal keys: the same place first, so that equal items that did not move are not swapped,
    then the first that is free. The numbers of what was matched now.
    """
    paired: set[int] = set()
    for here, key in new.items():
        if here in free and old.get(here) == key:
            matches[here] = here
            free.discard(here)
            paired.add(here)
    places: dict[Any, deque[int]] = {}
    for there, key in old.items():
        if there in free:
            places.setdefault(key, deque()).append(there)
    for here, key in new.items():
        if matches[here] is None and places.get(key):
            match = places[key].popleft()
            matches[here] = match
            free.discard(match)
            paired.add(here)
    return paired


def _pair_between_neighbours(matches: list[int | None], free: set[int], old: Keys, new: Keys) -> None:
    """Pair the items that nothing names, in order, between the matches before and behind them."""
    following: list[int] = []  # for each new item the first match behind it
    nearest = max(free, default=0) + 1
    for match in reversed(matches):
        following.append(nearest)
        nearest = nearest if match is None else match
    following.reverse()
    nameless = sorted(there for there in free if there not in old)
    lowest = -1
    for number, match in enumerate(matches):
        if match is not None:
            lowest = match
        elif number not in new:
            next_free = bisect_right(nameless, lowest)
            if next_free < len(nameless) and nameless[next_free] < following[number]:
                lowest = matches[number] = nameless.pop(next_free)
                free.discard(lowest)


def arrange(length: int, places: Sequence[int], matches: Sequence[int | None]) -> list[tuple[bool, int]]:
    """The new list as (is old, number): True, an old item that is not ours by its index; False, a new item.

    places   the index in the old list of each item that the rule reads
    matches  for each new item the number (in `places`) of the item that it continues, or None
    """
    ours = set(places)
    slots = {places[match] for match in matches if match is not None}
    arranged: list[tuple[bool, int]] = []
    waiting = deque(range(len(matches)))
    for index in range(length):
        if index not in ours:
            arranged.append((True, index))
        elif index in slots:
            while waiting:
                number = waiting.popleft()
                arranged.append((False, number))
                if matches[number] is not None:
                    break
    arranged.extend((False, number) for number in waiting)
    return arranged
