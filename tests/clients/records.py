"""The records that the clients keep: a patient, and a condition about her, each found by its number."""

from __future__ import annotations

from typing import Any

NUMBERS = "urn:example:clients"


def patient(number: str, **elements: Any) -> dict[str, Any]:
    """A Patient with that number."""
    return {"resourceType": "Patient", "identifier": [{"system": NUMBERS, "value": number}], **elements}


def condition(number: str, patient_id: str, **elements: Any) -> dict[str, Any]:
    """A Condition with that number, about the patient."""
    return {
        "resourceType": "Condition",
        "identifier": [{"system": NUMBERS, "value": number}],
        "subject": {"reference": f"Patient/{patient_id}"},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "38341003"}]},
        **elements,
    }
