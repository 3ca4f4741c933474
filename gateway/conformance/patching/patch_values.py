"""The values that a FHIRPath Patch brings: `value[x]`, parts for a backbone element, or a whole resource.

Source: https://hl7.org/fhir/R4/fhirpatch.html and https://hl7.org/fhir/R4/parameters.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from gateway.conformance.facts import Element, r4
from gateway.conformance.patching.copying import copied
from gateway.conformance.patching.spots import NotResolvedError, is_primitive, names_of
from gateway.errors import BadRequest

_VALUE: Final = "value"
_STRUCTURES: Final = frozenset({"", "BackboneElement", "Element"})
# What R4 reads where another type is asked for. Source: http://hl7.org/fhirpath/N1/#conversion
_READ_AS: Final = {("date", "dateTime"), ("integer", "decimal"), ("string", "xhtml")}


@dataclass(frozen=True, slots=True)
class PatchValue:
    """A value, and its type as the patch says it.

    type    a data type; empty for parts, which become whatever the element is; `Resource` for a resource
    value   the JSON value; None for a primitive that has extensions only
    beside  what stands beside a primitive value
    parts   (name, value) of each part of a backbone element
    """

    type: str
    value: Any = None
    beside: Any = None
    parts: tuple[tuple[str, PatchValue], ...] = ()


@cache
def _types() -> Mapping[str, str]:
    """Type by the ending that it gives value[x]: `Date` is `date`, `HumanName` is `HumanName`."""
    return {name[0].upper() + name[1:]: name for name in r4().types}


def value_of(parameter: Mapping[str, Any]) -> PatchValue:
    """The value of one parameter or part. Raises BadRequest when it has none, or several."""
    said = {name.removeprefix("_") for name in parameter} - {"name", "id", "extension"}
    if len(said) != 1:
        raise BadRequest("A value of the patch must be one value[x], parts, or a resource.")
    [name] = said
    if name == "part":
        return PatchValue("", parts=_parts(parameter.get("part")))
    if name == "resource" and isinstance(parameter.get("resource"), dict):
        return PatchValue("Resource", parameter["resource"])
    type = _types().get(name.removeprefix(_VALUE)) if name.startswith(_VALUE) else None
    if type is None:
        raise BadRequest("A value of the patch is of no type that R4 has.")
    value, beside = parameter.get(name), parameter.get(f"_{name}")
    bare = is_primitive(type)
    if isinstance(value, list) or isinstance(value, dict) is bare or (beside is not None and not bare):
        raise BadRequest(f"A value of the patch is no {type}.")
    if value is None and not isinstance(beside, dict):
        raise BadRequest("A value of the patch is empty.")
    return PatchValue(type, value, beside)


def _parts(said: Any) -> tuple[tuple[str, PatchValue], ...]:
    if not isinstance(said, list) or not said:
        raise BadRequest("A value of the patch has no parts.")
    found: list[tuple[str, PatchValue]] = []
    for part in said:
        if not isinstance(part, dict) or not isinstance(part.get("name"), str):
            raise BadRequest("A part of a value of the patch has no name.")
        found.append((part["name"], value_of(part)))
    return tuple(found)


def placed(value: PatchValue, element: Element) -> tuple[str, Any, Any]:
    """The name that JSON has the element under with this value, the value, and what stands beside it.

    Raises NotResolvedError when R4 does not take the value there.
    """
    for name, type in names_of(element):
        wanted = type or (element.types[0] if len(element.types) == 1 else "")
        if _fits(value, wanted):
            return name, _json(value, element), copied(value.beside)
    types = " or ".join(f"value{it[0].upper()}{it[1:]}" for it in element.types if it) or "parts"
    raise NotResolvedError(f"{element.name} does not take a value of that type: send {types}.")


def _fits(value: PatchValue, wanted: str) -> bool:
    if value.type == "Resource":
        return wanted == "Resource"
    if value.type:
        return wanted in r4().bases(value.type) or (value.type, wanted) in _READ_AS
    # Parts make a structure that has no type of its own, and data types that value[x] cannot hold.
    return wanted in _STRUCTURES or (wanted != "Resource" and not is_primitive(wanted))


def _json(value: PatchValue, element: Element) -> Any:
    if value.type:
        return copied(value.value)
    made: dict[str, Any] = {}
    for name, part in value.parts:
        child = r4().child(element, name)
        if child is None or child.choice:
            child = r4().child(element, f"{name}[x]")
        if child is None:
            raise NotResolvedError("a part of its value names an element that R4 does not have there.")
        each, inner, beside = placed(part, child)
        if child.repeats:
            made.setdefault(each, []).append(inner)
            if beside is not None or f"_{each}" in made:
                aligned(made, each)[-1] = beside
        elif each in made:
            raise NotResolvedError(f"{child.name} is there once only.")
        else:
            made |= {key: it for key, it in ((each, inner), (f"_{each}", beside)) if it is not None}
    return made


def aligned(holder: dict[str, Any], name: str) -> list[Any]:
    """The list beside a list of primitives, as long as it: null where an item has nothing beside it."""
    many = len(holder.get(name) or [])
    beside: list[Any] = holder.setdefault(f"_{name}", [])
    beside.extend([None] * (many - len(beside)))
    return beside
