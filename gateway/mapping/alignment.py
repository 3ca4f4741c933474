"""Which old item of a list is which new one, and where each goes.

Getting this wrong ties what a partner knew of one activity to another, so it is kept apart and small: items
that the rule does not read stay where they are, items that live on keep their place as far as the record's
order allows, and new ones follow the item they follow in the record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gateway.mapping.values import same


def align(
    old: Sequence[Any],
    new: Sequence[Any],
    *,
    identity: Callable[[Any], Any],
    by_position: bool,
) -> list[int | None]:
    """For each new view the number of the old view that it continues, or None.

    Equal views first, then equal identity (None is nobody's identity); with `by_position`, what is left
    between two matched neighbours is paired in order, as long as neither has an identity of its own.
    """
    matches: list[int | None] = [None] * len(new)
    free = set(range(len(old)))
    old_identities, new_identities = [identity(view) for view in old], [identity(view) for view in new]

    def pair(agree: Callable[[int, int], bool]) -> None:
        for number in range(len(new)):
            if matches[number] is None:
                # The same place first, so that equal items that did not move are not swapped.
                order = sorted(free, key=lambda there: (there != number, there))
                match = next((there for there in order if agree(there, number)), None)
                if match is not None:
                    matches[number] = match
                    free.discard(match)

    pair(lambda there, here: same(old[there], new[here]))
    pair(
        lambda there, here: (
            new_identities[here] is not None and same(old_identities[there], new_identities[here])
        )
    )
    if by_position:
        _pair_between_neighbours(matches, free, old_identities, new_identities)
    return matches


def _pair_between_neighbours(
    matches: list[int | None], free: set[int], old_identities: list[Any], new_identities: list[Any]
) -> None:
    for number, match in enumerate(matches):
        if match is not None or new_identities[number] is not None:
            continue
        before = [there for there in matches[:number] if there is not None]
        after = [there for there in matches[number + 1 :] if there is not None]
        lowest, highest = (before[-1] if before else -1), (after[0] if after else len(old_identities))
        between = (there for there in sorted(free) if lowest < there < highest)
        found = next((there for there in between if old_identities[there] is None), None)
        if found is not None:
            matches[number] = found
            free.discard(found)


def arrange(length: int, places: Sequence[int], matches: Sequence[int | None]) -> list[tuple[bool, int]]:
    """The new list as (is old, number): True, an old item that is not ours by its index; False, a new item.

    places   the index in the old list of each item that the rule reads
    matches  for each new item the number (in `places`) of the item that it continues, or None
    """
    ours = set(places)
    slots = {places[match] for match in matches if match is not None}
    arranged: list[tuple[bool, int]] = []
    waiting = list(range(len(matches)))
    for index in range(length):
        if index not in ours:
            arranged.append((True, index))
        elif index in slots:
            while waiting:
                number = waiting.pop(0)
                arranged.append((False, number))
                if matches[number] is not None:
                    break
    arranged.extend((False, number) for number in waiting)
    return arranged
