"""Parts of a resource that a reader asked for instead of all of it, marked as parts.

What must be there, and what changes the meaning of the rest, always stays. Nothing is taken out of a resource
that is asked for whole: then it is not even parsed.
Source: https://hl7.org/fhir/R4/search.html#summary and https://hl7.org/fhir/R4/search.html#elements
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from gateway.conformance.facts import Element, r4
from gateway.errors import BadRequest
from gateway.fhir.json_codec import Resource, read_stored, write

SUMMARY: Final = "_summary"
ELEMENTS: Final = "_elements"
SUBSETTED: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}
"""The tag of a resource that is not whole. Source: https://hl7.org/fhir/R4/resource.html#tag"""

_ALWAYS: Final = frozenset({"resourceType", "id", "meta", "implicitRules", "modifierExtension"})
_NAMES: Final = re.compile(r"[A-Za-z][A-Za-z0-9.]{0,99}(?:\[x\])?(?:,[A-Za-z][A-Za-z0-9.]{0,99}(?:\[x\])?)*+")


class Summary(StrEnum):
    """What `_summary` asks for. Source: https://hl7.org/fhir/R4/valueset-summary.html"""

    TRUE = "true"  # what R4 marks as an element of the summary
    TEXT = "text"  # the narrative, and what must be there
    DATA = "data"  # everything but the narrative
    COUNT = "count"  # nothing but how many there are; of a search only
    FALSE = "false"  # everything


@dataclass(frozen=True, slots=True)
class Subset:
    """Which part of each resource is asked for. Without either it is all of it.

    elements  names of top-level elements, some with their type in front (`Patient.name`)
    """

    summary: Summary = Summary.FALSE
    elements: frozenset[str] = frozenset()

    @property
    def is_all(self) -> bool:
        """Whether the whole resource is asked for."""
        return self.summary in (Summary.FALSE, Summary.COUNT) and not self.elements

    def of(self, body: bytes) -> bytes:
        """The part of a stored resource, as JSON; the very bytes when it is all of it, or a deletion."""
        if self.is_all or not body:
            return body
        resource = read_stored(body)
        assert isinstance(resource, dict), "only resources are stored"
        return write(self.part(resource))

    def part(self, resource: Resource) -> Resource:
        """The part of a resource, marked as one; order and digits as they were."""
        type = str(resource["resourceType"])
        kept = {name: value for name, value in resource.items() if self._keeps(type, name.removeprefix("_"))}
        if self.summary is Summary.TRUE:
            kept = _summarized(kept, Element(path=type, types=(type,)))
        meta = resource.get("meta") or {}
        return {**kept, "meta": {**meta, "tag": [*_other_tags(meta), SUBSETTED]}}

    def _keeps(self, type: str, name: str) -> bool:
        if name in _ALWAYS or self.summary is Summary.TRUE:
            return True
        if self.summary is Summary.DATA:
            return name != "text"
        element = r4().child(type, name)
        if element is None or element.required:
            return True
        if self.summary is Summary.TEXT:
            return name == "text"
        names = {name, element.choice, f"{element.choice}[x]"} if element.choice else {name}
        return element.modifier or not self.elements.isdisjoint(names | {f"{type}.{it}" for it in names})


def read_subset_of_one(said: Mapping[str, str]) -> Subset:
    """The part of what is read, not searched for. Raises BadRequest also for `_summary=count`."""
    shown = read_subset(said)
    if shown.summary is Summary.COUNT:
        raise BadRequest("_summary=count is of a search only.", expression=SUMMARY)
    return shown


def read_subset(said: Mapping[str, str]) -> Subset:
    """The part that the parameters of a request ask for. Raises BadRequest for values that ask for none."""
    summary, elements = said.get(SUMMARY), said.get(ELEMENTS)
    if summary is not None and summary not in list(Summary):
        raise BadRequest("_summary must be true, text, data, count or false.", expression=SUMMARY)
    wanted = Summary(summary or "false")
    if elements is None:
        return Subset(wanted)
    if not _NAMES.fullmatch(elements):
        raise BadRequest(
            "_elements names top-level elements, divided by commas: identifier,status.", expression=ELEMENTS
        )
    if wanted not in (Summary.FALSE, Summary.COUNT):
        raise BadRequest(
            "_elements and _summary each say what to show: send one of them.", expression=ELEMENTS
        )
    return Subset(wanted, frozenset(elements.split(",")))


def _other_tags(meta: Any) -> list[Any]:
    tags = meta.get("tag") if isinstance(meta, dict) else None
    held = tags if isinstance(tags, list) else []
    return [tag for tag in held if not isinstance(tag, dict) or tag.get("code") != SUBSETTED["code"]]


def _summarized(node: dict[str, Any], parent: Element) -> dict[str, Any]:
    """What R4's summary has of an object, at every depth; what would become empty stays as it is."""
    kept: dict[str, Any] = {}
    for name, value in node.items():
        bare = name.removeprefix("_")
        element = r4().child(parent, bare)
        if element is None or bare in _ALWAYS or element.types == ("Resource",):
            kept[name] = value
        elif element.summary or element.required or element.modifier:
            kept[name] = value if name != bare else _inner(value, element)
    return kept


def _inner(value: Any, element: Element) -> Any:
    if isinstance(value, list):
        return [_inner(item, element) for item in value]
    return (_summarized(value, element) or value) if isinstance(value, dict) else value
