"""One application for each module of odd requests."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.unit.web.conftest import Knock, condition, patient
from tests.unit.web.odd_requests.town import Town


@pytest.fixture(scope="module")
def town(standing_app: Flask, enter: Knock) -> Town:
    client = enter("ehr:st-annes")
    her = client.post("/fhir/R4/Patient", json=patient(name=[{"family": "Example"}])).json["id"]  # type: ignore[index]
    ill = condition(subject={"reference": f"Patient/{her}"}, code={"text": "x"}, onsetDateTime="2026-01-01")
    held = client.post("/fhir/R4/Condition", json=ill).json["id"]  # type: ignore[index]
    pulse = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "urn:x", "code": "x"}]},
        "subject": {"reference": f"Patient/{her}"},
        "valueQuantity": {"value": 5, "unit": "x"},
    }
    assert client.post("/fhir/R4/Observation", json=pulse).status_code == 201
    return Town(standing_app, client, held, her)
