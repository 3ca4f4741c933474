"""A referral's round trip through the front doors: a coordinator, a hospital, two agencies, each with a key.

Given a person whom a hospital knows, when an agency is asked, then it sees what it needs and nothing else,
and its answer reaches everybody whose business it is.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from standardwebhooks import Webhook

from gateway.access.actors import ActorKind
from gateway.acts.answer_referral import received
from gateway.acts.gateway import Gateway
from gateway.app import create_app
from gateway.fhir.identifiers import Identifier
from gateway.partners.webhook import WebhookSettings
from gateway.settings import Settings
from gateway.store import clients
from gateway.sync.partner import Partner

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
ODS_CODE = "https://fhir.nhs.uk/Id/ods-organization-code"
SECRET = "whsec_" + base64.b64encode(b"a secret for tests only, 32 byte").decode()
FHIR = {"content_type": "application/fhir+json"}
Key = Callable[[ActorKind, str | None], FlaskClient]


@pytest.fixture
def gateway(gateway: Gateway) -> Gateway:
    settings = WebhookSettings("https://elm.example/referrals", ("env:ELM",))
    partners = (
        Partner("st-annes", "St Anne's", "fhir_rest", verified_identifiers=(NHS_NUMBER,)),
        Partner("elm-trust", "Elm Trust", "webhook", Identifier(ODS_CODE, "ELM"), settings=settings),
        Partner("oak-house", "Oak House", "webhook", Identifier(ODS_CODE, "OAK")),
    )
    known = {partner.name: partner for partner in partners}
    return replace(gateway, partners=known, secrets={"env:ELM": SECRET}.__getitem__)


@pytest.fixture
def app(gateway: Gateway, tmp_path: Path) -> Flask:
    return create_app(Settings.load({"CARE_GATEWAY_VAR": str(tmp_path)}), gateway)


@pytest.fixture
def key(app: Flask, gateway: Gateway) -> Key:
    """A client of the application with a key of its own."""

    def signed_in(kind: ActorKind, partner: str | None = None) -> FlaskClient:
        with gateway.database.transaction(gateway.self_actor) as tx:
            bearer = clients.add(tx, f"{kind}-{partner}", kind, partner)
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {bearer}"
        return client

    return signed_in


@pytest.fixture
def coordinator(key: Key) -> FlaskClient:
    return key(ActorKind.COORDINATOR, None)


@pytest.fixture
def hospital(key: Key) -> FlaskClient:
    return key(ActorKind.EHR, "st-annes")


@pytest.fixture
def person(coordinator: FlaskClient, hospital: FlaskClient) -> str:
    """Somebody the hospital knows by a verified number, so that a person of ours is linked to its Patient."""
    number = {"system": NHS_NUMBER, "value": "9990000018"}
    patient = {"resourceType": "Patient", "identifier": [number], "name": [{"family": "Example"}]}
    assert hospital.post("/fhir/R4/Patient", json=patient, **FHIR).status_code == 201
    [found] = coordinator.get("/api/people").json["items"]
    return str(found["id"])


def ask(coordinator: FlaskClient, person: str, code: str) -> tuple[dict[str, Any], str]:
    """A referral sent to the organisation with this code; the referral and the organisation."""
    identifiers = [{"system": ODS_CODE, "value": code}]
    agency = coordinator.post("/api/organisations", json={"name": code, "identifiers": identifiers})
    made = coordinator.post(
        "/api/referrals", json={"person": person, "service_text": "Company on walks", "priority": "routine"}
    )
    address = f"/api/referrals/{made.json['id']}/send"
    sent = coordinator.post(
        address, json={"organisation": agency.json["id"]}, headers={"If-Match": made.headers["ETag"]}
    )
    assert sent.status_code == 200, sent.text
    return sent.json, str(agency.json["id"])


def say(client: FlaskClient, id: str, **answer: Any) -> int:
    """What Elm Trust's own system posts to its hook; the status of the answer."""
    body, now = json.dumps(answer), datetime.now(UTC)
    headers = {"webhook-id": id, "webhook-timestamp": str(int(now.timestamp()))}
    headers["webhook-signature"] = Webhook(SECRET).sign(id, now, body)
    return client.post("/hooks/elm-trust", data=body, headers=headers).status_code


def waiting(gateway: Gateway) -> list[tuple[str, str]]:
    with gateway.database.transaction(gateway.self_actor) as tx:
        rows = tx.connection.exec_driver_sql(
            "SELECT destination, payload ->> 'move' AS move FROM message"
            " WHERE starts_with(destination, 'referral:') ORDER BY id"
        )
        return [(row.destination, row.move) for row in rows]


def test_asked_received_accepted_and_completed_with_an_outcome_the_hospital_reads(
    app: Flask, gateway: Gateway, key: Key, coordinator: FlaskClient, hospital: FlaskClient, person: str
) -> None:
    referral, _ = ask(coordinator, person, "ELM")
    address, leg = f"/api/referrals/{referral['id']}", referral["legs"][0]["id"]
    elm = key(ActorKind.AGENCY, "elm-trust")
    assert waiting(gateway) == [("referral:elm-trust", "send")]

    # The agency's system has it: its receipt is written down by the worker.
    with gateway.database.transaction(gateway.self_actor) as tx:
        received(gateway, tx, referral["id"], leg)
    assert coordinator.get(address).json["state"] == "received"

    # It reads the referral and the person with its own key, and nothing else.
    theirs = elm.get(address).json
    assert (theirs["service_text"], theirs["person"]) == ("Company on walks", person)
    assert elm.get(f"/api/people/{person}").status_code == 200
    assert elm.get(f"/api/people/{person}/record").json["care_plans"] == []
    assert [item["id"] for item in elm.get("/api/people").json["items"]] == [person]

    # It accepts by a signed message, sent twice, and completes by updating its Task.
    answers = app.test_client()
    named = {"referral": referral["id"], "leg": leg}
    assert [say(answers, "msg_1", **named, move="accept") for _ in range(2)] == [200, 200]
    assert say(answers, "msg_2", **named, move="start") == 200
    outcome = {"kind": "service-delivered", "text": "Joan walks with her every Sunday"}
    assert say(answers, "msg_3", **named, move="complete", outcomes=[outcome]) == 200

    record = coordinator.get(address).json
    assert record["state"] == "completed"
    moves = ["send", "receive", "accept", "start", "complete"]
    assert [event["move"] for event in record["events"]] == moves
    assert [event["by"] for event in record["events"][2:]] == ["elm-trust"] * 3

    # The hospital sees it in its own words, about the person its Patient belongs to.
    task = hospital.get(f"/fhir/R4/Task/{leg}").json
    assert (task["status"], task["focus"]["reference"]) == ("completed", f"ServiceRequest/{referral['id']}")
    procedure = hospital.get(f"/fhir/R4/{task['output'][0]['valueReference']['reference']}").json
    assert (procedure["status"], procedure["code"]["text"]) == ("completed", outcome["text"])
    assert hospital.get(f"/fhir/R4/ServiceRequest/{referral['id']}").json["status"] == "completed"


def test_an_agency_with_a_fhir_system_answers_by_updating_its_task(
    key: Key, coordinator: FlaskClient, person: str
) -> None:
    referral, _ = ask(coordinator, person, "OAK")
    oak = key(ActorKind.AGENCY, "oak-house")
    [entry] = oak.get("/fhir/R4/Task", query_string={"status": "requested"}).json["entry"]
    task = entry["resource"]
    address = f"/fhir/R4/Task/{task['id']}"

    def put(changed: dict[str, Any], version: str) -> int:
        return oak.put(address, json=changed, headers={"If-Match": version}, **FHIR).status_code

    assert oak.put(address, json=task | {"status": "accepted"}, **FHIR).status_code == 428
    assert put(task | {"status": "completed"}, 'W/"1"') == 422
    assert put(task | {"for": {"reference": "Patient/x"}, "status": "accepted"}, 'W/"1"') == 422
    assert put(task | {"status": "accepted"}, 'W/"1"') == 200
    assert put(task | {"status": "rejected"}, 'W/"1"') == 412
    output = [{"type": {"text": "result"}, "valueString": "She comes every week"}]
    accepted = oak.get(address).json
    assert put(accepted | {"status": "completed", "output": output}, 'W/"2"') == 200

    record = coordinator.get(f"/api/referrals/{referral['id']}").json
    assert (record["state"], record["legs"][0]["outcomes"][0]["text"]) == (
        "completed",
        "She comes every week",
    )


def test_declined_here_and_accepted_elsewhere(
    app: Flask, gateway: Gateway, key: Key, coordinator: FlaskClient, person: str
) -> None:
    referral, _ = ask(coordinator, person, "ELM")
    address, leg = f"/api/referrals/{referral['id']}", referral["legs"][0]["id"]
    elm, oak = key(ActorKind.AGENCY, "elm-trust"), key(ActorKind.AGENCY, "oak-house")
    reason = "No volunteer near her until May"
    named = {"referral": referral["id"], "leg": leg}
    assert say(app.test_client(), "msg_1", **named, move="decline", reason_text=reason) == 200
    rejected = coordinator.get(address).json
    assert (rejected["state"], rejected["legs"][0]["reason_text"]) == ("rejected", reason)
    for hidden in (address, f"/api/people/{person}", f"/fhir/R4/Task/{leg}"):
        assert elm.get(hidden).status_code == 404

    identifiers = [{"system": ODS_CODE, "value": "OAK"}]
    other = coordinator.post(
        "/api/organisations", json={"name": "Oak House", "identifiers": identifiers}
    ).json
    again = coordinator.post(f"{address}/reassign", json={"organisation": other["id"]})
    assert (again.status_code, again.json["state"], len(again.json["legs"])) == (200, "sent", 2)
    assert waiting(gateway) == [("referral:elm-trust", "send"), ("referral:oak-house", "send")]
    assert len(oak.get(address).json["legs"]) == 1
    assert oak.post(f"{address}/accept").json["state"] == "accepted"
    assert say(app.test_client(), "msg_2", **named, move="accept") == 422
    assert coordinator.get(address).json["state"] == "accepted"


def test_a_recall_waits_for_the_agency_and_what_was_done_counts(
    app: Flask, gateway: Gateway, coordinator: FlaskClient, person: str
) -> None:
    referral, _ = ask(coordinator, person, "ELM")
    address = f"/api/referrals/{referral['id']}"
    named = {"referral": referral["id"], "leg": referral["legs"][0]["id"]}
    elm = app.test_client()
    assert say(elm, "msg_1", **named, move="accept") == 200
    recalled = coordinator.post(f"{address}/cancel", json={"reason_text": "She is in hospital"})
    assert recalled.json["state"] == "cancel_requested"
    assert waiting(gateway)[-1] == ("referral:elm-trust", "cancel")
    assert say(elm, "msg_2", **named, move="complete", outcomes=[{"text": "Was done on Sunday"}]) == 200
    assert coordinator.get(address).json["state"] == "completed"


def test_an_organisation_without_a_partner_is_not_asked(coordinator: FlaskClient, person: str) -> None:
    stranger = coordinator.post("/api/organisations", json={"name": "Stranger"}).json
    made = coordinator.post("/api/referrals", json={"person": person, "service_text": "Company"}).json
    refused = coordinator.post(f"/api/referrals/{made['id']}/send", json={"organisation": stranger["id"]})
    assert refused.status_code == 422
    assert "config/partners" in refused.json["detail"]
    assert coordinator.get(f"/api/referrals/{made['id']}").json["state"] == "draft"
