"""An Idempotency-Key belongs to its client, and to one request at a time (B-42)."""

from __future__ import annotations

from flask import Flask

from gateway.access.actors import HERE, Actor, ActorKind
from gateway.acts.gateway import Gateway
from gateway.store import idempotency
from gateway.web import GATEWAY
from tests.unit.web.conftest import Knock

KEY = {"Idempotency-Key": "form-1"}


def test_keys_of_two_clients_are_two_keys(enter: Knock) -> None:
    coordinator, hospital = enter("coordinator"), enter("ehr:st-annes")

    made = [client.post("/api/organisations", json={"name": "Elm"}, headers=KEY)
            for client in (coordinator, hospital, coordinator, hospital)]  # fmt: skip

    assert [answer.status_code for answer in made] == [201] * 4
    ids = [(answer.json or {})["id"] for answer in made]
    assert ids[0] == ids[2] != ids[1] == ids[3]
    assert ["Idempotent-Replayed" in answer.headers for answer in made] == [False, False, True, True]


def test_a_key_that_is_being_worked_on_is_a_conflict(standing_app: Flask, enter: Knock) -> None:
    gateway: Gateway = standing_app.extensions[GATEWAY]
    admin = enter("ehr:northside")
    working = Actor(ActorKind.EHR, "ehr-northside", "northside")
    key, organisation = {"Idempotency-Key": "form-2"}, {"name": "Oak"}

    with gateway.database.transaction(working) as tx:
        assert idempotency.replayed(tx, "form-2", b"x") is None
        meanwhile = admin.post("/api/organisations", json=organisation, headers=key)
    afterwards = admin.post("/api/organisations", json=organisation, headers=key)

    assert working.source != HERE
    assert [meanwhile.status_code, afterwards.status_code] == [409, 201]
