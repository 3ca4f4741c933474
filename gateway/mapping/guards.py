"""Which FHIR objects a rule may call its own."""

from __future__ import annotations

from typing import Any

from gateway.mapping.elements import locate
from gateway.mapping.rules import FhirList, Guard
from gateway.mapping.values import MISSING, contains, is_hollow, same


def holds(guard: Guard, node: Any) -> bool:
    """Whether every condition of the guard is true of the object."""
    for steps, expected in guard.conditions:
        found, _ = locate(node, steps)
        if is_hollow(found) or (expected is not MISSING and not same(found, expected)):
            return False
    return True


def is_ours(which: FhirList, item: Any) -> bool:
    """Whether the rule that walks this list may read the item at all."""
    return (
        item is not None
        and (not which.pattern or contains(item, which.pattern))
        and holds(which.where, item)
        and not any(contains(item, pattern) for pattern in which.hidden)
    )
