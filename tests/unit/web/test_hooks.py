"""Inbound webhooks: signed bytes or nothing, one effect for one message, and nothing that came is lost."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from standardwebhooks import Webhook
from werkzeug.test import TestResponse

from gateway.acts.gateway import Gateway
from gateway.partners.webhook import WebhookSettings
from gateway.store import inbox
from tests.unit.web.conftest import ELM_TRUST

SECRETS = {
    f"env:{name}": "whsec_" + base64.b64encode(name.encode() * 8).decode() for name in ("OLD", "NEW", "ALIEN")
}


@pytest.fixture
def gateway(gateway: Gateway) -> Gateway:
    """The gateway of all web tests, in which Elm Trust answers by webhook."""
    settings = WebhookSettings("https://elm.example/referrals", ("env:NEW", "env:OLD"))
    elm = replace(gateway.partners["elm-trust"], settings=settings)
    return replace(gateway, partners={**gateway.partners, "elm-trust": elm}, secrets=SECRETS.__getitem__)


class Agency:
    """Elm Trust's system: it signs what it says."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.said = 0

    def say(
        self,
        secret: str = "env:NEW",
        *,
        raw: bytes | None = None,
        tamper: bytes = b"",
        at: datetime | None = None,
        to: str = "elm-trust",
        id: str = "",
        **body: Any,
    ) -> TestResponse:
        self.said += 1
        id = id or f"msg_{self.said}"
        sent = raw if raw is not None else json.dumps(body).encode()
        at = at or datetime.now(UTC)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(SECRETS[secret]).sign(id, at, sent.decode()),
        }
        return self.client.post(f"/hooks/{to}", data=sent + tamper, headers=headers)


@pytest.fixture
def agency(nobody: FlaskClient) -> Agency:
    return Agency(nobody)


@pytest.fixture
def referral(coordinator: FlaskClient) -> dict[str, Any]:
    """A referral that was sent to Elm Trust."""
    return sent_referral(coordinator)


def sent_referral(coordinator: FlaskClient) -> dict[str, Any]:
    identifiers = [{"system": ELM_TRUST.system, "value": ELM_TRUST.value}]
    elm = coordinator.post("/api/organisations", json={"name": "Elm Trust", "identifiers": identifiers}).json
    person = coordinator.post("/api/people", json={"names": [{"family": "Example"}]}).json
    made = coordinator.post("/api/referrals", json={"person": person["id"], "service_text": "Company"}).json
    answer = coordinator.post(f"/api/referrals/{made['id']}/send", json={"organisation": elm["id"]})
    assert answer.status_code == 200, answer.text
    record: dict[str, Any] = answer.json
    return record


def named(referral: dict[str, Any]) -> dict[str, str]:
    return {"referral": referral["id"], "leg": referral["legs"][0]["id"]}


def read(coordinator: FlaskClient, referral: dict[str, Any]) -> dict[str, Any]:
    record: dict[str, Any] = coordinator.get(f"/api/referrals/{referral['id']}").json
    return record


def quarantined(gateway: Gateway) -> list[str]:
    with gateway.database.transaction(gateway.self_actor) as tx:
        return [one.reason for one in inbox.quarantined(tx)]


def kept(gateway: Gateway) -> list[bytes]:
    with gateway.database.transaction(gateway.self_actor) as tx:
        rows = tx.connection.exec_driver_sql("SELECT body FROM inbox ORDER BY received_at")
        return [bytes(row.body) for row in rows]


def test_a_signed_answer_moves_the_referral_in_the_agencys_name(
    agency: Agency, coordinator: FlaskClient, referral: dict[str, Any]
) -> None:
    answer = agency.say(**named(referral), move="accept")
    assert (answer.status_code, answer.json["state"]) == (200, "accepted")
    done = agency.say(
        **named(referral), move="complete", outcomes=[{"kind": "service-delivered", "text": "Walks"}]
    )
    assert (done.status_code, done.json["state"]) == (200, "completed")
    record = read(coordinator, referral)
    assert [event["move"] for event in record["events"]] == ["send", "accept", "complete"]
    assert record["events"][-1]["by"] == "elm-trust"
    assert record["legs"][0]["outcomes"][0]["resource"].startswith("Procedure/")


def test_while_a_secret_is_replaced_both_are_good(agency: Agency, referral: dict[str, Any]) -> None:
    assert agency.say("env:OLD", **named(referral), move="accept").status_code == 200
    assert agency.say("env:ALIEN", **named(referral), move="start").status_code == 401


def test_a_changed_old_or_unsigned_message_is_refused_and_not_read(
    agency: Agency, nobody: FlaskClient, gateway: Gateway, coordinator: FlaskClient, referral: dict[str, Any]
) -> None:
    now = datetime.now(UTC)
    said = named(referral) | {"move": "accept"}
    assert agency.say(**said, tamper=b" ").status_code == 401
    assert agency.say(**said, at=now - timedelta(minutes=6)).status_code == 401
    assert agency.say(**said, at=now + timedelta(minutes=6)).status_code == 401
    assert nobody.post("/hooks/elm-trust", json=said).status_code == 401
    assert agency.say(raw=b"{not json", tamper=b"}").status_code == 401
    assert kept(gateway) == []
    assert read(coordinator, referral)["state"] == "sent"


@pytest.mark.parametrize("partner", ["st-annes", "nobody", "elm-trust/x", "ELM-TRUST"])
def test_nobody_else_has_this_door(agency: Agency, partner: str, referral: dict[str, Any]) -> None:
    assert agency.say(**named(referral), move="accept", to=partner).status_code == 404


def test_a_repeat_is_answered_and_has_no_second_effect(
    agency: Agency, gateway: Gateway, coordinator: FlaskClient, referral: dict[str, Any]
) -> None:
    for _ in range(3):
        answer = agency.say(**named(referral), move="accept", id="msg_same")
        assert answer.status_code == 200
    assert answer.json == {"repeated": True}
    assert [event["move"] for event in read(coordinator, referral)["events"]] == ["send", "accept"]
    assert len(kept(gateway)) == 1


def test_an_id_that_comes_back_with_other_words_is_a_conflict(
    agency: Agency, coordinator: FlaskClient, referral: dict[str, Any]
) -> None:
    agency.say(**named(referral), move="accept", id="msg_same")
    assert agency.say(**named(referral), move="decline", id="msg_same").status_code == 409
    assert read(coordinator, referral)["state"] == "accepted"


def test_a_move_that_came_too_late_is_refused_clearly_and_kept(
    agency: Agency, gateway: Gateway, coordinator: FlaskClient, referral: dict[str, Any]
) -> None:
    agency.say(**named(referral), move="accept")
    late = agency.say(**named(referral), move="decline", reason_text="No places", id="msg_late")
    assert (late.status_code, late.json["code"]) == (422, "business-rule")
    assert "possible now:" in late.json["detail"]
    again = agency.say(**named(referral), move="decline", reason_text="No places", id="msg_late")
    assert (again.status_code, again.json["detail"]) == (422, late.json["detail"])
    assert read(coordinator, referral)["state"] == "accepted"
    assert quarantined(gateway) == [late.json["detail"]]
    assert len(kept(gateway)) == 2


def test_what_names_no_referral_of_theirs_is_set_aside_and_seen(
    agency: Agency, gateway: Gateway, referral: dict[str, Any]
) -> None:
    unknown = "3f0c6bd2-6d1c-4a0b-9a5e-0d5b6f6b9f11"
    for said in ({"referral": unknown, "leg": unknown}, named(referral) | {"leg": unknown}):
        assert agency.say(**said, move="accept").status_code == 422
    assert len(quarantined(gateway)) == 2


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[]", 400),
        (b"{", 400),
        (b"{}", 422),
        (b'{"move": "send"}', 422),
        (b'{"move": "accept", "referral": 1}', 422),
    ],
)
def test_a_signed_message_that_says_nothing_usable_is_kept_and_set_aside(
    agency: Agency, gateway: Gateway, referral: dict[str, Any], body: bytes, status: int
) -> None:
    assert agency.say(raw=body).status_code == status
    assert kept(gateway) == [body]
    assert len(quarantined(gateway)) == 1


def test_an_answer_with_an_unknown_field_is_told_which(agency: Agency, referral: dict[str, Any]) -> None:
    answer = agency.say(**named(referral), move="decline", reason_txt="No places")
    assert answer.status_code == 422
    assert "did you mean 'reason_text'?" in answer.text


def test_a_referral_they_declined_is_no_longer_theirs(
    agency: Agency, coordinator: FlaskClient, referral: dict[str, Any]
) -> None:
    decline = agency.say(**named(referral), move="decline", reason_code="capacity")
    assert (decline.status_code, decline.json["state"]) == (200, "rejected")
    # Once declined it is no longer theirs to move, and looks as if it had never been.
    assert agency.say(**named(referral), move="accept").status_code == 422
    assert read(coordinator, referral)["state"] == "rejected"
