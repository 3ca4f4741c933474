"""Fixed values and selectors against R4: their elements, their lists, their types and their codes.

Source: https://hl7.org/fhir/R4/json.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from gateway.conformance.facts import Element
from gateway.mapping.checks.extensions import extended
from gateway.mapping.checks.findings import Finding
from gateway.mapping.checks.ground import Atlas, Ground
from gateway.mapping.checks.ways import child
from gateway.mapping.problems import did_you_mean

NUMBERS: Final = frozenset({"decimal"})
WHOLE_NUMBERS: Final = frozenset({"integer", "positiveInt", "unsignedInt"})


def pattern_findings(
    ground: Ground, pattern: Any, atlas: Atlas, *, selector: bool = False
) -> Iterator[Finding]:
    """What is wrong with a value that is to stand on one element (of a list: on one item).

    A selector is written as text, so its words are taken for what the element holds.
    """
    if ground.is_anything:
        return
    if isinstance(pattern, Mapping):
        ground, unknown = extended(ground, pattern, atlas)
        if unknown is not None:
            yield unknown
            return
        for name, value in pattern.items():
            found = child(ground, name, atlas)
            if isinstance(found, Finding):
                yield found
            elif found is not None:
                inner = replace(found, extension=ground.extension) if name == "extension" else found
                yield from _held(inner, value, atlas, selector=selector)
        return
    types = ground.element.types
    kind = atlas.facts.type(types[0]) if len(types) == 1 else None
    if isinstance(pattern, list):
        yield Finding("M103", ground.path, f"{ground.path} is a single value in FHIR (max 1), not a list")
    elif kind is not None and not kind.primitive:
        parts = ", ".join(each.name for each in atlas.facts.children(ground.element)[2:5])
        yield Finding("M104", ground.path, f"{ground.path} is a {types[0]}: give an object ({parts}, …)")
    elif kind is not None and not _is_of(kind.name, pattern):
        yield Finding("M105", ground.path, f"{ground.path} is a {kind.name}: {pattern!r} is none")
    else:
        yield from code_findings(ground.path, ground.element, [pattern], atlas)


def _held(found: Ground, value: Any, atlas: Atlas, *, selector: bool) -> Iterator[Finding]:
    if not found.element.repeats:
        yield from pattern_findings(found, value, atlas, selector=selector)
    elif isinstance(value, list):
        for item in value:
            yield from pattern_findings(found, item, atlas, selector=selector)
    else:
        name = found.element.name
        if selector:
            text = f"{name!r} repeats in FHIR: a selector cannot look into a list; select by another element"
        else:
            text = f"{name!r} repeats in FHIR (max *): write a list, {name}: [ … ]"
        yield Finding("M102", found.path, text)


def _is_of(kind: str, value: Any) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in WHOLE_NUMBERS | NUMBERS:
        return isinstance(value, int | Decimal) and not isinstance(value, bool)
    return isinstance(value, str)


def code_findings(path: str, element: Element, codes: list[Any], atlas: Atlas) -> Iterator[Finding]:
    """M120: which of the codes the element must never hold."""
    allowed = atlas.facts.required_codes(element)
    for code in codes:
        if allowed is not None and isinstance(code, str) and code not in allowed:
            yield Finding("M120", path, outside(code, element, allowed))


def outside(code: str, element: Element, allowed: frozenset[str]) -> str:
    """That a code is not of the value set, with the code that may have been meant."""
    assert element.binding is not None, "a closed set of codes comes from a binding"
    near = did_you_mean(code, sorted(allowed))
    if not near:
        near = f"; it has: {', '.join(sorted(allowed)[:10])}{', …' if len(allowed) > 10 else ''}"
    name = element.binding.value_set.rpartition("/")[2]
    return f"code {code!r} is not in the required value set {name}{near}"
