"""A further R4 type that a deployment switches on is served like any other; one that is not has no way in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.acts.gateway import Gateway
from gateway.conformance.served_types import served_with
from gateway.store import resources
from tests.unit.web.conftest import patient


class TestOn:
    """With `fhir_types: [Claim, Media]`."""

    @pytest.fixture
    def gateway(self, gateway: Gateway) -> Gateway:
        return replace(gateway, served=served_with(frozenset({"Claim", "Media"})))

    def test_it_is_written_read_and_found(self, st_annes: FlaskClient) -> None:
        mary = made(st_annes, patient(name=[{"family": "Moor"}]))
        later, sooner = (claimed(st_annes, mary, day) for day in ("2026-03-02", "2026-03-01"))

        assert answered(st_annes, f"Claim/{later}")["created"] == "2026-03-02"
        assert found(st_annes, f"Claim?patient={mary}&_sort=created") == [sooner, later]
        assert found(st_annes, "Claim?patient.family=moor&_sort=-created") == [later, sooner]
        assert found(st_annes, f"Patient/{mary}/Claim?created=2026-03-01") == [sooner]
        assert found(st_annes, "Patient?_has:Claim:patient:created=2026-03-02") == [mary]
        assert found(st_annes, "?_type=Claim,Media&_sort=_lastUpdated") == [later, sooner]
        assert set(found(st_annes, f"Patient?_id={mary}&_revinclude=Claim:patient")) == {mary, sooner, later}
        assert set(found(st_annes, f"Claim?_id={later}&_include=Claim:patient:Patient")) == {mary, later}

    def test_the_metadata_name_it(self, nobody: FlaskClient) -> None:
        stated = answered(nobody, "metadata")["rest"][0]["resource"]
        [claim] = [resource for resource in stated if resource["type"] == "Claim"]

        assert ("created", "date") in {(param["name"], param["type"]) for param in claim["searchParam"]}
        assert "create" in [interaction["code"] for interaction in claim["interaction"]]

    def test_its_list_by_clinical_date_may_be_any_length(
        self, st_annes: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("gateway.store.page_order.MAX_CANDIDATES", 1)
        mary = made(st_annes, patient())
        claims = [claimed(st_annes, mary, f"2026-03-0{day}") for day in (3, 1, 2)]

        assert found(st_annes, "Claim?_sort=created") == [claims[1], claims[2], claims[0]]
        refused = st_annes.get("/fhir/R4/Claim?_sort=priority")
        assert refused.status_code == 400
        assert refused.json is not None
        assert refused.json["issue"][0]["code"] == "too-costly"


@pytest.mark.parametrize(
    "search",
    [
        "Task?focus:Claim.identifier=1",
        "Patient?_has:Claim:patient:identifier=1",
        "Patient?_has:Claim:patient:_has:Task:focus:status=ready",
        "Task?_include=Task:focus:Claim",
        "Task?_include=Claim:patient",
        "Patient?_revinclude=Claim:patient",
        "?_type=Claim",
        "?_type=Patient,Claim",
    ],
)
def test_a_type_that_is_not_served_is_reached_by_nothing(st_annes: FlaskClient, search: str) -> None:
    answer = st_annes.get(f"/fhir/R4/{search}")

    assert answer.status_code == 400, answer.text
    assert "served" in answer.text


def test_what_is_stored_of_a_type_that_is_not_served_is_not_brought_along(
    gateway: Gateway, st_annes: FlaskClient
) -> None:
    mary = made(st_annes, patient())
    claim = {"resourceType": "Claim", "patient": {"reference": f"Patient/{mary}"}}
    with gateway.database.transaction(gateway.self_actor) as tx:
        held = resources.create(tx, claim, source="st-annes").reference
    claim_id = held.removeprefix("Claim/")
    about = {"for": {"reference": f"Patient/{mary}"}, "focus": {"reference": held}}
    task = made(st_annes, {"resourceType": "Task", "status": "draft", "intent": "order", **about})

    assert set(found(st_annes, "Task?_include=*")) == {task, mary}
    assert found(st_annes, "Task?focus.created=2026") == []
    assert st_annes.get(f"/fhir/R4/{held}").status_code == 404
    assert st_annes.get(f"/fhir/R4/Patient/{mary}/Claim").status_code == 404
    assert claim_id not in found(st_annes, f"Patient/{mary}/*")


def claimed(client: FlaskClient, patient_id: str, day: str) -> str:
    return made(
        client,
        {
            "resourceType": "Claim",
            "status": "active",
            "type": {"text": "professional"},
            "use": "claim",
            "patient": {"reference": f"Patient/{patient_id}"},
            "created": day,
            "provider": {"display": "somebody"},
            "priority": {"text": "normal"},
            "insurance": [{"sequence": 1, "focal": True, "coverage": {"display": "some"}}],
        },
    )


def made(client: FlaskClient, resource: dict[str, Any]) -> str:
    answer = client.post(f"/fhir/R4/{resource['resourceType']}", json=resource)
    assert answer.status_code == 201, answer.text
    return str((answer.json or {})["id"])


def answered(client: FlaskClient, path: str) -> dict[str, Any]:
    answer = client.get(f"/fhir/R4/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json or {}


def found(client: FlaskClient, search: str) -> list[str]:
    return [entry["resource"]["id"] for entry in answered(client, search).get("entry", ())]
