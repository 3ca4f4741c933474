"""Creating resources over the FHIR API, with and without a condition."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.unit.web.conftest import NHS_NUMBER, PUBLIC_URL, Trail, condition, patient

ONE = {"If-None-Exist": "identifier=urn:example:number|A1"}


def test_a_new_resource_gets_an_id_of_ours_and_an_address(st_annes: FlaskClient, trail: Trail) -> None:
    answer = st_annes.post("/fhir/R4/Condition", json=condition(id="theirs"))

    assert answer.status_code == 201
    assert answer.json is not None
    id = answer.json["id"]
    assert str(UUID(id)) == id
    assert answer.headers["Location"] == f"{PUBLIC_URL}/fhir/R4/Condition/{id}/_history/1"
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.json["meta"]["source"].endswith("/st-annes")
    assert trail()[-1] == ("create Condition", "ehr-st-annes", "success", "", [f"Condition/{id}"])


def test_the_client_chooses_how_much_comes_back(st_annes: FlaskClient) -> None:
    minimal = st_annes.post("/fhir/R4/Condition", json=condition(), headers={"Prefer": "return=minimal"})
    outcome = st_annes.post(
        "/fhir/R4/Condition", json=condition(), headers={"Prefer": "handling=strict, return=OperationOutcome"}
    )

    assert (minimal.status_code, minimal.data) == (201, b"")
    assert "Location" in minimal.headers
    assert outcome.status_code == 201
    assert (outcome.json or {})["resourceType"] == "OperationOutcome"


def test_a_resource_that_fits_the_condition_is_answered_instead(st_annes: FlaskClient) -> None:
    first = st_annes.post("/fhir/R4/Condition", json=condition(), headers=ONE)
    again = st_annes.post("/fhir/R4/Condition", json=condition(onsetString="spring"), headers=ONE)

    assert [first.status_code, again.status_code] == [201, 200]
    assert again.json == first.json
    assert again.headers["Location"] == first.headers["Location"]


def test_several_that_fit_are_a_failed_precondition(st_annes: FlaskClient) -> None:
    for _ in range(2):
        st_annes.post("/fhir/R4/Condition", json=condition())

    assert st_annes.post("/fhir/R4/Condition", json=condition(), headers=ONE).status_code == 412


def test_a_condition_never_tells_of_what_is_hidden(st_annes: FlaskClient, northside: FlaskClient) -> None:
    for _ in range(2):
        st_annes.post("/fhir/R4/Condition", json=condition())

    assert northside.post("/fhir/R4/Condition", json=condition(), headers=ONE).status_code == 201


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("", 412),
        ("?", 412),
        ("identifier=", 400),
        ("identifier=,", 400),
        ("_count=1", 400),
        ("cod=x", 400),
        ("identifier=urn:example:number|A1&cod=x", 400),
        ("identifier:above=urn:example:number|A1", 400),
    ],
)
def test_a_condition_that_would_match_too_much_is_refused(
    st_annes: FlaskClient, said: str, status: int
) -> None:
    answer = st_annes.post("/fhir/R4/Condition", json=condition(), headers={"If-None-Exist": said})

    assert answer.status_code == status
    assert (st_annes.get("/fhir/R4/Condition?_count=0").json or {})["total"] == 0


def test_of_many_at_once_under_one_condition_one_creates(app: Flask, st_annes: FlaskClient) -> None:
    def create(_: int) -> int:
        client = app.test_client()
        client.environ_base.update(st_annes.environ_base)
        return client.post("/fhir/R4/Condition", json=condition(), headers=ONE).status_code

    with ThreadPoolExecutor(4) as threads:
        statuses = sorted(threads.map(create, range(8)))

    assert statuses == [200] * 7 + [201]
    assert (st_annes.get("/fhir/R4/Condition?_count=0").json or {})["total"] == 1


def test_every_fault_of_shape_is_told_at_once(st_annes: FlaskClient) -> None:
    answer = st_annes.post(
        "/fhir/R4/Patient", json={"resourceType": "Patient", "nme": 1, "contact": [{"telecom": {}}]}
    )

    assert answer.status_code == 422
    assert answer.json is not None
    places = {place for issue in answer.json["issue"] for place in issue["expression"]}
    assert {"Patient.nme", "Patient.contact[0].telecom"} <= places


def test_a_body_of_another_type_is_refused(st_annes: FlaskClient) -> None:
    answer = st_annes.post("/fhir/R4/Condition", json={"resourceType": "Goal"})

    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["issue"][0]["expression"] == ["resourceType"]


def test_references_to_our_own_address_are_kept_relative(st_annes: FlaskClient) -> None:
    whose = (st_annes.post("/fhir/R4/Patient", json=patient()).json or {})["id"]
    about_her = condition(
        subject={"reference": f"{PUBLIC_URL}/fhir/R4/Patient/{whose}"},
        asserter={"reference": "https://elsewhere.example/fhir/Practitioner/1"},
    )

    kept = st_annes.post("/fhir/R4/Condition", json=about_her).json or {}

    assert kept["subject"]["reference"] == f"Patient/{whose}"
    assert kept["asserter"]["reference"] == "https://elsewhere.example/fhir/Practitioner/1"


def test_a_patient_of_a_source_becomes_a_person(
    st_annes: FlaskClient, coordinator: FlaskClient, trail: Trail
) -> None:
    theirs = (st_annes.post("/fhir/R4/Patient", json=patient()).json or {})["id"]

    found = coordinator.get(f"/fhir/R4/Patient?identifier={NHS_NUMBER}|").json or {}

    persons = [entry["resource"] for entry in found["entry"] if "link" in entry["resource"]]
    assert [person["link"][0]["other"]["reference"] for person in persons] == [f"Patient/{theirs}"]
    assert "create person" in {action for action, *_ in trail()}


def test_a_condition_is_about_what_the_clients_own_source_holds(st_annes: FlaskClient) -> None:
    if_new = {"If-None-Exist": f"identifier={NHS_NUMBER}|9990000018"}

    first = st_annes.post("/fhir/R4/Patient", json=patient(), headers=if_new)
    again = st_annes.post("/fhir/R4/Patient", json=patient(), headers=if_new)

    assert [first.status_code, again.status_code] == [201, 200]
    assert (again.json or {})["id"] == (first.json or {})["id"]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"", "line 1"),
        (b'{"resourceType": "Patient",\n "id": NaN}', "line 2"),
        (b'{"resourceType": "Patient", "id": "a", "id": "b"}', "line 1, column 40"),
        (b"[" * 100_000, "line 1"),
        (b'{"resourceType": "Patient", "language": "\\ud800"}', "line 1"),
        (b"\xff\xfe", "line 1"),
    ],
)
def test_bytes_that_are_no_json_are_refused_with_their_place(
    st_annes: FlaskClient, body: bytes, where: str
) -> None:
    answer = st_annes.post("/fhir/R4/Condition", data=body, content_type="application/fhir+json")

    assert answer.status_code == 400
    assert where in (answer.json or {})["issue"][0]["details"]["text"]


def test_a_body_over_five_megabytes_is_refused(st_annes: FlaskClient) -> None:
    answer = st_annes.post("/fhir/R4/Condition", data=b" " * 5_000_001, content_type="application/fhir+json")

    assert answer.status_code == 413
    assert (answer.json or {})["issue"][0]["code"] == "too-long"
