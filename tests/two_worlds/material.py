"""What the resources of a story and of a request are made of: few values, so that many of them are equal."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from gateway.fhir.json_codec import Resource
from tests.two_worlds.worlds import VERIFIED

Refer: TypeAlias = Callable[[str], str]
"""Some reference to a resource of the type."""

SYSTEM: Final = "https://example.org/number"
CODES: Final = "https://example.org/codes"
FAMILIES: Final = ("Abel", "Baker", "Carter", "Dunn")
DAYS: Final = ("2025-01-01", "2025-06-15", "2026-01-01", "2026-02-28")
GOALS: Final = ("active", "on-hold", "completed", "cancelled")
REQUESTS: Final = ("active", "on-hold", "completed", "draft")
TASKS: Final = ("requested", "accepted", "in-progress", "completed")
TEAMS: Final = ("active", "inactive", "proposed")

LINKS: Final = (
    ("CarePlan", "goal", "Goal"),
    ("CarePlan", "condition", "Condition"),
    ("CarePlan", "care-team", "CareTeam"),
    ("CarePlan", "patient", "Patient"),
    ("Goal", "patient", "Patient"),
    ("CareTeam", "participant", "Patient"),
    ("CareTeam", "patient", "Patient"),
    ("ServiceRequest", "based-on", "CarePlan"),
    ("ServiceRequest", "requester", "Practitioner"),
    ("ServiceRequest", "patient", "Patient"),
    ("Task", "focus", "ServiceRequest"),
    ("Task", "based-on", "CarePlan"),
    ("Task", "requester", "Practitioner"),
    ("Task", "patient", "Patient"),
    ("Condition", "patient", "Patient"),
    ("Condition", "evidence-detail", "Observation"),
    ("Observation", "patient", "Patient"),
    ("Observation", "has-member", "Observation"),
    ("List", "item", "Goal"),
    ("List", "patient", "Patient"),
    ("Patient", "link", "Patient"),
    ("Patient", "general-practitioner", "Practitioner"),
)
"""(type, reference parameter, type it leads to): what includes, chains and `_has` go along."""

TYPES: Final = (
    "Goal", "CarePlan", "CareTeam", "ServiceRequest", "Task", "Condition", "Observation", "List",
)  # fmt: skip
WITHOUT_SUBJECT: Final = ("CareTeam", "Task", "Observation", "List")
STATUS: Final = {
    "Goal": ("lifecycle-status", GOALS),
    "CarePlan": ("status", REQUESTS),
    "CareTeam": ("status", TEAMS),
    "ServiceRequest": ("status", REQUESTS),
    "Task": ("status", TASKS),
    "Condition": ("code", ("A", "B", "C")),
    "Observation": ("code", ("A", "B", "C")),
    "List": ("status", ("current", "retired")),
}
DATES: Final = {
    "Goal": "start-date",
    "CarePlan": "date",
    "CareTeam": "date",
    "ServiceRequest": "authored",
    "Task": "authored-on",
    "Condition": "recorded-date",
    "Observation": "date",
    "List": "date",
    "Patient": "birthdate",
}


def number(chance: random.Random) -> dict[str, str]:
    """An identifier that several resources carry, of every source."""
    return {"system": SYSTEM, "value": str(chance.randint(1, 4))}


def concept(chance: random.Random) -> dict[str, Any]:
    """One of three codes."""
    return {"coding": [{"system": CODES, "code": chance.choice("ABC")}]}


def patient(chance: random.Random, verified: str | None = None) -> Resource:
    """A Patient; with a verified number when there is one."""
    identifiers = [number(chance)]
    if verified is not None:
        identifiers.append({"system": VERIFIED, "value": verified})
    return {
        "resourceType": "Patient",
        "identifier": identifiers,
        "name": [{"family": chance.choice(FAMILIES), "given": [chance.choice("ABC")]}],
        "gender": chance.choice(("female", "male", "other")),
        "birthDate": chance.choice(DAYS),
    }


def practitioner(chance: random.Random) -> Resource:
    """Somebody of the directory."""
    return {
        "resourceType": "Practitioner",
        "identifier": [number(chance)],
        "name": [{"family": chance.choice(FAMILIES)}],
    }


def row(type: str, chance: random.Random, about: str | None, refer: Refer) -> Resource:
    """A resource of one of TYPES about the Patient of that reference, or about nobody."""
    made: Resource = {"resourceType": type, "identifier": [number(chance)]}
    element, values = STATUS[type]
    subject = {"for" if type == "Task" else "subject": {"reference": about}} if about else {}
    day = chance.choice(DAYS)

    def to(target: str) -> dict[str, str]:
        return {"reference": refer(target)}

    match type:
        case "Goal":
            made |= {"lifecycleStatus": chance.choice(values), "description": concept(chance)}
            made |= {"startDate": day, "addresses": [to("Condition")]}
        case "CarePlan":
            made |= {"status": chance.choice(values), "intent": "plan", "category": [concept(chance)]}
            made |= {"period": {"start": day}, "goal": [to("Goal")], "addresses": [to("Condition")]}
            made |= {"careTeam": [to("CareTeam")]}
        case "CareTeam":
            made |= {"status": chance.choice(values), "period": {"start": day}}
            made |= {"participant": [{"member": to("Patient")}, {"member": to("Practitioner")}]}
        case "ServiceRequest":
            made |= {"status": chance.choice(values), "intent": "order", "code": concept(chance)}
            made |= {"authoredOn": day, "basedOn": [to("CarePlan")], "requester": to("Practitioner")}
            made |= {"reasonReference": [to("Condition")]}
        case "Task":
            made |= {"status": chance.choice(values), "intent": "order", "code": concept(chance)}
            made |= {"authoredOn": day, "focus": to("ServiceRequest"), "basedOn": [to("CarePlan")]}
            made |= {"requester": to("Practitioner")}
        case "Condition":
            made |= {element: concept(chance), "recordedDate": day}
            made |= {"evidence": [{"detail": [to("Observation")]}]}
        case "Observation":
            made |= {"status": "final", element: concept(chance), "effectiveDateTime": day}
            made |= {"hasMember": [to("Observation")]}
            made |= {"valueQuantity": {"value": chance.randint(1, 9), "unit": "1"}}
        case "List":
            made |= {"status": chance.choice(values), "mode": "working", "date": day}
            made |= {"entry": [{"item": to(chance.choice(("Goal", "Condition", "CarePlan")))}]}
    return made | subject


def unshown(resource: Resource, chance: random.Random, refer: Refer) -> Resource:
    """The resource with elements that an agency is not shown, whatever they say."""
    hidden: Resource = {
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{chance.choice(FAMILIES)}</div>',
        }
    }
    match resource["resourceType"]:
        case "Patient":
            hidden["maritalStatus"] = concept(chance)
            hidden["generalPractitioner"] = [{"reference": refer("Practitioner")}]
            hidden["multipleBirthInteger"] = chance.randint(1, 3)
        case "ServiceRequest":
            hidden["bodySite"] = [concept(chance)]
            hidden["requisition"] = number(chance)
        case "Task":
            hidden["groupIdentifier"] = number(chance)
            hidden["input"] = [{"type": concept(chance), "valueString": chance.choice(FAMILIES)}]
    return {
        name: value
        for name, value in (resource | hidden).items()
        if chance.random() < 0.9 or name not in hidden
    }
