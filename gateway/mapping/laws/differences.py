"""Where two JSON values differ, whatever the order of their names: 1.10 is not 1.1 here, true is not 1."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from gateway.mapping.elements import Location
from gateway.mapping.values import MISSING


def identical(a: Any, b: Any) -> bool:
    """Whether nobody could tell the two apart."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return len(a) == len(b) and all(name in b and identical(child, b[name]) for name, child in a.items())
    if isinstance(a, list):
        return len(a) == len(b) and all(map(identical, a, b))
    if isinstance(a, Decimal):
        return bool(a.as_tuple() == b.as_tuple())
    return bool(a == b)


def differences(a: Any, b: Any, at: Location = ()) -> Iterator[Location]:
    """The smallest places where the two differ; lists of different length differ as a whole."""
    if a is b:
        return
    if isinstance(a, dict) and isinstance(b, list):
        a = [a]  # writing repairs what should have been a list
    if isinstance(a, dict) and isinstance(b, dict):
        for name in {**a, **b}:
            yield from differences(a.get(name, MISSING), b.get(name, MISSING), (*at, name))
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for index, (one, two) in enumerate(zip(a, b, strict=True)):
            yield from differences(one, two, (*at, index))
    elif not identical(a, b):
        yield at


def agree(a: Any, b: Any) -> bool:
    """Whether nothing differs between what was and what is; a list of one may have been an object."""
    return next(differences(a, b), None) is None


def resource_differences(before: Any, after: Any) -> Iterator[Location]:
    """The same for resources by type, each place with its resource's number: ("Goal", 1, "priority")."""
    for name in {**before, **after}:
        one, two = (_held(each.get(name)) for each in (before, after))
        yield from differences(one, two, (name,))


def _held(resources: Any) -> list[Any]:
    return resources if isinstance(resources, list) else [] if resources is None else [resources]
