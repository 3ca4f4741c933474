"""The smallest case that still breaks the same law: parts of the JSON are taken away as long as it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any, Final

from gateway.errors import MappingError
from gateway.mapping.laws.broken import Broken

_SECONDS: Final = 10.0


def shrunk(attempt: Callable[..., Any], given: tuple[Any, ...], broken: Broken) -> Broken:
    """The finding on the smallest values that ten seconds find; `given` are the attempt's arguments."""
    until = monotonic() + _SECONDS
    values, smaller = list(given), True
    while smaller:
        smaller = False
        for number, value in enumerate(values):
            while (found := _smaller(attempt, values, number, value, broken, until)) is not None:
                value, broken = found
                values[number] = value
                smaller = True
        if monotonic() > until:
            break
    return broken


def _smaller(
    attempt: Callable[..., Any], values: list[Any], number: int, value: Any, broken: Broken, until: float
) -> tuple[Any, Broken] | None:
    for candidate in lighter(value):
        if monotonic() > until:
            return None
        try:
            attempt(*values[:number], candidate, *values[number + 1 :])
        except Broken as found:
            if (found.law, found.origin) == (broken.law, broken.origin):
                return candidate, found
        except MappingError:
            continue  # without its root, say: no case at all
    return None


def lighter(value: Any) -> Iterator[Any]:
    """The value with one thing less, the largest things first; names that make a resource one stay."""
    if isinstance(value, dict):
        for name in sorted(value, key=lambda key: -len(str(value[key]))):
            if name not in ("resourceType", "id"):
                yield {key: child for key, child in value.items() if key != name}
        for name, child in value.items():
            for smaller in lighter(child):
                yield {**value, name: smaller}
    elif isinstance(value, list):
        if len(value) > 3:
            half = len(value) // 2
            yield from (value[half:], value[:half])
        for index in range(len(value)):
            yield [*value[:index], *value[index + 1 :]]
        for index, child in enumerate(value):
            for smaller in lighter(child):
                yield [*value[:index], smaller, *value[index + 1 :]]
    elif isinstance(value, str) and len(value) > 12 and "/" not in value and ":" not in value:
        yield value[:3]
