"""An agency is shown the person and the request by every door alike, and none shows who else knows them."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.access.actors import Actor, ActorKind
from gateway.acts.gateway import Gateway
from gateway.care.referral import Move
from gateway.fhir.references import walk
from gateway.mapping import Mappings
from gateway.store import resources
from gateway.store.database import Database
from tests.unit.acts.agency_town import COORDINATOR, ST_ANNES, Desk, gateway_over
from tests.unit.web.conftest import Knock

NORTHSIDE = Actor(ActorKind.EHR, "northside-ehr", "northside")


@pytest.fixture
def gateway(database: Database, mappings: Mappings) -> Gateway:
    return gateway_over(database, mappings)


@pytest.fixture
def desk(gateway: Gateway) -> Desk:
    return Desk(gateway)


@pytest.fixture
def hidden(desk: Desk) -> dict[str, str]:
    """What is held about the person and was not shared with the agency, by what it is."""
    person = desk.person()
    return {
        "person": person,
        "st-annes": desk.patient_of(ST_ANNES, person),
        "northside": desk.patient_of(NORTHSIDE, person),
        "condition": desk.store(
            COORDINATOR, {"resourceType": "Condition", "subject": {"reference": f"Patient/{person}"}}
        ),
        "goal": desk.create("goal", person=person, status="active", description="Walk to the shop").id,
        "plan": desk.create(
            "care_plan", person=person, status="active", intent="plan", title="Stay at home"
        ).id,
    }


@pytest.fixture
def referral(desk: Desk, hidden: dict[str, str]) -> str:
    """A referral to Elm Trust that names what is hidden from it."""
    return desk.sent(
        person=hidden["person"],
        reasons=[f"Condition/{hidden['condition']}"],
        goals=[hidden["goal"]],
        care_plan=hidden["plan"],
    )


@pytest.fixture
def elm(referral: str, knock: Knock) -> FlaskClient:
    return knock("agency:elm-trust")


def _addresses(person: str, referral: str) -> list[str]:
    resources = [f"/fhir/R4/Patient/{person}", f"/fhir/R4/ServiceRequest/{referral}"]
    return [
        *resources,
        *(f"{address}/_history" for address in resources),
        "/fhir/R4/Patient",
        "/fhir/R4/ServiceRequest",
        "/fhir/R4/Task",
        "/fhir/R4/Organization",
        f"/api/people/{person}",
        f"/api/people/{person}/record",
        "/api/people",
        f"/api/referrals/{referral}",
        "/api/referrals",
        "/api/organisations",
    ]


def test_no_door_names_what_is_hidden(elm: FlaskClient, referral: str, hidden: dict[str, str]) -> None:
    person = hidden.pop("person")
    for address in _addresses(person, referral):
        answer = elm.get(address)
        assert answer.status_code == 200, address
        assert any(known in answer.text for known in (person, referral, "elm-trust")), address
        assert not [name for name, id in hidden.items() if id in answer.text], address
        assert "northside" not in answer.text
        assert "st-annes" not in answer.text


def test_every_reference_that_is_shown_can_be_followed(
    elm: FlaskClient, referral: str, hidden: dict[str, str]
) -> None:
    for address in _addresses(hidden["person"], referral):
        if address.startswith("/fhir"):
            for _, holder in walk(elm.get(address).json or {}):
                assert elm.get(f"/fhir/R4/{holder['reference']}").status_code == 200, holder


def test_a_version_is_shown_as_the_resource_is(
    elm: FlaskClient, coordinator: FlaskClient, hidden: dict[str, str]
) -> None:
    address = f"/fhir/R4/Patient/{hidden['person']}"
    now = elm.get(address)

    assert elm.get(f"{address}/_history/{(now.json or {})['meta']['versionId']}").data == now.data
    assert "link" not in (now.json or {})
    assert len((coordinator.get(address).json or {})["link"]) == 2


def test_what_is_not_shown_is_not_searched(
    elm: FlaskClient, coordinator: FlaskClient, referral: str, hidden: dict[str, str]
) -> None:
    request = coordinator.get(f"/fhir/R4/ServiceRequest/{referral}").json or {}
    assert request["reasonReference"] == [{"reference": f"Condition/{hidden['condition']}"}]
    for id in (hidden["st-annes"], hidden["northside"]):
        found = elm.get(f"/fhir/R4/ServiceRequest?patient={id}&_summary=count").json or {}
        assert found["total"] == 0


def test_an_answer_shows_no_more_than_a_read(
    elm: FlaskClient, desk: Desk, referral: str, hidden: dict[str, str]
) -> None:
    letter = desk.store(
        COORDINATOR,
        {
            "resourceType": "DocumentReference",
            "status": "current",
            "subject": {"reference": f"Patient/{hidden['person']}"},
            "content": [{"attachment": {"title": "Letter"}}],
        },
    )
    desk.move(referral, Move.ACCEPT)
    leg = desk.read("referral", referral)["legs"][0]["id"]
    task = desk.fhir("Task", leg)
    output = {"type": {"text": "letter"}, "valueReference": {"reference": f"DocumentReference/{letter}"}}
    with desk.gateway.database.transaction(COORDINATOR) as tx:
        resources.update(tx, {**task, "output": [output]})
    read = elm.get(f"/fhir/R4/Task/{leg}")
    body: dict[str, Any] = dict(read.json or {})
    assert "output" not in body

    own = {"type": {"text": "visit"}, "valueString": "first visit made"}
    answer = elm.put(
        f"/fhir/R4/Task/{leg}",
        json={**body, "status": "in-progress", "output": [own]},
        headers={"If-Match": read.headers["ETag"]},
    )

    assert answer.status_code == 200, answer.text
    assert (answer.json or {})["output"] == [own]
    assert letter not in answer.text
    assert desk.fhir("Task", leg)["output"] == [output, own]


def test_the_last_look_after_declining_shows_no_more_either(
    elm: FlaskClient, referral: str, hidden: dict[str, str]
) -> None:
    person = hidden.pop("person")

    answer = elm.post(f"/api/referrals/{referral}/decline", json={"reason_text": "no capacity"})

    assert answer.status_code == 200, answer.text
    assert (answer.json or {})["person"] == person
    assert not [name for name, id in hidden.items() if id in answer.text]
    assert elm.get(f"/fhir/R4/Patient/{person}").status_code == 404
