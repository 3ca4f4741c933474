"""The FHIR API describes a referral made here; what becomes of it is decided by its moves."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.acts.gateway import Gateway
from gateway.mapping import Mappings
from gateway.store.database import Database
from tests.unit.acts.agency_town import COORDINATOR, ST_ANNES, Desk, gateway_over
from tests.unit.web.conftest import Knock


@pytest.fixture
def gateway(database: Database, mappings: Mappings) -> Gateway:
    return gateway_over(database, mappings)


@pytest.fixture
def desk(gateway: Gateway) -> Desk:
    return Desk(gateway)


@pytest.fixture
def person(desk: Desk) -> str:
    """Somebody whom St Anne's knows too."""
    person = desk.person()
    desk.patient_of(ST_ANNES, person)
    return person


@pytest.fixture
def referral(desk: Desk, person: str) -> str:
    return desk.sent(person=person)


@pytest.fixture(params=["coordinator", "ehr:st-annes"])
def writer(knock: Knock, request: pytest.FixtureRequest) -> FlaskClient:
    return knock(request.param)


def _leg(desk: Desk, referral: str) -> str:
    return str(desk.read("referral", referral)["legs"][0]["id"])


def test_no_update_moves_it(writer: FlaskClient, desk: Desk, referral: str) -> None:
    before = desk.read("referral", referral)
    task, request = f"/fhir/R4/Task/{_leg(desk, referral)}", f"/fhir/R4/ServiceRequest/{referral}"
    changes: list[tuple[str, dict[str, Any]]] = [
        (task, {"status": "completed"}),
        (task, {"owner": {"display": "somebody else"}}),
        (task, {"focus": {"display": "something else"}}),
        (request, {"status": "revoked"}),
        (request, {"identifier": []}),
    ]

    for address, change in changes:
        body = dict(writer.get(address).json or {}) | change
        body = {name: value for name, value in body.items() if value != []}
        answer = writer.put(address, json=body)
        assert (answer.status_code, (answer.json or {})["issue"][0]["code"]) == (422, "business-rule")
    assert [writer.delete(address).status_code for address in (task, request)] in ([422, 422], [403, 403])
    assert desk.read("referral", referral) == before


def test_it_can_be_described_better(writer: FlaskClient, referral: str) -> None:
    address = f"/fhir/R4/ServiceRequest/{referral}"

    answer = writer.put(address, json={**(writer.get(address).json or {}), "patientInstruction": "Ring."})

    assert answer.status_code == 200, answer.text


def test_nobody_adds_a_leg_of_their_own(writer: FlaskClient, desk: Desk, referral: str) -> None:
    task = desk.fhir("Task", _leg(desk, referral)) | {"status": "completed"}

    answer = writer.post("/fhir/R4/Task", json=task)

    assert (answer.status_code, (answer.json or {})["issue"][0]["code"]) == (422, "business-rule")
    assert desk.read("referral", referral)["state"] == "sent"


def test_a_hospital_cannot_make_anothers_resource_be_about_somebody_else(
    knock: Knock, desk: Desk, person: str
) -> None:
    hospital = knock("ehr:st-annes")
    other = desk.person()
    goal = {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": "Walk"},
        "subject": {"reference": f"Patient/{person}"},
    }
    ours, theirs = desk.store(COORDINATOR, goal), desk.store(ST_ANNES, goal)
    moved = {"subject": {"reference": f"Patient/{other}"}}

    answers = [hospital.put(f"/fhir/R4/Goal/{id}", json=goal | moved | {"id": id}) for id in (ours, theirs)]

    assert [answer.status_code for answer in answers] == [422, 200]
    assert desk.fhir("Goal", ours)["subject"] == goal["subject"]
