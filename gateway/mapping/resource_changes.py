"""What differs between two versions of a FHIR value, leaf by leaf; items of a list are found again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from gateway.mapping.elements import Location, leaves
from gateway.mapping.values import MISSING, same


class Change(NamedTuple):
    """One leaf that differs. `at` is None for what was added, `now_at` for what was taken away."""

    was_at: Location | None
    now_at: Location | None
    was: Any
    now: Any


def changes(was: Any, now: Any, was_at: Location = (), now_at: Location = ()) -> Iterator[Change]:
    """The leaves that differ, in the order of the new value; what is gone comes where it stood.

    An item that is the same in both lists is no change, wherever it stands; of the others those that share
    the most are taken for one another, and items that share nothing in their order.
    """
    if was is now:
        return
    if isinstance(was, dict) and isinstance(now, dict):
        for name in dict.fromkeys((*was, *now)):
            one, two = was.get(name, MISSING), now.get(name, MISSING)
            yield from changes(one, two, (*was_at, name), (*now_at, name))
    elif isinstance(was, list) and isinstance(now, list):
        yield from _in_lists(was, now, was_at, now_at)
    elif isinstance(was, dict | list) or isinstance(now, dict | list):
        yield from (Change(at, None, value, MISSING) for at, value in _leaves(was, was_at))
        yield from (Change(None, at, MISSING, value) for at, value in _leaves(now, now_at))
    elif type(was) is not type(now) or was != now:
        yield Change(None if was is MISSING else was_at, None if now is MISSING else now_at, was, now)


def _in_lists(was: list[Any], now: list[Any], was_at: Location, now_at: Location) -> Iterator[Change]:
    left = list(range(len(was)))
    partner: dict[int, int] = {}
    for number, item in enumerate(now):
        found = next((index for index in left if was[index] is item), None)
        found = next((index for index in left if same(was[index], item)), None) if found is None else found
        if found is not None:
            partner[number] = found
            left.remove(found)
    likely = sorted(
        ((_shared(was[index], now[number]), -number, -index) for index in left for number in range(len(now))),
        reverse=True,
    )
    for _, number, index in likely:
        if -index in left and -number not in partner:
            partner[-number] = -index
            left.remove(-index)
    for number, item in enumerate(now):
        old = partner.get(number)
        before = MISSING if old is None else was[old]
        yield from changes(before, item, (*was_at, number if old is None else old), (*now_at, number))
    for index in left:
        yield from changes(was[index], MISSING, (*was_at, index), now_at)


def _shared(one: Any, two: Any) -> int:
    """How much two items have in common; what names them counts most."""
    if not isinstance(one, dict) or not isinstance(two, dict):
        return 0
    return sum(100 if name in ("id", "reference") else 1 for name in one if same(one[name], two.get(name)))


def _leaves(value: Any, at: Location) -> Iterator[tuple[Location, Any]]:
    return iter(()) if value is MISSING else leaves(value, at)
