"""Patching resources over the FHIR API: both formats, what is refused, and many at once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.acts.gateway import Gateway
from gateway.mapping import Mappings
from gateway.store.database import Database
from tests.unit.acts.agency_town import Desk, gateway_over
from tests.unit.web.conftest import PUBLIC_URL, Knock, Trail, condition, patient

JSON_PATCH = "application/json-patch+json"
FHIR_JSON = "application/fhir+json"


@pytest.fixture
def url(st_annes: FlaskClient) -> str:
    """A Condition of St Anne's at version 1."""
    made = st_annes.post("/fhir/R4/Condition", json=condition(onsetString="spring"))
    return f"/fhir/R4/Condition/{(made.json or {})['id']}"


def patch(client: FlaskClient, url: str, *operations: dict[str, Any], **headers: str) -> TestResponse:
    tags = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.patch(url, data=json.dumps(operations), content_type=JSON_PATCH, headers=tags)


def replaced(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


def fhirpath(kind: str, path: str, **value: Any) -> bytes:
    parts: list[dict[str, Any]] = [
        {"name": "type", "valueCode": kind},
        {"name": "path", "valueString": path},
        *([{"name": "value", **value}] if value else []),
    ]
    parameter = {"name": "operation", "part": parts}
    return json.dumps({"resourceType": "Parameters", "parameter": [parameter]}).encode()


def test_a_json_patch_makes_the_next_version(st_annes: FlaskClient, url: str, trail: Trail) -> None:
    answer = patch(st_annes, url, replaced("/onsetString", "autumn"))

    assert answer.status_code == 200, answer.text
    assert (answer.json or {})["onsetString"] == "autumn"
    assert answer.headers["ETag"] == 'W/"2"'
    assert answer.headers["Location"] == f"{PUBLIC_URL}{url}/_history/2"
    reference = url.removeprefix("/fhir/R4/")
    assert trail()[-1] == ("patch Condition", "ehr-st-annes", "success", "", [reference])


def test_a_fhirpath_patch_makes_the_next_version(st_annes: FlaskClient, url: str) -> None:
    body = fhirpath("replace", "Condition.onset", valueString="autumn")

    answer = st_annes.patch(url, data=body, content_type=f"{FHIR_JSON}; fhirVersion=4.0")

    assert answer.status_code == 200, answer.text
    assert st_annes.get(url).json == answer.json
    assert (answer.json or {})["onsetString"] == "autumn"


def test_what_is_taken_out_last_leaves_nothing_empty_behind(st_annes: FlaskClient, url: str) -> None:
    answer = patch(
        st_annes,
        url,
        {"op": "remove", "path": "/identifier/0"},
        {"op": "add", "path": "/identifier/-", "value": {"value": "B"}},
        {"op": "remove", "path": "/identifier/0/value"},
    )

    assert answer.status_code == 200, answer.text
    assert "identifier" not in (answer.json or {})


def test_the_client_chooses_how_much_comes_back(st_annes: FlaskClient, url: str) -> None:
    answer = patch(st_annes, url, replaced("/onsetString", "autumn"), Prefer="return=minimal")

    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (200, b"", 'W/"2"')


def test_digits_order_and_time_text_of_all_else_stay(st_annes: FlaskClient) -> None:
    body = (
        b'{"resourceType":"Observation","valueQuantity":{"unit":"kg","value":70.50},"status":"final",'
        b'"effectiveDateTime":"2026-03-01T09:30:00.120+02:00","code":{"text":"weight"}}'
    )
    made = st_annes.post("/fhir/R4/Observation", data=body, content_type=FHIR_JSON)
    url = f"/fhir/R4/Observation/{(made.json or {})['id']}"

    patch(st_annes, url, replaced("/status", "amended"))

    kept = st_annes.get(url).data
    _, _, tail = kept.partition(b'"valueQuantity"')
    assert b'"valueQuantity"' + tail == body.partition(b'"Observation",')[2].replace(b"final", b"amended")


OTHER_FORMATS = (
    "application/json",
    "application/xml",
    "application/merge-patch+json",
    "",
    "application/fhir+json; fhirVersion=5.0",
    "application/json-patch+json; charset=latin-1",
)


def test_other_formats_are_refused_and_the_known_ones_named(st_annes: FlaskClient, url: str) -> None:
    for media in OTHER_FORMATS:
        answer = st_annes.patch(url, data=b"[]", content_type=media)

        assert answer.status_code == 415, media
        assert answer.headers["Accept-Patch"] == f"{JSON_PATCH}, {FHIR_JSON}"


REFUSED = (
    (JSON_PATCH, b"", 400),
    (JSON_PATCH, b"{}", 400),
    (JSON_PATCH, b'[{"op":"replace","path":"/onsetString","path":"/code","value":1}]', 400),
    (JSON_PATCH, b'[{"op":"increase","path":"/onsetString"}]', 400),
    (JSON_PATCH, b'[{"op":"replace","path":"/none","value":1}]', 422),
    (JSON_PATCH, b'[{"op":"test","path":"/onsetString","value":"autumn"}]', 422),
    (JSON_PATCH, b'[{"op":"replace","path":"/id","value":"1"}]', 422),
    (JSON_PATCH, b'[{"op":"replace","path":"/resourceType","value":"Goal"}]', 422),
    (JSON_PATCH, b'[{"op":"replace","path":"","value":[]}]', 422),
    (JSON_PATCH, b'[{"op":"remove","path":"/subject"}]', 422),
    (JSON_PATCH, b'[{"op":"add","path":"/onsetThing","value":1}]', 422),
    (JSON_PATCH, b'[{"op":"replace","path":"/onsetString","value":7}]', 422),
    (FHIR_JSON, b"[]", 400),
    (FHIR_JSON, b'{"resourceType":"Condition"}', 400),
    (FHIR_JSON, fhirpath("increase", "Condition.onset", valueString="x"), 400),
    (FHIR_JSON, fhirpath("replace", "Condition.onset where", valueString="x"), 400),
    (FHIR_JSON, fhirpath("replace", "Condition.abatement", valueString="x"), 422),
    (FHIR_JSON, fhirpath("replace", "Condition.onset", valueBoolean=True), 422),
    (FHIR_JSON, fhirpath("delete", "Condition.subject"), 422),
)


def test_what_cannot_be_applied_is_refused_and_nothing_is_written(st_annes: FlaskClient, url: str) -> None:
    before = st_annes.get(url)

    for media, body, status in REFUSED:
        answer = st_annes.patch(url, data=body, content_type=media)

        assert answer.status_code == status, (body, answer.text)
        assert (answer.json or {})["resourceType"] == "OperationOutcome"
        assert b"spring" not in answer.data
    assert st_annes.get(url).data == before.data


def test_a_stale_version_is_refused_whatever_the_patch_says(st_annes: FlaskClient, url: str) -> None:
    patch(st_annes, url, replaced("/onsetString", "autumn"))

    stale = patch(st_annes, url, replaced("/onsetString", "winter"), If_Match='W/"1"')
    unfit = patch(st_annes, url, replaced("/none", "winter"), If_Match='W/"1"')
    fresh = patch(st_annes, url, replaced("/onsetString", "winter"), If_Match='W/"2"')
    unread = patch(st_annes, url, replaced("/onsetString", "winter"), If_Match="1")

    assert [it.status_code for it in (stale, unfit, fresh, unread)] == [412, 412, 200, 400]


def test_hidden_missing_and_deleted(st_annes: FlaskClient, northside: FlaskClient, url: str) -> None:
    operation = replaced("/onsetString", "x")

    hidden = patch(northside, url, operation)
    missing = patch(st_annes, f"/fhir/R4/Condition/{uuid4()}", operation)
    st_annes.delete(url)
    deleted = patch(st_annes, url, operation)

    assert [it.status_code for it in (hidden, missing, deleted)] == [404, 404, 410]


def test_a_patient_of_another_source_is_not_patched(st_annes: FlaskClient, northside: FlaskClient) -> None:
    hers = (st_annes.post("/fhir/R4/Patient", json=patient(gender="female")).json or {})["id"]
    northside.post("/fhir/R4/Patient", json=patient())

    assert patch(northside, f"/fhir/R4/Patient/{hers}", replaced("/gender", "male")).status_code == 403


def test_many_patches_at_once_lose_nothing(app: Flask, st_annes: FlaskClient, url: str) -> None:
    def add(number: int) -> int:
        client = app.test_client()
        client.environ_base.update(st_annes.environ_base)
        if number % 2:
            note = {"op": "add", "path": "/identifier/-", "value": {"value": str(number)}}
            return patch(client, url, note).status_code
        body = fhirpath("add", "Condition", valueIdentifier={"value": str(number)})
        named = json.loads(body)
        named["parameter"][0]["part"].append({"name": "name", "valueString": "identifier"})
        return client.patch(url, data=json.dumps(named), content_type=FHIR_JSON).status_code

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(add, range(32)))

    kept = st_annes.get(url)
    assert statuses == [200] * 32
    assert kept.headers["ETag"] == 'W/"33"'
    assert {it["value"] for it in (kept.json or {})["identifier"]} == {"A1", *map(str, range(32))}


class TestOfReferrals:
    """A referral made here changes by its moves, and an agency answers by what it may answer."""

    @pytest.fixture
    def gateway(self, database: Database, mappings: Mappings) -> Gateway:
        return gateway_over(database, mappings)

    @pytest.fixture
    def desk(self, gateway: Gateway) -> Desk:
        return Desk(gateway)

    @pytest.fixture
    def referral(self, desk: Desk) -> str:
        return desk.sent()

    def test_no_patch_moves_it(self, knock: Knock, desk: Desk, referral: str) -> None:
        coordinator = knock("coordinator")
        leg = desk.read("referral", referral)["legs"][0]["id"]

        moved = patch(coordinator, f"/fhir/R4/Task/{leg}", replaced("/status", "completed"))
        described = patch(
            coordinator,
            f"/fhir/R4/ServiceRequest/{referral}",
            {"op": "add", "path": "/patientInstruction", "value": "Ring first."},
        )

        assert (moved.status_code, (moved.json or {})["issue"][0]["code"]) == (422, "business-rule")
        assert described.status_code == 200, described.text
        assert desk.read("referral", referral)["state"] == "sent"

    def test_an_agency_answers_by_a_patch_of_the_version_it_read(
        self, knock: Knock, desk: Desk, referral: str
    ) -> None:
        leg = desk.read("referral", referral)["legs"][0]["id"]
        elm, url = knock("agency:elm-trust"), f"/fhir/R4/Task/{leg}"
        tag = elm.get(url).headers["ETag"]
        accept = replaced("/status", "accepted")

        unseen = patch(elm, url, accept)
        stale = patch(elm, url, accept, If_Match='W/"99"')
        reached = patch(elm, url, replaced("/owner", {"display": "somebody else"}), If_Match=tag)
        taken = patch(elm, url, accept, If_Match=tag)

        assert [it.status_code for it in (unseen, stale, reached, taken)] == [428, 412, 422, 200]
        assert desk.read("referral", referral)["state"] == "accepted"

    def test_an_agency_patches_nothing_else(self, knock: Knock, desk: Desk, referral: str) -> None:
        elm = knock("agency:elm-trust")

        answer = patch(elm, f"/fhir/R4/ServiceRequest/{referral}", replaced("/status", "revoked"))

        assert answer.status_code == 403
