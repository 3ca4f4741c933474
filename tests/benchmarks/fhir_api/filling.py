"""A store filled as a hospital fills it: persons, each with plans, goals, a team, referrals and findings.

Nothing is random: the same size gives the same resources. They are written by the store's own functions, one
transaction for every fifty persons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.access.actors import Actor, ActorKind
from gateway.store import resources
from gateway.store.database import Database, Transaction

HOSPITAL: Final = Actor(ActorKind.EHR, "st-annes", "st-annes")
NUMBERS: Final = "https://st-annes.example/id/patient"
CATEGORIES: Final = ("assess-plan", "longitudinal", "discharge", "rehabilitation", "palliative")
STATUSES: Final = ("active", "on-hold", "completed", "draft", "revoked")
_CATEGORY: Final = "http://hl7.org/fhir/us/core/CodeSystem/careplan-category"
_SNOMED: Final = "http://snomed.info/sct"
_LOINC: Final = "http://loinc.org"
_AT_ONCE: Final = 50


@dataclass(slots=True)
class Filled:
    """What was written, as far as the requests need it: ids, and the numbers of the persons."""

    patients: list[str] = field(default_factory=list)
    plans: list[tuple[str, str]] = field(default_factory=list)  # its id, and its person's
    numbers: list[str] = field(default_factory=list)
    resources: int = 0


def fill(
    database: Database, size: int, filled: Filled, progressed: Callable[[int], None] = lambda done: None
) -> None:
    """At least `size` resources in all, those that `filled` holds already among them; committed."""
    while filled.resources < size:
        with database.transaction(HOSPITAL) as tx:
            for _ in range(_AT_ONCE):
                if filled.resources < size:
                    _write_person(tx, filled)
        progressed(filled.resources)


def care_plan(number: int, patient: str, goals: list[str]) -> dict[str, Any]:
    """A plan of two activities, about two KB of JSON."""
    return {
        "resourceType": "CarePlan",
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml">Home after the fall, plan {number}</div>',
        },
        "identifier": [{"system": "https://st-annes.example/id/plan", "value": f"P-{number}"}],
        "status": STATUSES[number % 5],
        "intent": "plan",
        "category": [{"coding": [{"system": _CATEGORY, "code": CATEGORIES[number // 5 % 5]}]}],
        "title": "Home after the fall",
        "description": "Back on her feet, and safe at home",
        "subject": {"reference": f"Patient/{patient}"},
        "period": {"start": _day(number), "end": "2027-12-31"},
        "created": f"{_day(number)}T09:30:00+01:00",
        "goal": [{"reference": f"Goal/{goal}"} for goal in goals],
        "activity": [
            {
                "detail": {
                    "kind": "ServiceRequest",
                    "code": {"coding": [{"system": _SNOMED, "code": code}], "text": words},
                    "status": "in-progress",
                    "scheduledTiming": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "wk"}},
                    "description": "Come in soft shoes",
                }
            }
            for code, words in (("229070002", "Balance class"), ("36777000", "Leg ulcer dressing"))
        ],
        "note": [{"authorString": "Night team", "text": "Keys are with the neighbour at number 14"}],
    }


def _write_person(tx: Transaction, filled: Filled) -> None:
    number = len(filled.patients)
    written = _patient(number)
    patient = _kept(tx, written, filled)
    filled.patients.append(patient)
    filled.numbers.append(written["identifier"][0]["value"])
    for at in (2 * number, 2 * number + 1):
        goal = _kept(tx, _goal(at, patient), filled)
        plan = _kept(tx, care_plan(at, patient, [goal]), filled)
        filled.plans.append((plan, patient))
    for other in _others(number, patient, filled.plans[-1][0]):
        _kept(tx, other, filled)


def _kept(tx: Transaction, resource: dict[str, Any], filled: Filled) -> str:
    filled.resources += 1
    return resources.create(tx, resource, source=HOSPITAL.source).id


def _patient(number: int) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": NUMBERS, "value": f"H{number:07}"}],
        "name": [{"family": f"Family{number % 997}", "given": [f"Given{number % 89}"]}],
        "gender": ("female", "male")[number % 2],
        "birthDate": f"{1930 + number % 70}-0{1 + number % 9}-1{number % 9}",
    }


def _goal(number: int, patient: str) -> dict[str, Any]:
    measure = {"coding": [{"system": _LOINC, "code": "64098-7"}], "text": "Walking"}
    target = {"measure": measure, "detailQuantity": {"value": 400, "unit": "m"}, "dueDate": "2027-06-30"}
    return {
        "resourceType": "Goal",
        "lifecycleStatus": ("active", "completed")[number % 2],
        "description": {"text": "Walk to the shop and back"},
        "subject": {"reference": f"Patient/{patient}"},
        "startDate": _day(number),
        "target": [target],
    }


def _others(number: int, patient: str, plan: str) -> Iterator[dict[str, Any]]:
    subject = {"reference": f"Patient/{patient}"}
    yield {"resourceType": "CareTeam", "status": "active", "subject": subject, "name": "Falls team"}
    yield {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "code": {"coding": [{"system": _SNOMED, "code": "229070002"}]},
        "subject": subject,
        "authoredOn": _day(number),
        "basedOn": [{"reference": f"CarePlan/{plan}"}],
    }
    yield {
        "resourceType": "Condition",
        "code": {"coding": [{"system": _SNOMED, "code": "161898004"}]},
        "subject": subject,
        "recordedDate": _day(number),
    }
    for at in range(2):
        yield {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": _LOINC, "code": "64098-7"}]},
            "subject": subject,
            "effectiveDateTime": f"{_day(number + at)}T10:00:00Z",
            "valueQuantity": {"value": 300 + number % 200, "unit": "m"},
        }


def _day(number: int) -> str:
    return f"202{number % 7}-{1 + number % 12:02}-{1 + number % 28:02}"
