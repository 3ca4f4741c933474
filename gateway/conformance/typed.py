"""A second opinion on the shape of a resource, from the typed model `fhir.resources.R4B`.

The model checks names, cardinalities and primitive forms, no codes and no invariants. It rewrites decimals
and times, so it only ever looks: nothing that it made of a received resource is stored or sent. It is loaded
type by type, when first asked. Where R4 and R4B differ, R4 is right (`UNKNOWN_TO_THE_MODEL`).
Source: https://hl7.org/fhir/R4/json.html
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any, Final

from fhir.resources.R4B import get_fhir_model_class
from pydantic import BaseModel, ValidationError

from gateway.errors import Issue
from gateway.fhir.json_codec import MAX_DEPTH, Resource
from gateway.fhir.resource_types import R4_TYPES

UNKNOWN_TO_THE_MODEL: Final = frozenset(
    {
        "EffectEvidenceSynthesis",
        "Evidence",
        "EvidenceVariable",
        "RiskEvidenceSynthesis",
        "SubstanceNucleicAcid",
        "SubstancePolymer",
        "SubstanceProtein",
        "SubstanceReferenceInformation",
        "SubstanceSourceMaterial",
        "SubstanceSpecification",
    }
) | {name for name in R4_TYPES if name.startswith("MedicinalProduct")}
"""R4 types that R4B dropped or changed beyond recognition: only their resourceType is checked."""

_ONLY_IN_R4: Final = frozenset({"valueMeta", "fixedMeta", "patternMeta", "defaultValueMeta"})
# Source: https://hl7.org/fhir/R4/datatypes.html#primitive
_TYPE_TRIED: Final = re.compile(r"Value error, (\w+) value string does not match")
_FORMS: Final = {
    "Date": "a date that exists: 1987, 1987-06 or 1987-06-05",
    "DateTime": "a date (1987, 1987-06, 1987-06-05) or a time with its zone: 2026-11-22T09:30:00Z",
    "Instant": "a time with its zone: 2026-11-22T09:30:00Z",
    "Time": "a time of day: 09:30:00",
}
_ELEMENT_NAME: Final = re.compile(r"_?[a-z][A-Za-z0-9]{0,63}")


def shape_issues(resource: Resource) -> list[Issue]:
    """What keeps a resource from being the R4 type it says it is, 0..*, with the FHIRPath of each element.

    Never quotes a value. Contained resources and the entries of a Bundle are checked as what they are.
    """
    if _is_deeper_than(resource, MAX_DEPTH):  # the model is recursive and would break, not answer
        return [Issue("error", "structure", f"The resource is nested deeper than {MAX_DEPTH} levels.")]
    return list(_issues(resource, ""))


def authored(resource: Resource) -> Resource:
    """The very resource given, made by ourselves. Raises AssertionError when it is not in R4's shape."""
    issues = shape_issues(resource)
    assert not issues, f"{resource.get('resourceType')}: {issues}"
    return resource


def _issues(resource: Any, path: str) -> Iterator[Issue]:
    name = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(name, str) or name not in R4_TYPES:
        at = f"{path}.resourceType" if path else "resourceType"
        yield Issue("error", "structure", "resourceType must name a resource type of FHIR R4.", at)
        return
    path = path or name
    alone, inner = _apart(resource, path)
    for inner_path, inner_resource in inner:
        yield from _issues(inner_resource, inner_path)
    if name not in UNKNOWN_TO_THE_MODEL:
        yield from _issues_alone(name, alone, path)


def _issues_alone(name: str, resource: Resource, path: str) -> Iterator[Issue]:
    try:
        model = _model(name).model_validate(resource)
    except ValidationError as error:
        # Without input and context: they hold values, and this must not.
        for found in error.errors(include_url=False, include_context=False, include_input=False):
            if not (found["type"] == "extra_forbidden" and found["loc"][-1] in _ONLY_IN_R4):
                issue = _issue(found["type"], found["msg"], path, found["loc"])
                yield (
                    _with_near_name(name, issue, found["loc"])
                    if found["type"] == "extra_forbidden"
                    else issue
                )
    except KeyError:
        # The model looks the type of a resource within a parameter up by its name.
        yield Issue("error", "structure", "A resource within this one is of no type that R4 has.", path)
    else:
        yield from _converted(resource, model, path)


def _apart(resource: Resource, path: str) -> tuple[Resource, list[tuple[str, Any]]]:
    """The resource without those it carries, and those with their paths: each is judged by its own type."""
    inner: list[tuple[str, Any]] = []
    alone = resource
    if isinstance(contained := resource.get("contained"), list) and contained:
        inner = [(f"{path}.contained[{at}]", item) for at, item in enumerate(contained)]
        alone = {name: value for name, value in alone.items() if name != "contained"}
    if resource["resourceType"] == "Bundle" and isinstance(entries := resource.get("entry"), list):
        inner += [
            (f"{path}.entry[{at}].resource", entry["resource"])
            for at, entry in enumerate(entries)
            if isinstance(entry, dict) and "resource" in entry
        ]
        alone = {**alone, "entry": [_without_resource(entry) for entry in entries]}
    return alone, inner


def _without_resource(entry: Any) -> Any:
    if not isinstance(entry, dict) or "resource" not in entry:
        return entry
    # An entry that holds nothing but its resource would look empty, which the model refuses.
    return {name: value for name, value in entry.items() if name != "resource"} or {"fullUrl": "urn:uuid:0"}


@cache
def _model(name: str) -> type[BaseModel]:
    model: type[BaseModel] = get_fhir_model_class(name)
    return model


@cache
def _attributes(model: type[BaseModel]) -> dict[str, str]:
    """Attribute of the model by element name: `for` is `for_fhir`, `_birthDate` is `birthDate__ext`."""
    return {field.alias or name: name for name, field in model.model_fields.items()}


def _converted(raw: Any, model: Any, path: str) -> Iterator[Issue]:
    """Primitives that the model took for another JSON type than they are: it reads "yes" as true."""
    if isinstance(model, BaseModel) and isinstance(raw, dict):
        attributes = _attributes(type(model))
        for name, child in raw.items():
            if name in attributes:
                yield from _converted(child, getattr(model, attributes[name]), f"{path}.{name}")
    elif isinstance(model, list) and isinstance(raw, list):
        for at, (child, item) in enumerate(zip(raw, model, strict=False)):
            yield from _converted(child, item, f"{path}[{at}]")
    elif isinstance(model, bool) is not isinstance(raw, bool):
        yield Issue("error", "structure", "This must be true or false, without quotes.", path)
    elif isinstance(model, int | float | Decimal) and isinstance(raw, str):
        yield Issue("error", "structure", "This must be a number, without quotes.", path)
    elif isinstance(raw, int | Decimal) and not isinstance(model, int | float | Decimal):
        yield Issue("error", "structure", "This must be a string, in quotes.", path)


def _issue(kind: str, message: str, path: str, place: tuple[int | str, ...]) -> Issue:
    at = _expression(path, place)
    match kind:
        case "extra_forbidden":
            return Issue("error", "structure", "R4 has no element of this name here.", at)
        case "missing" | "model_field_validation.missing":
            return Issue("error", "required", "This element is required and missing.", at)
        case "list_type" if message.startswith("None "):
            return Issue("error", "structure", "null is no item of this list; leave it out.", at)
        case "list_type":
            return Issue("error", "structure", "This element repeats, so it must be a list.", at)
        case "string_type":
            return Issue("error", "structure", "This must be a string, in quotes.", at)
        case "model_validation_format" | "model_type" | "json_invalid" | "json_type":
            return Issue("error", "structure", "This must be an object with the elements of its type.", at)
        case "value_error" if (form := _form_named_in(message)) is not None:
            return Issue("error", "value", f"This must be {form}.", at)
        case "value_error" if "got multiple" in message:
            return Issue("error", "structure", "Only one of the types of a choice [x] may be used.", at)
        case "value_error" if "from this list" in message:
            return Issue("error", "required", "One of the types of a choice [x] is required and missing.", at)
    return Issue("error", "value", "The value does not have the form that its type asks for.", at)


def _with_near_name(name: str, issue: Issue, place: tuple[int | str, ...]) -> Issue:
    """The issue of an unknown element, with the element of R4 probably meant. Quotes nothing sent."""
    if _ELEMENT_NAME.fullmatch(str(place[-1])) is None:  # nothing is near it, and looking takes its length
        return issue
    model = _model(name)
    for step in place[:-1]:
        field = model.model_fields.get(_attributes(model).get(str(step), ""))
        if field is not None:  # its annotation names the type of the element: Optional[List[HumanNameType]]
            kind = re.search(r"\b(?!None)([A-Z]\w+)Type\b", str(field.annotation))
            if kind is None:
                return issue
            model = _model(kind[1])
    known = [element for element in _attributes(model) if _ELEMENT_NAME.fullmatch(element)]
    near = difflib.get_close_matches(str(place[-1]), known, n=1)
    return replace(issue, text=f"{issue.text} Did you mean {near[0]}?") if near else issue


def _form_named_in(message: str) -> str | None:
    """What a value of the type must look like, when the model says which type it tried to read."""
    found = _TYPE_TRIED.match(message)
    return None if found is None else _FORMS.get(found[1])


def _expression(path: str, place: tuple[int | str, ...]) -> str:
    """FHIRPath of an element. A name that no element can have is the sender's text, so it is left out."""
    for step in place:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step == "root":  # the model's word for the object itself
            continue
        elif _ELEMENT_NAME.fullmatch(step):
            path += f".{step}"
        else:
            break
    return path


def _is_deeper_than(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels + 1):
        layer = (
            [
                child
                for node in layer
                for child in (node.values() if isinstance(node, dict) else node)
                if isinstance(child, dict | list)
            ]
            if layer
            else layer
        )
        if not layer:
            return False
    return True
