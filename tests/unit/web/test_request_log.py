"""Each request is logged and counted once, and nothing of a patient is in either."""

from __future__ import annotations

import uuid

import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from tests.unit.web.conftest import patient

CANARY = "Mary-Canary-9990000018"


def test_a_request_is_logged_once_by_its_route(st_annes: FlaskClient) -> None:
    id = (st_annes.post("/fhir/R4/Patient", json=patient()).json or {})["id"]

    with capture_logs() as logs:
        answer = st_annes.get(f"/fhir/R4/Patient/{id}")

    assert len(logs) == 1
    assert {**logs[0], "ms": 0} == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "route": "/fhir/R4/<resource_type>/<logical_id>",
        "status": 200,
        "ms": 0,
        "door": "key",
        "actor": "ehr",
        "request_id": answer.headers["X-Request-Id"],
    }


def test_nothing_of_a_patient_is_logged_or_counted(st_annes: FlaskClient, nobody: FlaskClient) -> None:
    with capture_logs() as logs:
        st_annes.post("/fhir/R4/Patient", json=patient(name=[{"family": CANARY}]))
        st_annes.get(f"/fhir/R4/Patient?identifier={CANARY}&{CANARY}=1")
        st_annes.get(f"/fhir/R4/Patient/{CANARY}")
        st_annes.get(f"/{CANARY}")
        st_annes.open("/fhir/R4/Patient", method=CANARY.upper())
        st_annes.get("/fhir/R4/Patient", headers={"X-Request-Id": CANARY, "User-Agent": CANARY})
        nobody.get("/fhir/R4/Patient", headers={"Authorization": f"Bearer {CANARY}"})
        st_annes.post("/fhir/R4/Patient", data=f'{{"{CANARY}":'.encode(), content_type="application/json")

    assert len(logs) == 8
    assert "canary" not in str(logs).lower()
    assert "canary" not in nobody.get("/metrics").text.lower()


@pytest.mark.parametrize("sent", [str(uuid.uuid4()), "abc-123", "a.b:c_d"])
def test_a_request_id_is_echoed(nobody: FlaskClient, sent: str) -> None:
    assert nobody.get("/health/live", headers={"X-Request-Id": sent}).headers["X-Request-Id"] == sent


@pytest.mark.parametrize("sent", ["", "a b", "<script>", "x" * 65, "\u00e9"])
def test_a_request_id_that_could_do_harm_is_replaced(nobody: FlaskClient, sent: str) -> None:
    answered = nobody.get("/health/live", headers={"X-Request-Id": sent}).headers["X-Request-Id"]

    assert str(uuid.UUID(answered)) == answered


def test_metrics_count_by_route_template(st_annes: FlaskClient, nobody: FlaskClient) -> None:
    for _ in range(3):
        st_annes.get("/fhir/R4/Condition/1")

    metrics = nobody.get("/metrics").text

    route = "/fhir/R4/<resource_type>/<logical_id>"
    assert f'care_gateway_requests_total{{method="GET",route="{route}",status="404"}} 3.0' in metrics
    assert "care_gateway_request_seconds_bucket" in metrics
