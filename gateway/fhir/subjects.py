"""Whom a resource is about: the elements that R4's own `patient` and `subject` search parameters read.

A Binary has no such parameter: it is about whom its securityContext names, which R4 makes for that. Authors,
performers and recipients are not whom a resource is about, even where they are patients; neither are the
members of a Group. Source: https://hl7.org/fhir/R4/searchparameter-registry.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from gateway.fhir.json_codec import Resource
from gateway.fhir.references import ReferenceKind, parse_reference

_EVERYWHERE: Final = (("subject",), ("patient",))

_ELSEWHERE: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "Appointment": (("participant", "actor"),),
    "AppointmentResponse": (("actor",),),
    "Binary": (("securityContext",),),
    "AuditEvent": (("agent", "who"), ("entity", "what")),
    "Coverage": (("beneficiary",),),
    "EnrollmentRequest": (("candidate",),),
    "Person": (("link", "target"),),
    "Provenance": (("target",),),
    "ResearchSubject": (("individual",),),
    "Schedule": (("actor",),),
    "SupplyRequest": (("deliverTo",),),
    "Task": (("for",),),
}

# The types with a record of a person whose one subject is not called `subject`.
_SINGLE: Final = {"Task": "for", "RelatedPerson": "patient", "Consent": "patient"}


def patients_named(resource: Resource) -> frozenset[str]:
    """Ids of the Patients a resource is about, 0..*; a Patient is about itself.

    Only relative references count: what stands under another server's address is not one of our Patients.
    """
    resource_type = resource.get("resourceType")
    ids = {
        reference.id
        for path in (*_EVERYWHERE, *_ELSEWHERE.get(str(resource_type), ()))
        for text in _references_at(resource, path)
        if (reference := parse_reference(text)).kind is ReferenceKind.RELATIVE and reference.type == "Patient"
    }
    if resource_type == "Patient":
        ids.add(resource.get("id"))
    return frozenset(id_ for id_ in ids if isinstance(id_, str))


def subject_element(resource_type: str) -> str:
    """The element that names the one person a resource of this type is about."""
    return _SINGLE.get(resource_type, "subject")


def subject_elements(resource_type: str) -> frozenset[str]:
    """The top-level elements of a type that say whom a resource is about."""
    return frozenset(path[0] for path in (*_EVERYWHERE, *_ELSEWHERE.get(resource_type, ())))


def _references_at(node: Any, path: tuple[str, ...]) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _references_at(item, path)
    elif isinstance(node, dict):
        if path:
            yield from _references_at(node.get(path[0]), path[1:])
        elif isinstance(text := node.get("reference"), str):
            yield text
