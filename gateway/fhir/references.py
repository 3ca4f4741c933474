"""References between resources: what a text says, where they stand in a resource, how to change them.

Source: https://hl7.org/fhir/R4/references.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from gateway.fhir.json_codec import Resource
from gateway.fhir.resource_types import R4_TYPES

_ID: Final = r"[A-Za-z0-9\-._]{1,64}"  # R4 has no underscore in ids; published examples do
_LITERAL: Final = re.compile(
    rf"(?:(?P<base>https?://[^\s?#]+)/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>{_ID})(?:/_history/(?P<version>{_ID}))?"
)
_URN: Final = re.compile(r"urn:(?:uuid|oid):(?P<id>\S+)")
_CONDITIONAL: Final = re.compile(r"(?P<type>[A-Z][A-Za-z]+)\?\S+")


# `reference` is a uri, and no Reference, in DetectedIssue, Expression and Immunization.education.
_NO_REFERENCE: Final = frozenset(
    {"resourceType", "language", "expression", "documentType", "publicationDate", "presentationDate"}
)


class ReferenceKind(StrEnum):
    """How a reference names its target."""

    RELATIVE = "relative"  # Patient/9: on the server that holds the referring resource
    ABSOLUTE = "absolute"  # https://ehr.example/fhir/Patient/9
    URN = "urn"  # urn:uuid:…: the entry of the same Bundle with that fullUrl
    FRAGMENT = "fragment"  # #p1: contained in the same resource; "#" is the resource itself
    CONDITIONAL = "conditional"  # Patient?identifier=…: to be searched for, in transactions only
    OTHER = "other"  # anything else; kept as it is


@dataclass(frozen=True, slots=True)
class Reference:
    """What a reference text says. `text` is exactly as received; parts that it does not have are None."""

    kind: ReferenceKind
    text: str
    base: str | None = None
    type: str | None = None
    id: str | None = None
    version: str | None = None


def parse_reference(text: str) -> Reference:
    """The parts of a reference text. Never fails: a text that follows no rule is of kind OTHER."""
    if text.startswith("#"):
        return Reference(ReferenceKind.FRAGMENT, text, id=text[1:])
    if (found := _LITERAL.fullmatch(text)) and found["type"] in R4_TYPES:
        kind = ReferenceKind.ABSOLUTE if found["base"] else ReferenceKind.RELATIVE
        return Reference(kind, text, found["base"], found["type"], found["id"], found["version"])
    if found := _URN.fullmatch(text):
        return Reference(ReferenceKind.URN, text, id=found["id"])
    if (found := _CONDITIONAL.fullmatch(text)) and found["type"] in R4_TYPES:
        return Reference(ReferenceKind.CONDITIONAL, text, type=found["type"])
    return Reference(ReferenceKind.OTHER, text)


def relative(resource_type: str, logical_id: str) -> str:
    """The text of a relative reference: `Patient/9`."""
    return f"{resource_type}/{logical_id}"


def walk(resource: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object that holds a literal reference, with its FHIRPath: `CarePlan.activity[0].reference`.

    Contained resources and extensions are included; the order is the order of the JSON. A reference that has
    only an identifier or a display is no literal one and is left out.
    """
    return _walk(str(resource.get("resourceType", "")), resource)


def _walk(path: str, node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    # The doors let nothing in that is nested deeper than 64 levels, so recursion is safe here.
    if isinstance(node, dict):
        if isinstance(node.get("reference"), str) and _NO_REFERENCE.isdisjoint(node):
            yield path, node
        for name, child in node.items():
            if isinstance(child, dict | list):
                yield from _walk(f"{path}.{name}" if path else name, child)
    elif isinstance(node, list):
        for position, child in enumerate(node):
            if isinstance(child, dict | list):
                yield from _walk(f"{path}[{position}]", child)


def rewrite(resource: Resource, change: Callable[[str], str]) -> Resource:
    """The resource with every literal reference changed by `change`; the one given is never altered.

    Parts in which no reference changed are shared with the one given, so an identity costs no copy and
    returns the very same object.
    """
    rewritten: Resource = _rewrite(resource, change)
    return rewritten


def _rewrite(node: Any, change: Callable[[str], str]) -> Any:
    if isinstance(node, dict):
        copy: dict[str, Any] | None = None
        for name, child in node.items():
            if isinstance(child, dict | list):
                new = _rewrite(child, change)
                changed = new is not child
            elif name == "reference" and isinstance(child, str) and _NO_REFERENCE.isdisjoint(node):
                new = change(child)
                changed = new != child
            else:
                continue
            if changed:
                copy = copy if copy is not None else dict(node)
                copy[name] = new
        return node if copy is None else copy
    if isinstance(node, list):
        items = [_rewrite(child, change) if isinstance(child, dict | list) else child for child in node]
        return node if all(new is old for new, old in zip(items, node, strict=True)) else items
    return node
