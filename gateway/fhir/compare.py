"""When two resources say the same: equal in value, however each system spells it.

Left out: id, meta, and narrative whose status is `generated`. Decimals are equal by value, moments by moment,
and an element that is missing, null, an empty list or an empty object is the same absence.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from gateway.fhir.dates import FhirDateTime
from gateway.fhir.json_codec import Resource

_NOT_CONTENT: Final = frozenset({"id", "meta"})
_ABSENT: Final[object] = object()


def same(a: Resource, b: Resource) -> bool:
    """Whether two resources have equal content. Two resources of different type never have."""
    return not changed_elements(a, b)


def changed_elements(before: Resource, after: Resource) -> frozenset[str]:
    """Names of the top-level elements whose content differs; `_birthDate` counts as `birthDate`.

    The order of a list's items counts, as it does in FHIR.
    """
    names = (before.keys() | after.keys()) - _NOT_CONTENT
    return frozenset(
        name.removeprefix("_") for name in names if not _equal(_content(before, name), _content(after, name))
    )


def _content(resource: Resource, name: str) -> Any:
    value = resource.get(name, _ABSENT)
    if name == "text" and isinstance(value, dict) and value.get("status") == "generated":
        return _ABSENT  # a system made it from the rest, and the next one words it differently
    return value


def _equal(a: Any, b: Any) -> bool:
    if a is b:
        return True
    a, b = _value(a), _value(b)
    if isinstance(a, dict) and isinstance(b, dict):
        return all(_equal(a.get(name, _ABSENT), b.get(name, _ABSENT)) for name in a.keys() | b.keys())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_equal, a, b))
    if isinstance(a, bool) or isinstance(b, bool):  # in Python True == 1
        return a is b
    if isinstance(a, str) and isinstance(b, str):
        return a == b or _is_same_moment(a, b)
    return bool(a == b)


def _value(node: Any) -> Any:
    """What stands for the value: one sign for every way to say nothing, an int as the Decimal it equals."""
    if node is None or _is_hollow(node):
        return _ABSENT
    if isinstance(node, int) and not isinstance(node, bool):
        return Decimal(node)
    return node


def _is_hollow(node: Any) -> bool:
    """Whether a list or object holds nothing at any depth."""
    if isinstance(node, dict):
        return all(child is None or _is_hollow(child) for child in node.values())
    return isinstance(node, list) and all(child is None or _is_hollow(child) for child in node)


def _is_same_moment(a: str, b: str) -> bool:
    if not (len(a) > 18 and len(b) > 18 and a[10] == "T" == b[10]):  # cheap: most texts are no moments
        return False
    try:
        return FhirDateTime.parse(a).is_same_moment(FhirDateTime.parse(b))
    except ValueError:
        return False
