"""What the FHIR API serves: one declaration per type, and nothing else knows the list.

The store keeps any R4 type; these are the ones with an address, with the search parameters each answers.
Source: https://hl7.org/fhir/R4/searchparameter-registry.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from gateway.fhir.json_codec import Resource


class ParamKind(StrEnum):
    """How the value of a search parameter is compared."""

    ID = "id"
    TOKEN = "token"  # noqa: S105 (a kind of search parameter, no secret)
    REFERENCE = "reference"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class SearchParam:
    """A search parameter over one element.

    element   path below the resource, lists looked through: `participant.actor`
    also      further elements that count, as R4's `|` does
    target    for a reference: the only type it may point at; empty when any may
    system    for an element of type `code`: the code system its values are of, which they do not carry
    """

    name: str
    kind: ParamKind
    element: str
    also: tuple[str, ...] = ()
    target: str = ""
    system: str = ""

    def values_in(self, resource: Resource) -> Iterator[Any]:
        """What stands at the parameter's elements, 0..*: strings, Identifiers, References, as they are."""
        for path in (self.element, *self.also):
            yield from _values(resource, tuple(path.split(".")))


@dataclass(frozen=True, slots=True)
class ServedType:
    """A resource type with an address in the FHIR API, and what it can be searched by."""

    name: str
    search: tuple[SearchParam, ...]
    profile: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "profile", f"http://hl7.org/fhir/StructureDefinition/{self.name}")

    def param(self, name: str) -> SearchParam | None:
        """The search parameter of that name, or None when the type is not searched by it."""
        return next((param for param in self.search if param.name == name), None)


def _values(node: Any, path: tuple[str, ...]) -> Iterator[Any]:
    if isinstance(node, list):
        for item in node:
            yield from _values(item, path)
    elif not path:
        if node is not None:
            yield node
    elif isinstance(node, dict):
        yield from _values(node.get(path[0]), path[1:])


_EVERY: Final = (
    SearchParam("_id", ParamKind.ID, "id"),
    SearchParam("_lastUpdated", ParamKind.DATE, "meta.lastUpdated"),
)
_IDENTIFIER: Final = SearchParam("identifier", ParamKind.TOKEN, "identifier")


def _patient(element: str) -> SearchParam:
    return SearchParam("patient", ParamKind.REFERENCE, element, target="Patient")


def _about(element: str) -> tuple[SearchParam, ...]:
    """`subject` takes any kind of subject, `patient` only a Patient; both read the same element."""
    return (_patient(element), SearchParam("subject", ParamKind.REFERENCE, element))


def _status(system: str, name: str = "status", element: str = "status") -> SearchParam:
    """A search by status; `system` as the binding of the element names it."""
    return SearchParam(name, ParamKind.TOKEN, element, system=f"http://hl7.org/fhir/{system}")


def _serve(name: str, *search: SearchParam) -> ServedType:
    return ServedType(name, (*_EVERY, *search))


_SERVED: Final = (
    _serve("Patient", _IDENTIFIER),
    _serve("Person", _IDENTIFIER, _patient("link.target")),
    _serve("RelatedPerson", _IDENTIFIER, _patient("patient")),
    _serve("Practitioner", _IDENTIFIER),
    _serve("PractitionerRole", _IDENTIFIER),
    _serve("Organization", _IDENTIFIER),
    _serve("Location", _IDENTIFIER, _status("location-status")),
    _serve("HealthcareService", _IDENTIFIER),
    _serve("CarePlan", _IDENTIFIER, *_about("subject"), _status("request-status")),
    _serve("CareTeam", _IDENTIFIER, *_about("subject"), _status("care-team-status")),
    _serve(
        "Goal",
        _IDENTIFIER,
        *_about("subject"),
        _status("goal-status", "lifecycle-status", "lifecycleStatus"),
    ),
    _serve("ServiceRequest", _IDENTIFIER, *_about("subject"), _status("request-status")),
    _serve(
        "Task",
        _IDENTIFIER,
        *_about("for"),
        _status("task-status"),
        SearchParam("focus", ParamKind.REFERENCE, "focus"),
    ),
    _serve(
        "Condition",
        _IDENTIFIER,
        *_about("subject"),
        SearchParam("clinical-status", ParamKind.TOKEN, "clinicalStatus"),
    ),
    _serve("Observation", _IDENTIFIER, *_about("subject"), _status("observation-status")),
    _serve("Procedure", _IDENTIFIER, *_about("subject"), _status("event-status")),
    _serve("Encounter", _IDENTIFIER, *_about("subject"), _status("encounter-status")),
    _serve("Communication", _IDENTIFIER, *_about("subject"), _status("event-status")),
    _serve(
        "DocumentReference",
        SearchParam("identifier", ParamKind.TOKEN, "identifier", also=("masterIdentifier",)),
        *_about("subject"),
        _status("document-reference-status"),
    ),
    _serve("Consent", _IDENTIFIER, _patient("patient"), _status("consent-state-codes")),
    _serve("Appointment", _IDENTIFIER, _patient("participant.actor"), _status("appointmentstatus")),
    _serve("Provenance", _patient("target")),
)

SERVED: Final[Mapping[str, ServedType]] = MappingProxyType({served.name: served for served in _SERVED})
