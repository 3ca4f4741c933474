"""The small EHR is an honest counterpart: what a standard FHIR client relies on holds there too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from gateway.demo.small_ehr import create_ehr, open_shelf
from gateway.demo.small_ehr_shelf import Shelf
from gateway.fhir.json_codec import read_stored, write

BASE = "http://127.0.0.1/fhir"
GOAL = {
    "resourceType": "Goal",
    "identifier": [{"system": "urn:x", "value": "1"}],
    "lifecycleStatus": "active",
    "description": {"text": "walk"},
    "subject": {"reference": "Patient/p1"},
}


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with closing(open_shelf(tmp_path, "NS")) as opened:
        yield opened


@pytest.fixture
def ehr(shelf: Shelf) -> FlaskClient:
    return create_ehr(shelf, BASE).test_client()


def test_a_created_resource_reads_back_with_id_version_and_etag(ehr: FlaskClient) -> None:
    created = ehr.post("/fhir/Goal", data=write(GOAL))
    read = ehr.get(f"/fhir/Goal/{created.json['id']}")  # type: ignore[index]

    assert created.status_code == 201
    assert read.headers["ETag"] == 'W/"1"'
    assert read.data == created.data


def test_a_stale_version_is_refused_and_nothing_changes(ehr: FlaskClient) -> None:
    goal = ehr.post("/fhir/Goal", data=write(GOAL)).json
    assert goal is not None
    address = f"/fhir/Goal/{goal['id']}"
    first = ehr.put(
        address, data=write({**goal, "lifecycleStatus": "on-hold"}), headers={"If-Match": 'W/"1"'}
    )
    second = ehr.put(
        address, data=write({**goal, "lifecycleStatus": "completed"}), headers={"If-Match": 'W/"1"'}
    )

    assert (first.status_code, second.status_code) == (200, 412)
    assert ehr.get(address).json["lifecycleStatus"] == "on-hold"  # type: ignore[index]


def test_a_conditional_create_makes_one_resource(ehr: FlaskClient) -> None:
    answers = [
        ehr.post("/fhir/Goal", data=write(GOAL), headers={"If-None-Exist": "identifier=urn:x|1"})
        for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [201, 200]
    assert len({answer.json["id"] for answer in answers}) == 1  # type: ignore[index]


def test_paging_shows_every_resource_once(ehr: FlaskClient) -> None:
    made = {ehr.post("/fhir/Goal", data=write(GOAL)).json["id"] for _ in range(7)}  # type: ignore[index]
    seen: list[str] = []
    address = "/fhir/Goal?_count=3&_lastUpdated=ge2020-01-01T00:00:00Z"
    while address:
        bundle = ehr.get(address).json
        assert bundle is not None
        seen += [entry["resource"]["id"] for entry in bundle["entry"]]
        address = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")

    assert sorted(seen) == sorted(made)


def test_an_unknown_parameter_is_refused_when_the_client_is_strict(ehr: FlaskClient) -> None:
    assert ehr.get("/fhir/Goal?colour=red", headers={"Prefer": "handling=strict"}).status_code == 400


def test_decimal_digits_survive(ehr: FlaskClient) -> None:
    body = b'{"resourceType":"Goal","target":[{"detailQuantity":{"value":48.50}}]}'
    created = ehr.post("/fhir/Goal", data=body)

    assert b"48.50" in created.data
    assert read_stored(created.data)["target"][0]["detailQuantity"]["value"].as_tuple().exponent == -2  # type: ignore


def test_a_deleted_resource_is_gone_but_its_history_stays(ehr: FlaskClient) -> None:
    goal = ehr.post("/fhir/Goal", data=write(GOAL)).json
    assert goal is not None

    assert ehr.delete(f"/fhir/Goal/{goal['id']}").status_code == 204
    assert ehr.get(f"/fhir/Goal/{goal['id']}").status_code == 410
    assert ehr.get(f"/fhir/Goal/{goal['id']}/_history").json["total"] == 2  # type: ignore[index]


def test_who_has_no_token_is_refused(shelf: Shelf) -> None:
    client = create_ehr(shelf, BASE, token="secret").test_client()

    assert client.get("/fhir/Goal").status_code == 401
    assert client.get("/fhir/Goal", headers={"Authorization": "Bearer secret"}).status_code == 200
