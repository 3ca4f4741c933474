"""Errors reach a caller as one answer, in the words of the door, without anything the caller sent."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from gateway.errors import (
    DatabaseUnreachable,
    GatewayError,
    NotConformant,
    PartnerUnavailable,
    RecordInvalid,
    StoreError,
)
from gateway.errors import Issue as Finding
from gateway.web.doors import Door, declare_endpoints

CANARY = "Mary-Canary-9990000018"


@pytest.fixture
def failing(app: Flask) -> Flask:
    """An application with two addresses that fail as the test says, one under /fhir."""

    def fail() -> str:
        raise app.config["FAILURE"]

    app.add_url_rule("/fhir/failing", "failing_fhir", fail)
    app.add_url_rule("/failing", "failing", fail)
    declare_endpoints(app, {"failing_fhir": Door.OPEN, "failing": Door.OPEN})
    return app


def test_under_fhir_an_error_is_an_operation_outcome_with_every_issue(failing: Flask) -> None:
    failing.config["FAILURE"] = NotConformant(
        "It breaks R4.",
        issues=[Finding("error", "required", "Missing.", "Goal.subject"), Finding("error", "value", "Odd.")],
    )

    answer = failing.test_client().get("/fhir/failing")

    assert (answer.status_code, answer.mimetype) == (422, "application/fhir+json")
    issues = (answer.json or {})["issue"]
    assert [issue["code"] for issue in issues] == ["required", "value"]
    assert issues[0]["expression"] == ["Goal.subject"]
    assert all(answer.headers["X-Request-Id"] in issue["diagnostics"] for issue in issues)


def test_elsewhere_an_error_is_a_problem_of_rfc_9457(failing: Flask) -> None:
    failing.config["FAILURE"] = PartnerUnavailable("northside did not answer within 10 s")

    answer = failing.test_client().get("/failing")

    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
    assert answer.json == {
        "title": "Service Unavailable",
        "status": 503,
        "detail": "northside did not answer within 10 s",
        "code": "transient",
        "request_id": answer.headers["X-Request-Id"],
        "issues": [
            {"severity": "error", "code": "transient", "text": "northside did not answer within 10 s"}
        ],
    }
    assert int(answer.headers["Retry-After"]) > 0


def test_the_one_line_of_a_problem_names_the_field_it_is_about(failing: Flask) -> None:
    issues = [
        Finding("error", "required", "is required", "person"),
        Finding("error", "value", "is odd", "status"),
    ]
    failing.config["FAILURE"] = RecordInvalid("The record cannot be accepted.", issues=issues)

    answer = failing.test_client().get("/failing")

    assert (answer.json or {})["detail"] == "person: is required (1 more in issues)"


@pytest.mark.parametrize("path", ["/failing", "/fhir/failing"])
@pytest.mark.parametrize(
    "failure", [StoreError(CANARY), DatabaseUnreachable(CANARY), ValueError(CANARY), GatewayError(CANARY)]
)
def test_what_broke_inside_is_neither_told_nor_logged_in_its_own_words(
    failing: Flask, path: str, failure: Exception
) -> None:
    failing.config["FAILURE"] = failure

    with capture_logs() as logs:
        answer = failing.test_client().get(path)

    assert answer.status_code == getattr(failure, "status", 500)
    assert CANARY not in answer.text
    assert CANARY not in str(logs)
    logged = next(entry for entry in logs if entry["event"] == "request failed")
    assert logged["error"] == type(failure).__name__
    assert any("test_outcomes.py" in place for place in logged["places"])


def test_what_flask_refuses_is_answered_the_same_way(st_annes: FlaskClient) -> None:
    unknown = st_annes.get("/fhir/R4/Patient/1/2/3/4")
    method = st_annes.post("/fhir/R4/Patient/1")
    elsewhere = st_annes.get("/no-such-page")

    assert [unknown.status_code, method.status_code, elsewhere.status_code] == [404, 405, 404]
    assert (unknown.json or {})["resourceType"] == (method.json or {})["resourceType"] == "OperationOutcome"
    assert "PUT" in method.headers["Allow"]
    assert elsewhere.content_type == "application/problem+json"


def test_an_unreachable_database_is_said_so(app: Flask, gateway: object, st_annes: FlaskClient) -> None:
    from gateway.store.database import Database
    from gateway.web import GATEWAY

    away = Database.connect("postgresql://nobody@127.0.0.1:1/none")
    held = app.extensions[GATEWAY]
    app.extensions[GATEWAY] = type(held)(away, held.mappings, held.partners, held.self_actor, held.public_url)

    answer = st_annes.get("/fhir/R4/Patient")
    ready = app.test_client().get("/health/ready")

    assert (answer.status_code, ready.status_code) == (503, 503)
    assert (answer.json or {})["issue"][0]["code"] == "transient"
    assert "127.0.0.1" not in answer.text
    assert app.test_client().get("/health/live").status_code == 200
