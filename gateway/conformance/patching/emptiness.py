"""Lists and objects with nothing in them: R4 has none.

Source: https://hl7.org/fhir/R4/json.html
"""

from __future__ import annotations

from typing import Any

from gateway.fhir.json_codec import Resource


def has_empty(node: Any) -> bool:
    """Whether there is an empty list or object at any depth."""
    if isinstance(node, dict | list):
        return not node or any(map(has_empty, node.values() if isinstance(node, dict) else node))
    return False


def without_empty(resource: Resource) -> Resource:
    """The resource without them, nor what held nothing else; the order of all else as it was."""
    return {name: kept for name, value in resource.items() if (kept := _kept(name, value)) not in ([], {})}


def _kept(name: str, node: Any) -> Any:
    if isinstance(node, dict):
        return without_empty(node)
    if not isinstance(node, list):
        return node
    items = [_kept("", item) for item in node]
    if name.startswith("_"):  # beside a list of primitives the places count
        items = [None if item == {} else item for item in items]
        return items if any(item is not None for item in items) else []
    return [item for item in items if item not in ([], {})]
