"""What the FHIR API speaks, and what it refuses to read."""

from __future__ import annotations

import re

import pytest
from flask import Request
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from gateway.errors import BadRequest, PreconditionFailed
from gateway.store.versions import ANY_VERSION
from gateway.web.fhir_api.negotiation import Return, expected_version, preferences
from tests.unit.web.conftest import patient


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/fhir+json",
        "application/fhir+json; fhirVersion=4.0",
        "application/json",
        "text/html, application/xhtml+xml, */*;q=0.8",
        "application/fhir+xml;q=0.9, application/fhir+json;q=0.1",
    ],
)
def test_json_is_answered_to_whoever_accepts_it(nobody: FlaskClient, accept: str) -> None:
    answer = nobody.get("/fhir/R4/metadata", headers={"Accept": accept})

    assert answer.status_code == 200
    assert answer.mimetype == "application/fhir+json"


@pytest.mark.parametrize(
    "accept",
    [
        "application/fhir+xml",
        "text/html",
        "application/fhir+json; fhirVersion=5.0",
        "application/fhir+json;q=0, text/turtle",
    ],
)
def test_whoever_accepts_something_else_only_is_refused(nobody: FlaskClient, accept: str) -> None:
    answer = nobody.get("/fhir/R4/metadata", headers={"Accept": accept})

    assert answer.status_code == 406
    assert answer.json is not None
    assert answer.json["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(
    ("format", "status"),
    [
        ("json", 200),
        ("application/fhir%2Bjson", 200),
        ("application/fhir+json", 200),
        ("application/json", 200),
        ("xml", 406),
        ("application/fhir%2Bxml", 406),
        ("html", 406),
        ("application/fhir%2Bjson;fhirVersion=3.0", 406),
    ],
)
def test_the_format_parameter_goes_before_the_header(nobody: FlaskClient, format: str, status: int) -> None:
    answer = nobody.get(f"/fhir/R4/metadata?_format={format}", headers={"Accept": "application/fhir+xml"})

    assert answer.status_code == status


@pytest.mark.parametrize(
    "content_type",
    [
        "application/fhir+xml",
        "application/xml",
        "application/x-yaml",
        "text/plain",
        "",
        "application/fhir+json; charset=utf-16",
        "application/fhir+json; fhirVersion=5.0",
        "multipart/form-data; boundary=x",
    ],
)
def test_a_body_that_is_no_fhir_json_is_not_read(st_annes: FlaskClient, content_type: str) -> None:
    answer = st_annes.post("/fhir/R4/Patient", data=b"{}", content_type=content_type)

    assert answer.status_code == 415


def test_a_compressed_body_is_not_read(st_annes: FlaskClient) -> None:
    answer = st_annes.post("/fhir/R4/Patient", json=patient(), headers={"Content-Encoding": "gzip"})

    assert answer.status_code == 415


@given(st.text(max_size=40))
def test_any_preference_can_be_read(text: str) -> None:
    request = _request("Prefer", text)

    assert preferences(request).wanted in Return


@given(st.text(max_size=40))
def test_any_if_match_is_one_version_or_refused(text: str) -> None:
    try:
        version = expected_version(_request("If-Match", text))
    except (BadRequest, PreconditionFailed):
        return
    assert text.strip() == "*" if version == ANY_VERSION else re.fullmatch(rf'(W/)?"{version}"', text.strip())


@pytest.mark.parametrize("tag", ['W/"01"', 'W/"0"', '"abc"', 'W/""', 'W/"٣"', 'W/"9999999999"'])
def test_a_tag_that_no_version_has_does_not_match(tag: str) -> None:
    with pytest.raises((PreconditionFailed, BadRequest)):
        expected_version(_request("If-Match", tag))


@pytest.mark.parametrize("text", ["3", "W/3", 'w/"3"', 'W/"1", W/"2"', "**", '"3', ""])
def test_a_condition_that_is_no_tag_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        expected_version(_request("If-Match", text))


def _request(header: str, text: str) -> Request:
    environ = EnvironBuilder().get_environ()
    environ[f"HTTP_{header.upper().replace('-', '_')}"] = text.encode().decode("latin-1")
    return Request(environ)
