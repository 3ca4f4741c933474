"""What stands at a path of a FHIR object, looked up apart from the engine."""

from __future__ import annotations

from typing import Any

from gateway.mapping.paths import First, Name, Steps
from gateway.mapping.values import contains


def standing(node: Any, steps: Steps) -> Any:
    """The element at the end of the steps; None when nothing, or a null, stands there."""
    for step in steps:
        if isinstance(step, Name):
            node = node.get(step.name) if isinstance(node, dict) else None
        else:
            # A single object where a list belongs is read as a list of one.
            items = node if isinstance(node, list) else [node] if isinstance(node, dict) else []
            pattern = {} if isinstance(step, First) else step.pattern
            node = next((item for item in items if not pattern or contains(item, pattern)), None)
    return node
