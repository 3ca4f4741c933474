"""What it means that two values are the same, and that there is none.

Plain JSON with Decimal, never altered.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, Final


class Nothing(Enum):
    """`MISSING`: no value here. Not null, which is a value that JSON can hold."""

    MISSING = "missing"


MISSING: Final = Nothing.MISSING


def is_hollow(value: Any) -> bool:
    """Whether a value says nothing: missing, null, [] or {}. Empty text and zero say something."""
    return value is MISSING or value is None or (isinstance(value, dict | list) and not value)


def tidy(value: Any) -> Any:
    """The value without null, [] and {} inside objects and lists; hollow all through gives None.

    A value that has none of them is the same object in the result.
    """
    if _is_tidy(value):
        return value
    if isinstance(value, dict):
        kept = {name: inner for name, child in value.items() if (inner := tidy(child)) is not None}
        return kept or None
    if isinstance(value, list):
        return [inner for child in value if (inner := tidy(child)) is not None] or None
    return None


def _is_tidy(value: Any) -> bool:
    # Asked of every value of a record that is put: loops, for they take half of what generators do.
    if isinstance(value, dict):
        for child in value.values():
            if child.__class__ is not str and not _is_tidy(child):
                return False
        return bool(value)
    if isinstance(value, list):
        for child in value:
            if child.__class__ is not str and not _is_tidy(child):
                return False
        return bool(value)
    return value is not None and value is not MISSING


def same(a: Any, b: Any) -> bool:
    """Whether two record values say the same: 1.10 is 1.1, null is absent is [] is {}, but true is not 1."""
    if a is b:
        return True
    if a.__class__ is str and b.__class__ is str:
        return bool(a == b)
    if a and b:
        if isinstance(a, dict) and isinstance(b, dict):
            return _same_fields(a, b)
        if isinstance(a, list) and isinstance(b, list):
            return len(a) == len(b) and all(map(same, a, b))
    elif is_hollow(a) or is_hollow(b):
        return tidy(a) is None and tidy(b) is None
    if is_number(a) and is_number(b):
        return bool(a == b)
    return type(a) is type(b) and bool(a == b)


def _same_fields(a: dict[str, Any], b: dict[str, Any]) -> bool:
    for name, one in a.items():
        other = b.get(name)
        if one is other or (one.__class__ is str and one == other):
            continue
        if not same(one, other):
            return False
    return a.keys() == b.keys() or all(name in a or tidy(child) is None for name, child in b.items())


def is_number(value: Any) -> bool:
    """Whether it is a JSON number as our codec reads one: int or Decimal, never bool or float."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def as_key(value: Any) -> Any:
    """A hashable value that is equal for two tidy record values exactly when they are the same."""
    if isinstance(value, dict):
        held = ((name, key) for name, child in value.items() if (key := as_key(child)) is not None)
        return frozenset(held) or None
    if isinstance(value, list | tuple):
        return tuple(map(as_key, value)) if tidy(list(value)) is not None else None
    if isinstance(value, bool):
        return (bool, value)
    return None if value is MISSING else value


def contains(value: Any, pattern: Any) -> bool:
    """Whether the value has all that the pattern says, as FHIR's pattern[x] means it: lists in any order.

    Source: https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.pattern_x_
    """
    if isinstance(pattern, Mapping):
        return isinstance(value, dict) and all(
            name in value and contains(value[name], inner) for name, inner in pattern.items()
        )
    if isinstance(pattern, list | tuple):
        return isinstance(value, list) and all(
            any(contains(item, inner) for item in value) for inner in pattern
        )
    return same(value, pattern)


def dig(record: Any, ours: tuple[str, ...]) -> Any:
    """The value at a dotted field of a record, or None."""
    for name in ours:
        if not isinstance(record, dict):
            return None
        record = record.get(name)
    return record


def plant(record: dict[str, Any], ours: tuple[str, ...], value: Any) -> None:
    """Set a dotted field in a record that is being built; the objects on the way are made."""
    for name in ours[:-1]:
        record = record.setdefault(name, {})
    record[ours[-1]] = value


def or_empty(node: Any) -> Any:
    """The object, or an empty one when nothing is left of it."""
    return {} if node is MISSING else node
