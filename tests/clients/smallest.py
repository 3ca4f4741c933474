"""The smallest resource of each type that R4 takes: what its definition requires, and nothing else.

Source: https://hl7.org/fhir/R4/resourcelist.html
"""

from __future__ import annotations

from typing import Any, Final

_SOMEBODY: Final = {"display": "somebody"}
_CODE: Final = {"text": "something"}
_DAY: Final = {"start": "2026-01-01", "end": "2026-12-31"}
_CODING: Final = {"system": "urn:example:codes", "code": "a"}

REQUIRED: Final[dict[str, dict[str, Any]]] = {
    "RelatedPerson": {"patient": _SOMEBODY},
    "Organization": {"name": "Elm House"},
    "Endpoint": {
        "status": "active",
        "connectionType": _CODING,
        "payloadType": [_CODE],
        "address": "https://example.org/fhir",
    },
    "CarePlan": {"status": "active", "intent": "plan", "subject": _SOMEBODY},
    "Goal": {"lifecycleStatus": "active", "description": _CODE, "subject": _SOMEBODY},
    "ServiceRequest": {"status": "active", "intent": "order", "subject": _SOMEBODY},
    "Task": {"status": "draft", "intent": "order"},
    "Condition": {"subject": _SOMEBODY},
    "Observation": {"status": "final", "code": _CODE},
    "Procedure": {"status": "completed", "subject": _SOMEBODY},
    "Encounter": {"status": "planned", "class": _CODING},
    "EpisodeOfCare": {"status": "active", "patient": _SOMEBODY},
    "Appointment": {"status": "proposed", "participant": [{"actor": _SOMEBODY, "status": "needs-action"}]},
    "Schedule": {"actor": [_SOMEBODY]},
    "Slot": {
        "schedule": {"display": "her diary"},
        "status": "free",
        "start": "2026-03-01T09:00:00Z",
        "end": "2026-03-01T10:00:00Z",
    },
    "Communication": {"status": "completed"},
    "CommunicationRequest": {"status": "active"},
    "Consent": {"status": "draft", "scope": _CODE, "category": [_CODE], "policyRule": _CODE},
    "DocumentReference": {"status": "current", "content": [{"attachment": {"title": "A letter"}}]},
    "Binary": {"contentType": "text/plain", "data": "YQ=="},
    "Composition": {
        "status": "final",
        "type": _CODE,
        "date": "2026-03-01",
        "author": [_SOMEBODY],
        "title": "A letter",
    },
    "Questionnaire": {"status": "draft"},
    "QuestionnaireResponse": {"status": "completed"},
    "AllergyIntolerance": {"patient": _SOMEBODY, "clinicalStatus": _CODE},
    "MedicationRequest": {
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": _CODE,
        "subject": _SOMEBODY,
    },
    "MedicationStatement": {
        "status": "active",
        "medicationCodeableConcept": _CODE,
        "subject": _SOMEBODY,
    },
    "Immunization": {
        "status": "completed",
        "vaccineCode": _CODE,
        "patient": _SOMEBODY,
        "occurrenceDateTime": "2026-03-01",
    },
    "DiagnosticReport": {"status": "final", "code": _CODE},
    "DetectedIssue": {"status": "final"},
    "Flag": {"status": "active", "code": _CODE, "subject": _SOMEBODY},
    "List": {"status": "current", "mode": "working"},
    "Group": {"type": "person", "actual": True},
    "Provenance": {
        "target": [{"display": "a letter"}],
        "recorded": "2026-03-01T09:00:00Z",
        "agent": [{"who": _SOMEBODY}],
    },
    "Subscription": {
        "status": "requested",
        "reason": "to know",
        "criteria": "Condition?code=a",
        "channel": {"type": "message"},
    },
    "Bundle": {"type": "collection"},
    "Basic": {"code": _CODE},
    "MeasureReport": {
        "status": "complete",
        "type": "summary",
        "measure": "http://example.org/measures/a",
        "period": _DAY,
    },
}


def smallest(type: str) -> dict[str, Any]:
    """The smallest resource of the type."""
    return {"resourceType": type, **REQUIRED.get(type, {})}
