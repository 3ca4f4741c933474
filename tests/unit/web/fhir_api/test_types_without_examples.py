"""The served types of which nobody published an example are written, read and found like the others."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.unit.web.conftest import Knock

SUBJECT = {"subject": {"display": "somebody"}}
CODE = {"coding": [{"system": "urn:codes", "code": "a1"}]}
SMALLEST: dict[str, tuple[dict[str, Any], str]] = {
    "Basic": ({"code": CODE, "created": "2026-03-01"}, "code=urn:codes|a1&created=2026-03-01"),
    "DetectedIssue": ({"status": "final", "code": CODE, "identifiedDateTime": "2026"}, "identified=2026"),
    "MeasureReport": (
        {
            "status": "complete",
            "type": "summary",
            "measure": "https://example.org/Measure/m",
            "date": "2026-03-01",
            "period": {"start": "2026-01-01", "end": "2026-02-01"},
        },
        "measure=https://example.org/Measure/m&period=2026&date=2026-03",
    ),
    "Medication": ({"code": CODE, "status": "active"}, "code=a1&status=active"),
    "MedicationStatement": (
        {"status": "active", "medicationCodeableConcept": CODE, **SUBJECT, "effectiveDateTime": "2026-03"},
        "code=urn:codes|a1&effective=2026-03",
    ),
}


@pytest.fixture(scope="module")
def client(enter: Knock) -> FlaskClient:
    return enter("ehr:st-annes")


@pytest.mark.parametrize("type", sorted(SMALLEST))
def test_it_is_written_read_found_and_deleted(client: FlaskClient, type: str) -> None:
    elements, search = SMALLEST[type]

    made = client.post(f"/fhir/R4/{type}", json={"resourceType": type, **elements})
    assert made.status_code == 201, made.text
    address = f"/fhir/R4/{type}/{(made.json or {})['id']}"
    assert client.get(address).data == made.data
    for sort in ("", "&_sort=-_lastUpdated"):
        found = client.get(f"/fhir/R4/{type}?{search}{sort}").json or {}
        assert [entry["resource"] for entry in found["entry"]] == [made.json]
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 410
    assert client.delete(address).status_code == 204
