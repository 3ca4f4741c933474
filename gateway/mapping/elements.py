"""Finding and replacing an element of a FHIR resource along a path: copy on write, never a deep copy.

What did not change is shared with the old resource, so `is` says whether anything changed at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from gateway.mapping.paths import Each, First, Name, Select, Step, Steps
from gateway.mapping.values import MISSING, contains, is_hollow

Location: TypeAlias = tuple[str | int, ...]


def locate(node: Any, steps: Steps, at: Location = ()) -> tuple[Any, Location]:
    """The value along the steps and where it stands; MISSING when the path ends in the void."""
    for step in steps:
        if isinstance(step, Name):
            if not isinstance(node, dict) or step.name not in node:
                return MISSING, at
            node, at = node[step.name], (*at, step.name)
        else:
            assert not isinstance(step, Each), "a list is walked by its rule, not along a path"
            index = _position(node, step)
            if index is None:
                return MISSING, at
            node, at = (node, at) if isinstance(node, dict) else (node[index], (*at, index))
    return node, at


class WrongShape(Exception):
    """A list stands where the path has an object, or the reverse, with content: writing would lose it."""


def replace(node: Any, steps: Steps, value: Any) -> Any:
    """The node with `value` at the end of the steps; MISSING takes it away.

    What the path needs is made, and what the taking away left hollow goes too: an empty object or list, and a
    selected item of which only the selector is left. Taking away through a selector does so in every item it
    matches. The `_x` of a primitive that changed goes: it described the old value.
    Raises WrongShape when something with content stands where the path needs a list, or an object.
    Source: https://hl7.org/fhir/R4/json.html#primitive
    """
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    match step:
        case Name(name):
            return _replace_in_object(node, name, rest, value)
        case First() | Select() if value is MISSING:
            return _take_from_list(node, step, rest)
        case First() | Select():
            return _replace_in_list(node, step, rest, value)
        case Each():
            raise AssertionError("a list is written by its rule, not along a path")


def loses_first(old: Any, new: Any, steps: Steps) -> bool:
    """Whether a list whose first item the path takes lost that item and shows the second in its place."""
    for count, step in enumerate(steps):
        if isinstance(step, First):
            before, after = locate(old, steps[:count])[0], locate(new, steps[:count])[0]
            if isinstance(before, list) and len(before) > 1:
                return not isinstance(after, list) or len(after) < len(before)
    return False


def without(node: Any, steps: Steps, names: tuple[str, ...]) -> Any:
    """The node whose object at the steps lacks the named elements and their `_x`."""
    holder, _ = locate(node, steps)
    if not isinstance(holder, dict):
        return node
    gone = {*names, *(f"_{name}" for name in names)}
    if gone.isdisjoint(holder):
        return node
    left = {name: child for name, child in holder.items() if name not in gone}
    return replace(node, steps, left or MISSING) if steps else left


def _replace_in_object(node: Any, name: str, rest: Steps, value: Any) -> Any:
    holder: dict[str, Any] = node if isinstance(node, dict) else {}
    old = holder.get(name, MISSING)
    new = replace(old, rest, value)
    if new is old:
        return node
    if new is MISSING:
        left = {key: child for key, child in holder.items() if key not in (name, f"_{name}")}
        return left or MISSING
    if holder is not node and not is_hollow(node):
        raise WrongShape
    changed = {**holder, name: new}
    if not isinstance(new, dict | list):
        changed.pop(f"_{name}", None)
    return changed


def _replace_in_list(node: Any, step: First | Select, rest: Steps, value: Any) -> Any:
    items = _listed(node)
    index = _position(items, step)
    old = MISSING if index is None else items[index]
    base: Any = dict(step.pattern) if isinstance(step, Select) and index is None else old
    new = replace(base, rest, value)
    if new is old:
        return node
    if not items and not is_hollow(node):
        raise WrongShape
    if index is None:
        if isinstance(step, Select) and isinstance(new, dict):
            new = {**step.pattern, **new}
        return [*items, new]
    return [*items[:index], new, *items[index + 1 :]]


def _take_from_list(node: Any, step: First | Select, rest: Steps) -> Any:
    items, kept = _listed(node), []
    for index, item in enumerate(items):
        new = replace(item, rest, MISSING) if _picks(step, index, item) else item
        if new is item or (new is not MISSING and not _is_bare(step, new)):
            kept.append(new)
    if len(kept) == len(items) and all(new is old for new, old in zip(kept, items, strict=True)):
        return node
    return kept or MISSING


def _picks(step: First | Select, index: int, item: Any) -> bool:
    return index == 0 if isinstance(step, First) else contains(item, step.pattern)


def _is_bare(step: Step, item: Any) -> bool:
    return isinstance(step, Select) and bool(item == step.pattern)


def _position(node: Any, step: First | Select) -> int | None:
    return next((index for index, item in enumerate(_listed(node)) if _picks(step, index, item)), None)


def _listed(node: Any) -> list[Any]:
    """The items of a list; a single object where a list belongs is published often enough: a list of one."""
    return node if isinstance(node, list) else [node] if isinstance(node, dict) else []


def leaves(node: Any, at: Location = ()) -> Iterator[tuple[Location, Any]]:
    """Every primitive of a FHIR value with its place, in order."""
    if isinstance(node, dict):
        for name, child in node.items():
            yield from leaves(child, (*at, name))
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from leaves(child, (*at, index))
    else:
        yield at, node
