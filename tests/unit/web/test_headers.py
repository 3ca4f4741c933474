"""Headers that every answer carries, and limits that every request meets."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.web.headers import harden_answers, limit_requests


@pytest.mark.parametrize("path", ["/health/live", "/fhir/R4/metadata", "/fhir/R4/Patient", "/no-such-page"])
def test_every_answer_says_how_it_may_be_used(nobody: FlaskClient, path: str) -> None:
    headers = nobody.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"


def test_sessions_are_kept_from_scripts_and_other_sites(app: Flask) -> None:
    assert app.config["SESSION_COOKIE_HTTPONLY"] is True
    assert app.config["SESSION_COOKIE_SAMESITE"] == "Lax"
    assert app.config["MAX_CONTENT_LENGTH"] == 5_000_001


def test_production_answers_to_its_own_name_over_tls_only() -> None:
    app = Flask("production")
    limit_requests(app, public_url="https://care.example.org", production=True)
    harden_answers(app, production=True)
    app.add_url_rule("/", "home", lambda: "home")
    client = app.test_client()

    ours = client.get("/", headers={"Host": "care.example.org"})
    foreign = client.get("/", headers={"Host": "evil.example"})

    assert (ours.status_code, foreign.status_code) == (200, 400)
    assert ours.headers["Strict-Transport-Security"].startswith("max-age=")
    assert app.config["SESSION_COOKIE_SECURE"] is True
    assert app.config["SESSION_COOKIE_NAME"].startswith("__Host-")


def test_nobody_reaches_this_machine_under_a_name_of_its_own(nobody: FlaskClient) -> None:
    foreign = nobody.get("/health/live", headers={"Host": "rebound.example"})
    loopback = nobody.get("/health/live", headers={"Host": "127.0.0.1:8080"})

    assert (foreign.status_code, loopback.status_code) == (400, 200)
