"""Care plans of any size, as a hospital would send them: what the benchmarks read and write.

Nothing is random: the same sizes give the same resources. Each call makes new objects.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gateway.fhir.systems import EXTENSIONS

_SNOMED, _UCUM = "http://snomed.info/sct", "http://unitsofmeasure.org"
_ACHIEVEMENT = "http://terminology.hl7.org/CodeSystem/goal-achievement"
_CATEGORY = "http://hl7.org/fhir/us/core/CodeSystem/careplan-category"
_HOSPITAL = "https://st-annes.example"

# kind, SNOMED code, its display, the team's own words, what they tell the person
_ACTIVITIES = (
    ("ServiceRequest", "229070002", "Stretching exercises", "Balance class", "Come in soft shoes"),
    ("Task", "225323000", "Smoking cessation education", "Stop smoking", "Ring when it gets hard"),
    ("ServiceRequest", "36777000", "Debridement", "Leg ulcer dressing", "Keep the leg up at night"),
    ("Appointment", "11429006", "Consultation", "See the dietitian", "Bring the food diary"),
    ("Task", "229065009", "Exercise therapy", "Walk with a neighbour", "First to the shop"),
)
_STATUS = ("in-progress", "scheduled", "not-started", "on-hold", "completed")

# LOINC code, its display, the measure in words, value, comparator, unit and its UCUM code
_MEASURES = (
    ("4548-4", "Hemoglobin A1c", "HbA1c", "6.50", "<", "%", "%"),
    ("29463-7", "Body weight", "Weight", "71.20", "<=", "kg", "kg"),
    ("64098-7", "Six minute walk test", "Walking", "400", ">=", "m", "m"),
    ("72514-3", "Pain severity", "Pain at night", "3", "<=", "of 10", "{score}"),
    ("41950-7", "Steps in 24 hour", "Steps a day", "1500.0", ">=", "steps", "{steps}"),
)


def care_plan(activities: int, goals: int) -> dict[str, Any]:
    """A CarePlan of so many activities and its Goals, keyed as the lens takes them.

    About eleven KB of JSON for ten activities and five goals.
    """
    plan = {
        **_header(),
        "goal": [{"reference": f"Goal/g-{number}"} for number in range(goals)],
        "activity": [_activity(number, goals) for number in range(activities)],
        "note": [
            _note("Keys are with the neighbour at number 14", "2026-10-01", "Practitioner/d5"),
            {"text": "Ring twice, please", "authorString": "Chidi Okafor"},
        ],
    }
    return {"CarePlan": plan, "Goal": [_goal(number) for number in range(goals)]}


def _header() -> dict[str, Any]:
    return {
        "resourceType": "CarePlan",
        "id": "cp-31",
        "meta": {"versionId": "4", "lastUpdated": "2026-10-02T08:15:00Z", "source": f"{_HOSPITAL}/ehr"},
        "language": "en-GB",
        "text": {
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml">Home after the fall (active)</div>',
        },
        "extension": [
            {
                "url": f"{EXTENSIONS}contingency",
                "extension": [
                    {"url": "if", "valueString": "She falls again"},
                    {"url": "then", "valueString": "Call 111, then the falls team"},
                ],
            },
            {"url": f"{EXTENSIONS}review-date", "valueDate": "2027-01-15"},
            {"url": f"{_HOSPITAL}/StructureDefinition/ward", "valueString": "7 North"},
        ],
        "identifier": [
            {
                "use": "official",
                "system": f"{_HOSPITAL}/id/plan",
                "value": "P-31",
                "assigner": {"reference": "Organization/st-annes", "display": "St Anne's Hospital"},
            }
        ],
        "instantiatesCanonical": [f"{_HOSPITAL}/PlanDefinition/falls|3"],
        "status": "active",
        "intent": "plan",
        "category": [_concept(_CATEGORY, "assess-plan"), {"text": "Falls"}],
        "title": "Home after the fall",
        "description": "Back on her feet, and safe at home",
        "subject": {"reference": "Patient/p-1", "display": "Ada Okafor"},
        "encounter": {"reference": "Encounter/e-1"},
        "period": {"start": "2026-10-01", "end": "2027-03-31"},
        "created": "2026-10-01T09:30:00+01:00",
        "author": {"reference": "Practitioner/d5", "display": "Dr Tom Achterberg"},
        "contributor": [{"reference": "Practitioner/d6", "display": "J. Oduya"}],
        "careTeam": [{"reference": "CareTeam/t-1"}],
        "addresses": [{"reference": "Condition/c-1"}, {"reference": "Condition/c-2", "display": "Leg ulcer"}],
        "supportingInfo": [{"reference": "QuestionnaireResponse/q-1"}],
    }


def _activity(number: int, goals: int) -> dict[str, Any]:
    kind, code, display, words, instructions = _ACTIVITIES[number % 5]
    detail: dict[str, Any] = {
        "kind": kind,
        "code": _concept(_SNOMED, code, display, words),
        "status": _STATUS[number % 5],
        "description": instructions,
        "performer": [{"reference": f"Practitioner/d{number % 9}"}],
        **_schedule(number),
    }
    if number % 3 == 0:
        detail["location"] = {"reference": f"Location/hall-{number % 7}", "display": "Community hall"}
    if number % 4 == 3:
        detail["statusReason"] = {"text": "Waiting for a free place"}
    if goals:
        detail["goal"] = [{"reference": f"Goal/g-{number % goals}"}]
    activity: dict[str, Any] = {"id": f"a{number}", "detail": detail}
    if number % 5 == 2:
        money = {"value": Decimal("12.40"), "currency": "GBP"}
        activity["extension"] = [{"url": f"{EXTENSIONS}activity-cost", "valueMoney": money}]
    if number % 2:
        activity["progress"] = [_note("Went well", "2026-10-14T10:00:00Z", f"Practitioner/d{number % 9}")]
    if number % 4 == 1:
        activity["progress"].append({"text": "Came late, stayed to the end", "time": "2026-10-21"})
    return activity


def _schedule(number: int) -> dict[str, Any]:
    if number % 5 == 4:
        return {"scheduledString": "Mondays and Thursdays after lunch"}
    if number % 2:
        return {"scheduledPeriod": {"start": "2026-10-12T10:00:00+01:00", "end": "2026-12-14"}}
    repeat = {
        "boundsPeriod": {"start": "2026-10-01"},
        "duration": Decimal("1.5"),
        "durationUnit": "h",
        "frequency": 2,
        "period": 1,
        "periodUnit": "wk",
        "dayOfWeek": ["mon", "thu"],
    }
    return {"scheduledTiming": {"repeat": repeat}}


def _goal(number: int) -> dict[str, Any]:
    code, display, measure, value, comparator, unit, ucum = _MEASURES[number % 5]
    target = {
        "id": "t1",
        "measure": _concept("http://loinc.org", code, display, measure),
        "detailQuantity": {
            "value": Decimal(value),
            "comparator": comparator,
            "unit": unit,
            "system": _UCUM,
            "code": ucum,
        },
        "dueDate": "2026-12-24",
    }
    goal: dict[str, Any] = {
        "resourceType": "Goal",
        "id": f"g-{number}",
        "meta": {"versionId": "1"},
        "lifecycleStatus": "active",
        "description": {"text": f"{measure}: better by Christmas"},
        "subject": {"reference": "Patient/p-1"},
        "startDate": "2026-10-01",
        "target": [target],
        "addresses": [{"reference": "Condition/c-1"}],
    }
    if number % 2:
        goal["achievementStatus"] = _concept(_ACHIEVEMENT, "improving")
        goal["note"] = [_note("Wants to do it by herself", "2026-10-02", "Practitioner/d5")]
    return goal


def _concept(system: str, code: str, display: str | None = None, text: str | None = None) -> dict[str, Any]:
    coding = {"system": system, "code": code, **({"display": display} if display else {})}
    return {"coding": [coding], **({"text": text} if text else {})}


def _note(text: str, time: str, author: str) -> dict[str, Any]:
    return {"text": text, "time": time, "authorReference": {"reference": author}}
