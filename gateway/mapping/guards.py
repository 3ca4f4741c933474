"""Which FHIR objects a rule may call its own."""

from __future__ import annotations

from typing import Any

from gateway.mapping.elements import locate
from gateway.mapping.rules import FhirList, Guard
from gateway.mapping.values import MISSING, contains, is_hollow, same


def holds(guard: Guard, node: Any) -> bool:
    """Whether every condition of the guard is true of the object."""
    return all(_is_met(locate(node, steps)[0], expected) for steps, expected in guard.conditions)


def _is_met(found: Any, expected: Any) -> bool:
    if expected is None or is_hollow(found):
        return expected is None and is_hollow(found)
    return expected is MISSING or same(found, expected)


def is_ours(which: FhirList, item: Any) -> bool:
    """Whether the rule that walks this list may read the item at all."""
    return (
        item is not None
        and (not which.pattern or contains(item, which.pattern))
        and holds(which.where, item)
        and not any(contains(item, pattern) for pattern in which.hidden)
    )
