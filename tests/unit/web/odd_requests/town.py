"""What stands at the gateway while odd requests come in, and what every answer to one must be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from werkzeug.test import TestResponse

CANARY: Final = "zqxcanary"
FHIR, FORM = "application/fhir+json", "application/x-www-form-urlencoded"
NOWHERE: Final = "00000000-0000-4000-8000-000000000000"
PLAIN: Final = b'{"resourceType":"Condition","subject":{"display":"somebody"},"code":{"text":"%s"}}'
"""A Condition, but for its text."""
FEW: Final = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@dataclass(frozen=True)
class Town:
    """What stands at the gateway while odd requests come in."""

    app: Flask
    client: FlaskClient
    condition: str
    patient: str


def soundly(answer: TestResponse, sent: object) -> TestResponse:
    """The answer, once it is seen to be no failure and, as a refusal, to say why and repeat nothing."""
    assert answer.status_code < 500, (sent, answer.status_code, answer.text[:300])
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        assert CANARY not in answer.text, (sent, answer.text)
        if answer.request.path.startswith("/fhir"):
            assert answer.mimetype == FHIR, sent
            assert answer.json is not None, sent
            assert answer.json["resourceType"] == "OperationOutcome", sent
            assert all(it["diagnostics"] and it["details"]["text"] for it in answer.json["issue"]), sent
        else:
            assert answer.mimetype in ("application/problem+json", "text/html"), (sent, answer.mimetype)
    return answer
