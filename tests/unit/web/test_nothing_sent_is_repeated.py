"""Whatever is sent, and to whichever door: no 5xx, and none of it in an error, a log line, a metric or the
audit. Only a key that looks like the name of a field or a parameter is named, since it is nobody's data.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from tests.unit.web.conftest import NHS_NUMBER, Knock, Trail

NAME, NUMBER, BORN = "Zqxcanary", "9998887771", "1931-07-19"
CANARIES = (NAME, NUMBER, BORN)
ALL = f"{NAME} {NUMBER} {BORN}"
FHIR, JSON = "application/fhir+json", "application/json"
CONDITION = f"identifier={NHS_NUMBER}|{NAME},{NUMBER}&{NUMBER}=1"
NOWHERE = "00000000-0000-4000-8000-000000000000"

PATHS = (
    f"/{NAME}/{NUMBER}",
    f"/fhir/R4/{NAME}",
    f"/fhir/R4/Patient/{NUMBER}",
    f"/fhir/R4/Patient/{NAME}.{BORN}",
    f"/fhir/R4/Patient/{NUMBER}/_history",
    f"/fhir/R4/Patient/{NUMBER}/_history/{NUMBER}",
    f"/fhir/R4/Patient/{NOWHERE}/_history/{NAME}",
    f"/fhir/R4/Patient/${NAME}",
    f"/fhir/R4/Patient/{NUMBER}/{NAME}",
    f"/fhir/R4/Patient?{NUMBER}={NAME}",
    f"/fhir/R4/Patient?birthdate={BORN}&name={NAME}&_format=xml",
    f"/fhir/R4/Patient?identifier:{NUMBER}={NAME}",
    f"/fhir/R4/Patient?_sort={NAME}",
    f"/fhir/R4/Patient?_count={NAME}",
    f"/fhir/R4/Patient?_cursor={NAME}",
    f"/fhir/R4/Patient?_lastUpdated={NAME}",
    f"/fhir/R4/Patient?_lastUpdated=gt{BORN}T",
    f"/fhir/R4/Goal?patient:{NAME}={NUMBER}",
    f"/fhir/R4/Patient/{NOWHERE}/_history?_count={NAME}",
    f"/fhir/R4/Patient/{NOWHERE}/_history?{NAME}=1",
    f"/fhir/R4/Patient?_format={NAME}",
    f"/api/{NAME}",
    f"/api/people/{NUMBER}",
    f"/api/people/{NAME}/record",
    f"/api/people?{NAME}={NUMBER}",
    f"/api/people?count={NUMBER}",
    f"/api/people?cursor={NAME}",
    f"/api/referrals?state={NAME}",
    f"/api/referrals/{NUMBER}/send",
    f"/hooks/{NAME}",
    f"/people/{NAME}",
    f"/?cursor={NAME}",
    f"/static/{NAME}",
    f"/fhir/R4/%2e%2e/{NAME}",
    f"//fhir/R4/Patient/{NUMBER}",
    f"/fhir/R4//Patient/{NUMBER}",
    f"/fhir/R4/Patient/{NUMBER}/",
    f"/fhir/R4/Patient/%00{NAME}",
    f"/fhir/R4/Patient/%ff{NAME}",
    f"/api/people/%0d%0a{NAME}",
)


@dataclass(frozen=True)
class Sent:
    """One request that carries canaries."""

    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def bodies(resource_type: str) -> Iterator[bytes]:
    """Bodies that are wrong in one way each."""
    odd: list[Any] = [
        {"resourceType": ALL},
        {"resourceType": resource_type, ALL: ALL, NUMBER: NAME},
        {"resourceType": resource_type, "identifier": NUMBER, "birthDate": ALL, "name": NAME},
        {"resourceType": resource_type, "id": NUMBER, "meta": NAME},
        {"resourceType": resource_type, "meta": {"versionId": NAME, "lastUpdated": ALL}},
        {"resourceType": resource_type, "contained": [{"resourceType": NAME}, NUMBER]},
        {"resourceType": resource_type, "extension": [{"url": 5, "valueString": ALL}]},
        {"resourceType": resource_type, "link": [{"other": {"reference": NAME}, "type": ALL}]},
        {"resourceType": resource_type, "subject": {"reference": ["Patient/" + NUMBER]}},
        {"resourceType": resource_type, "subject": NUMBER, "for": NAME, "focus": BORN},
        [NAME, NUMBER],
        ALL,
        {"resourceType": "Patient", "names": [{"family": NAME}], ALL: {NUMBER: NAME}},
        {"names": [{NUMBER: ALL}], "birth_date": ALL, "identifiers": NUMBER},
        {"names": [{"family": 5}], "birth_date": f"{BORN}x", "links": [NUMBER], "person": ALL},
        {"person": NUMBER, "status": NAME, "goals": [{"id": NUMBER}, {"id": ALL}, NAME]},
        {"referral": NUMBER, "organisation": NUMBER, "legs": [{"id": ALL}], "outcomes": [{"resource": ALL}]},
        {"at": ALL, "leg": NUMBER, "reason_text": 5, "move": NAME},
    ]
    yield from (json.dumps(each).encode() for each in odd)
    yield b'{"resourceType":"%b","%b":1,"%b":2}' % (resource_type.encode(), NAME.encode(), NAME.encode())
    yield b'{"%b":NaN}' % NAME.encode()
    yield b'{"%b":"\\ud800%b"}' % (NAME.encode(), NUMBER.encode())
    yield b'{"%b":"\\u0000"}' % NAME.encode()
    yield b'{"%b":1e%b}' % (NAME.encode(), NUMBER.encode())
    yield b'{"%b":"%b' % (NAME.encode(), NUMBER.encode())
    yield b"[" * 100_000 + NAME.encode()
    yield ALL.encode("utf-16")
    yield b"\xef\xbb\xbf{}" + NAME.encode()
    yield b"\xff\xfe" + NUMBER.encode()
    yield b""


def sent() -> Iterator[Sent]:
    for body in bodies("Patient"):
        yield Sent("POST", "/fhir/R4/Patient", body, {"Content-Type": FHIR})
        yield Sent("PUT", f"/fhir/R4/Patient/{NUMBER}", body, {"Content-Type": FHIR})
        yield Sent("PUT", f"/api/people/{NUMBER}", body, {"Content-Type": JSON, "If-Match": '"x"'})
        for path in ("people", "goals", "care-plans", "referrals", "care-teams", "organisations"):
            yield Sent("POST", f"/api/{path}", body, {"Content-Type": JSON})
        for move in ("send", "accept", "schedule", "complete"):
            yield Sent("POST", f"/api/referrals/{NOWHERE}/{move}", body, {"Content-Type": JSON})
        yield Sent("POST", "/hooks/elm-trust", body, {"Content-Type": JSON})
    for type in ("Task", "ServiceRequest", "Goal"):
        for body in bodies(type):
            yield Sent("POST", f"/fhir/R4/{type}", body, {"Content-Type": FHIR})
    for path in PATHS:
        for method in ("GET", "HEAD", "OPTIONS", "POST", "DELETE", "PATCH", "PUT", "TRACE", NAME.upper()):
            yield Sent(method, path, b"", {"X-HTTP-Method-Override": "DELETE", "X-Forwarded-For": NAME})
    for name in (
        "If-Match", "If-None-Match", "If-Modified-Since", "If-None-Exist", "Prefer", "Accept", "X-Request-Id",
        "Content-Type", "Content-Encoding", "Idempotency-Key", "Authorization", "Cookie", "Host", "Origin",
        "webhook-id", "webhook-signature", "webhook-timestamp", "Content-Length",
        "Transfer-Encoding", "Forwarded",
    ):  # fmt: skip
        for value in (
            ALL,
            f"identifier={NHS_NUMBER}|{NAME},{NUMBER}&{NUMBER}=1",
            f'W/"{NUMBER}{NUMBER}"',
            "é" + NAME,
        ):
            own = {"Content-Type": FHIR, name: value}
            yield Sent("GET", f"/fhir/R4/Patient/{NOWHERE}", b"", own)
            yield Sent("POST", "/fhir/R4/Patient", b'{"resourceType":"Task"}', own)
            yield Sent("POST", f"/api/referrals/{NOWHERE}/send", b"{}", own | {"Content-Type": JSON})
            yield Sent("POST", "/hooks/elm-trust", b"{}", own)
            yield Sent("POST", "/sign-in", b"", own)


@pytest.mark.parametrize("who", ["ehr:st-annes", "agency:elm-trust", "coordinator", "admin", "nobody"])
def test_nothing_sent_is_repeated_or_breaks_anything(
    who: str, knock: Knock, nobody: FlaskClient, trail: Trail
) -> None:
    client = nobody if who == "nobody" else knock(who)
    with capture_logs() as lines:
        for request in sent():
            told = client.open(
                request.path, method=request.method, data=request.body, headers=request.headers
            )
            assert told.status_code < 500, (request, told.text)
            if told.status_code >= 400:
                said = f"{told.text} {[pair for pair in told.headers if pair[0] != 'X-Request-Id']}"
                assert not [one for one in CANARIES if one in said], (request, said)
    kept = [json.dumps(lines, default=str), nobody.get("/metrics").text, json.dumps(trail(), default=str)]
    for place, text in zip(("logs", "metrics", "audit"), kept, strict=True):
        assert text
        found = [text[max(0, text.find(one) - 200) : text.find(one) + 50] for one in CANARIES if one in text]
        assert not found, (place, found)
