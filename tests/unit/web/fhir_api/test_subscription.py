"""A Subscription is kept and found; it never says that it is active: nothing is delivered for it yet."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.access.actors import Actor, ActorKind
from gateway.acts import resource_steps
from gateway.acts.gateway import Gateway
from gateway.errors import Forbidden

ADDRESS = "/fhir/R4/Subscription"


def asked(status: str = "requested") -> dict[str, Any]:
    return {
        "resourceType": "Subscription",
        "status": status,
        "reason": "To follow new tasks",
        "criteria": "Task?status=requested",
        "channel": {"type": "rest-hook", "endpoint": "https://ehr.example/told"},
    }


def test_it_is_kept_changed_found_and_ended(st_annes: FlaskClient, northside: FlaskClient) -> None:
    made = st_annes.post(ADDRESS, json=asked())
    assert made.status_code == 201, made.text
    kept = made.json or {}
    assert kept["status"] == "requested"
    by_own_values = "criteria=Task?status%3Drequested&type=rest-hook&status=requested"
    found = (st_annes.get(f"{ADDRESS}?{by_own_values}&url=https://ehr.example/told").json or {})["entry"]
    assert [entry["resource"]["id"] for entry in found] == [kept["id"]]

    ended = st_annes.put(f"{ADDRESS}/{kept['id']}", json={**kept, "status": "off"})
    assert ended.status_code == 200, ended.text
    assert northside.get(f"{ADDRESS}/{kept['id']}").status_code == 404
    assert st_annes.delete(f"{ADDRESS}/{kept['id']}").status_code == 204


@pytest.mark.parametrize("status", ["active", "error"])
def test_a_client_never_says_that_it_is_delivered(st_annes: FlaskClient, status: str) -> None:
    refused = st_annes.post(ADDRESS, json=asked(status=status))

    assert refused.status_code == 422
    [issue] = (refused.json or {})["issue"]
    assert issue["expression"] == ["Subscription.status"]
    assert "requested or off" in issue["details"]["text"]
    kept = st_annes.post(ADDRESS, json=asked()).json or {}
    assert st_annes.put(f"{ADDRESS}/{kept['id']}", json={**kept, "status": status}).status_code == 422
    assert (st_annes.get(f"{ADDRESS}/{kept['id']}").json or {})["meta"]["versionId"] == "1"


def test_an_agency_has_none(gateway: Gateway) -> None:
    agency = Actor(ActorKind.AGENCY, "elm-trust", "elm-trust", None)
    with gateway.database.transaction(agency) as tx, pytest.raises(Forbidden):
        resource_steps.create(gateway, tx, asked())


def test_the_metadata_say_what_it_does_not_do(nobody: FlaskClient) -> None:
    stated = (nobody.get("/fhir/R4/metadata").json or {})["rest"][0]["resource"]
    [subscription] = [resource for resource in stated if resource["type"] == "Subscription"]

    assert "nothing is delivered for it yet" in subscription["documentation"]
