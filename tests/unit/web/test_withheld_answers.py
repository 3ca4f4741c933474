"""An answer that would show something hidden is withheld: 500 without data, logged as critical, audited."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from gateway.acts import read_resource
from gateway.acts.gateway import Gateway
from gateway.store import includes, resources, rows
from gateway.store.versions import Version
from tests.unit.web.conftest import Trail, condition, patient

CANARY = "Canary-7301"


@pytest.fixture
def hidden(northside: FlaskClient) -> dict[str, Any]:
    """A Condition that only Northside and coordinators see."""
    answer = northside.post("/fhir/R4/Condition", json=condition(note=[{"text": CANARY}]))
    return answer.json or {}


def withheld(client: FlaskClient, address: str, **more: Any) -> list[Any]:
    """What was logged of a request whose answer was withheld."""
    with capture_logs() as logged:
        answer = client.open(address, **more)
    assert answer.status_code == 500, answer.text
    assert (answer.json or {})["issue"][0]["code"] == "security"
    assert "Last-Modified" not in answer.headers
    assert "ETag" not in answer.headers
    assert CANARY not in answer.text + repr(logged)
    return [line["error"] for line in logged if line["log_level"] == "critical"]


def test_a_broken_statement_answers_nothing_at_any_door(
    monkeypatch: pytest.MonkeyPatch, st_annes: FlaskClient, hidden: dict[str, Any], trail: Trail
) -> None:
    id = hidden["id"]
    doors = [
        f"/fhir/R4/Condition/{id}",
        f"/fhir/R4/Condition/{id}/_history/1",
        f"/fhir/R4/Condition/{id}/_history",
        "/fhir/R4/Condition/_history",
        f"/fhir/R4/Condition/{id}?_elements=note",
        "/fhir/R4/Condition",
        "/fhir/R4/Condition?_sort=-_lastUpdated",
        f"/fhir/R4/?_type=Condition&_id={id}",
    ]
    assert st_annes.get(doors[0]).status_code == 404
    monkeypatch.setattr(rows, "condition_on_heads", lambda _: "TRUE")
    monkeypatch.setattr(rows, "condition_on_versions", lambda _: "TRUE")
    before = len(trail())

    for door in doors:
        assert withheld(st_annes, door) == ["AccessBreach"], door

    noted = trail()[before:]
    assert [(who, outcome, detail) for _, who, outcome, detail, _ in noted] == [
        ("ehr-st-annes", "failed", "security")
    ] * len(doors)
    records = st_annes.get(f"/api/needs/{id}")
    assert (records.status_code, CANARY in records.text) == (500, False)


def test_one_breach_in_a_batch_withholds_its_entry_and_is_written_down(
    monkeypatch: pytest.MonkeyPatch, st_annes: FlaskClient, hidden: dict[str, Any], trail: Trail
) -> None:
    own = st_annes.post("/fhir/R4/Condition", json=condition()).json or {}
    monkeypatch.setattr(rows, "condition_on_heads", lambda _: "TRUE")
    entries = [{"request": {"method": "GET", "url": f"Condition/{it['id']}"}} for it in (hidden, own)]
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}

    answer = st_annes.post("/fhir/R4", data=json.dumps(bundle), content_type="application/fhir+json")

    assert answer.status_code == 200, answer.text
    first, second = (answer.json or {})["entry"]
    assert (first["response"]["status"][:3], second["response"]["status"][:3]) == ("500", "200")
    assert second["resource"]["id"] == own["id"]
    assert CANARY not in answer.text
    assert ("failed", "security") in {(outcome, detail) for _, _, outcome, detail, _ in trail()}


def test_an_include_that_joins_past_the_condition_answers_nothing(
    monkeypatch: pytest.MonkeyPatch, st_annes: FlaskClient, northside: FlaskClient
) -> None:
    theirs = northside.post("/fhir/R4/Patient", json={**patient(), "identifier": []}).json or {}
    st_annes.post("/fhir/R4/Condition", json=condition(subject={"reference": f"Patient/{theirs['id']}"}))
    address = "/fhir/R4/Condition?_include=Condition:subject"
    assert st_annes.get(address).status_code == 200
    monkeypatch.setattr(includes, "_NAMED", includes._NAMED.replace("{rows}", "(TRUE OR {rows})"))

    assert withheld(st_annes, address) == ["AccessBreach"]


def test_what_was_selected_for_another_is_not_written_out(
    monkeypatch: pytest.MonkeyPatch, st_annes: FlaskClient, gateway: Gateway, hidden: dict[str, Any]
) -> None:
    """As when an act reads with the gateway's own eyes, or a version comes by a way beside the store."""

    def with_other_eyes(*_: Any) -> Version:
        with gateway.database.transaction(gateway.self_actor) as tx:
            return resources.read(tx, "Condition", hidden["id"])

    address = f"/fhir/R4/Condition/{hidden['id']}"
    for reading in (with_other_eyes, lambda *_: replace(with_other_eyes(), shown_to=None)):
        monkeypatch.setattr(read_resource, "read", reading)
        assert withheld(st_annes, address) == ["AccessBreach"]
