"""Which old item of a list is which new one, and where each goes.

Getting this wrong ties what a partner knew of one activity to another, so it is kept apart and small: items
that the rule does not read stay where they are, items that live on keep their place as far as the record's
order allows, and new ones follow the item they follow in the record.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from gateway.mapping.values import as_key, same


def align(
    old: Sequence[Any],
    new: Sequence[Any],
    *,
    identity: Callable[[Any], Any],
    by_position: bool,
) -> list[int | None]:
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
    if len(in_place) == len(old) == len(new):
        return matches
    free = set(range(len(old))) - set(in_place)
    _pair(matches, free, [as_key(view) for view in old], [as_key(view) for view in new])
    old_identities, new_identities = (
        [as_key(known) if (known := identity(view)) is not None else None for view in side]
        for side in (old, new)
    )
    _pair(matches, free, old_identities, new_identities)
    if by_position:
        _pair_between_neighbours(matches, free, old_identities, new_identities)
    return matches


def _pair(matches: list[int | None], free: set[int], old: list[Any], new: list[Any]) -> None:
    """Match what has equal keys: the same place first, so that equal items that did not move are not swapped,
    then the first that is free.
    """
    for here in range(min(len(old), len(new))):
        if matches[here] is None and here in free and new[here] is not None and old[here] == new[here]:
            matches[here] = here
            free.discard(here)
    places: dict[Any, deque[int]] = {}
    for there in sorted(free):
        if old[there] is not None:
            places.setdefault(old[there], deque()).append(there)
    for here, key in enumerate(new):
        if matches[here] is None and key is not None and places.get(key):
            match = places[key].popleft()
            matches[here] = match
            free.discard(match)


def _pair_between_neighbours(
    matches: list[int | None], free: set[int], old_identities: list[Any], new_identities: list[Any]
) -> None:
    following: list[int] = []  # for each new item the first match behind it
    nearest = len(old_identities)
    for match in reversed(matches):
        following.append(nearest)
        nearest = nearest if match is None else match
    following.reverse()
    nameless = sorted(there for there in free if old_identities[there] is None)
    lowest = -1
    for number, match in enumerate(matches):
        if match is not None:
            lowest = match
        elif new_identities[number] is None:
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
