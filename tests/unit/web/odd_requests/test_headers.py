"""A header is understood, refused, or has no effect; none is half understood."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.web.conftest import condition
from tests.unit.web.odd_requests.town import CANARY, FEW, FHIR, PLAIN, Town, soundly


@dataclass(frozen=True)
class Said:
    """A header that is odd, and what it gets when reading, and when creating with it."""

    name: str
    value: str
    read: int
    create: int = field(default=201)


HEADERS: Final = (
    Said("Content-Type", "application/fhir+json; charset=UTF-8", 200),
    Said("Content-Type", 'application/fhir+json; charset="utf-8"; fhirVersion=4.0; x=y', 200),
    Said("Content-Type", "APPLICATION/FHIR+JSON", 200),
    Said("Content-Type", "application/fhir+json; charset=utf-16", 200, 415),
    Said("Content-Type", "application/fhir+json; fhirVersion=5.0", 200, 415),
    Said("Content-Type", "application/fhir+json, text/plain", 200, 415),
    Said("Content-Type", "application/fhir+xml", 200, 415),
    Said("Content-Type", "application/x-yaml", 200, 415),
    Said("Content-Type", "multipart/form-data; boundary=x", 200, 415),
    Said("Content-Type", "application/json/x", 200, 415),
    Said("Content-Type", CANARY, 200, 415),
    Said("Content-Type", "", 200, 415),
    Said("Content-Encoding", "gzip", 415, 415),
    Said("Content-Encoding", "identity", 200),
    Said("Content-Encoding", CANARY, 415, 415),
    Said("Accept", "*/*;q=0.1, text/html", 200),
    Said("Accept", "application/fhir+json;q=0", 406, 406),
    Said("Accept", "application/fhir+xml", 406, 406),
    Said("Accept", CANARY, 406, 406),
    Said("Accept", ";;;,,,", 406, 406),
    Said("Accept", "application/fhir+json; fhirVersion=3.0", 406, 406),
    Said("Accept", ",".join(["text/x"] * 2000), 406, 406),
    Said("Accept-Charset", "utf-16", 200),
    Said("Accept-Encoding", "gzip;q=x", 200),
    Said("Prefer", CANARY, 200),
    Said("Prefer", "return=everything; handling=odd;;,,=", 200),
    Said("Prefer", "handling=strict, return=minimal", 200),
    Said("If-None-Match", "*", 304),
    Said("If-None-Match", CANARY, 200),
    Said("If-None-Match", 'W/"1', 200),
    Said("If-None-Match", 'W/"2", W/"1"', 304),
    Said("If-None-Match", 'W/"01"', 200),
    Said("If-Modified-Since", CANARY, 200),
    Said("If-Modified-Since", "Thu, 31 Feb 2026 00:00:00 GMT", 200),
    Said("If-Modified-Since", "Fri, 31 Dec 9999 23:59:59 GMT", 304),
    Said("If-Modified-Since", "Mon, 01 Jan 0001 00:00:00 GMT", 200),
    Said("If-Modified-Since", "Thu, 01 Jan 2026 00:00:00 +9999", 200),
    Said("Range", "bytes=0-3,5-", 200),
    Said("X-Forwarded-Host", "evil.example", 200),
    Said("X-Forwarded-For", CANARY, 200),
    Said("Forwarded", "host=evil.example;proto=https", 200),
    Said("X-Original-URL", "/fhir/R4/Patient", 200),
    Said("X-Rewrite-URL", "/fhir/R4/Patient", 200),
    Said("Host", "evil.example", 400, 400),
    Said("Host", "gateway.test@evil.example", 400, 400),
    Said("Host", "a b", 400, 400),
    Said("X-Request-Id", "é" * 50, 200),
    Said("Cookie", "care-gateway=x; =; ;;", 200),
    Said("Authorization", f"Bearer {CANARY}", 401, 401),
    Said("Authorization", f"Basic {CANARY}", 401, 401),
    Said("Authorization", "Bearer " + "x" * 50_000, 401, 401),
)


@pytest.mark.parametrize("said", HEADERS, ids=lambda said: f"{said.name}: {said.value[:30]}")
def test_a_header_is_understood_or_refused_or_has_no_effect(town: Town, said: Said) -> None:
    address = f"/fhir/R4/Condition/{town.condition}"
    headers = {"Content-Type": FHIR, said.name: said.value}

    read = soundly(town.client.get(address, headers=headers), said)
    made = soundly(town.client.post("/fhir/R4/Condition", data=PLAIN % b"x", headers=headers), said)

    assert (read.status_code, made.status_code) == (said.read, said.create)
    assert "evil.example" not in f"{read.text}{made.text}{read.headers}{made.headers}"


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ('W/"1"', 200),
        ('"1"', 200),
        ("*", 200),
        ('W/"2"', 412),
        ('W/"01"', 412),
        ('W/"1 "', 400),
        ('W/"1", W/"2"', 400),
        ("1", 400),
        ("", 400),
        ('w/"1"', 400),
        ('W/"-1"', 412),
        ('W/"1.0"', 412),
        ('W/"99999999999999999999"', 412),
        (f'"{CANARY}"', 412),
        (CANARY, 400),
        ('"é"', 400),
    ],
)
def test_a_version_is_matched_as_it_is_spelled(town: Town, tag: str, status: int) -> None:
    made = town.client.post("/fhir/R4/Condition", json=condition()).json or {}
    address = f"/fhir/R4/Condition/{made['id']}"
    answer = soundly(town.client.put(address, json=condition(id=made["id"]), headers={"If-Match": tag}), tag)

    assert answer.status_code == status
    assert town.client.get(address).headers["ETag"] == ('W/"2"' if status == 200 else 'W/"1"')


HEADER_NAMES: Final = st.sampled_from(
    [
        "Accept",
        "Prefer",
        "Content-Type",
        "If-Match",
        "If-None-Match",
        "If-Modified-Since",
        "If-None-Exist",
        "Host",
        "Cookie",
        "Authorization",
        "X-Request-Id",
        "Content-Encoding",
        "Range",
        "Origin",
        "Expect",
    ]
)


@FEW
@given(HEADER_NAMES, st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=255), max_size=40))
def test_any_text_in_a_header_is_answered_or_refused(town: Town, name: str, value: str) -> None:
    address = f"/fhir/R4/Condition/{town.condition}"
    key = f"HTTP_{name.upper().replace('-', '_')}".replace("HTTP_CONTENT_TYPE", "CONTENT_TYPE")
    said = {key: value}

    soundly(town.client.get(address, environ_overrides=said), said)
    soundly(town.client.post("/fhir/R4/Condition", data=PLAIN % b"x", environ_overrides=said), said)
