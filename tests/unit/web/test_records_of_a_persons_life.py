"""Contacts, needs, appointments, visits, notes and consents: written, shown with the person, seen by whom."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.care.consolidation import SECTIONS
from gateway.records import RECORDS
from gateway.records.read_only import without_read_only
from tests.unit.web.conftest import Knock, patient

KINDS = ("contact", "need", "appointment", "visit", "note", "consent")
PATHS = {kind: RECORDS[kind].path for kind in KINDS}

# By kind: a new record besides whose it is, a change, and what the change makes of FHIR.
NEW: dict[str, dict[str, Any]] = {
    "contact": {"name": {"family": "Okafor"}, "lead_carer": True},
    "need": {"text": "Lonely", "clinical_status": "active"},
    "appointment": {"status": "proposed"},
    "visit": {"status": "planned"},
    "note": {"text": "She called"},
    "consent": {"status": "active", "decision": "permit", "policy": {"text": "Asked at home"}},
}
CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "contact": ({"may_be_told": True}, "extension"),
    "need": ({"clinical_status": "resolved", "abated": {"at": "2026-10"}}, "clinicalStatus"),
    "appointment": ({"comment": "Ring twice"}, "comment"),
    "visit": ({"status": "cancelled"}, "status"),
    "note": ({"text": "She called again"}, "payload"),
    "consent": ({"rules": [{"decision": "deny", "labels": [{"code": "PSY"}]}]}, "provision"),
}


def whose(kind: str, person: str) -> dict[str, Any]:
    if kind == "appointment":
        return {"participants": [{"who": f"Patient/{person}", "status": "needs-action"}]}
    return {"person": person}


@pytest.fixture
def person(st_annes: FlaskClient, northside: FlaskClient, coordinator: FlaskClient) -> str:
    """A person whom both hospitals know."""
    for hospital in (st_annes, northside):
        assert hospital.post("/fhir/R4/Patient", json=patient()).status_code == 201
    [found] = coordinator.get("/api/people").json["items"]
    return str(found["id"])


@pytest.fixture
def made(request: pytest.FixtureRequest, coordinator: FlaskClient, person: str) -> dict[str, str]:
    """A record of the kind on trial, or of each where a test is about all: its id by kind."""
    callspec = getattr(request.node, "callspec", None)
    ids = {}
    for kind in (callspec.params["kind"],) if callspec else KINDS:
        answer = coordinator.post(f"/api/{PATHS[kind]}", json=NEW[kind] | whose(kind, person))
        assert answer.status_code == 201, answer.text
        ids[kind] = str(answer.json["id"])
    return ids


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_is_made_read_changed_and_replaced(
    coordinator: FlaskClient, person: str, made: dict[str, str], kind: str
) -> None:
    address = f"/api/{PATHS[kind]}/{made[kind]}"
    read = coordinator.get(address)
    assert read.json.items() >= (NEW[kind] | whose(kind, person)).items()
    assert (read.json["source"], read.json["version"]) == ("here", "1")

    change, element = CHANGES[kind]
    fhir = f"/fhir/R4/{RECORDS[kind].root}/{made[kind]}"
    before = coordinator.get(fhir).json
    changed = coordinator.patch(address, json=change, headers={"If-Match": read.headers["ETag"]})
    after = coordinator.get(fhir).json
    assert (changed.status_code, changed.json["version"]) == (200, "2"), changed.text
    assert changed.json.items() >= change.items()
    assert before.get(element) != after[element]

    back = coordinator.put(address, json=read.json, headers={"If-Match": "*"})
    assert back.status_code == 422, "the read-only version of then is not the one of now"
    record = without_read_only(RECORDS[kind].schema(), read.json)
    back = coordinator.put(address, json=record, headers={"If-Match": changed.headers["ETag"]})
    assert back.status_code == 200, back.text
    assert {name: back.json[name] for name in record} == record


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_stands_in_the_persons_record_and_is_found_by_person(
    coordinator: FlaskClient, person: str, made: dict[str, str], kind: str
) -> None:
    whole = coordinator.get(f"/api/people/{person}/record").json
    listed = coordinator.get(f"/api/{PATHS[kind]}?person={person}").json["items"]

    assert [item["id"] for item in whole[SECTIONS[kind]]] == [made[kind]]
    assert [item["id"] for item in listed] == [made[kind]]


def test_needs_are_found_by_clinical_status_and_the_others_by_status(
    coordinator: FlaskClient, made: dict[str, str]
) -> None:
    def found(question: str) -> list[str]:
        answer = coordinator.get(f"/api/{question}")
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json["items"]]

    for kind, status in (
        *(("need", "active"), ("appointment", "proposed"), ("visit", "planned")),
        *(("note", "completed"), ("consent", "active")),
    ):
        assert found(f"{PATHS[kind]}?status={status}") == [made[kind]]
        assert found(f"{PATHS[kind]}?status=entered-in-error") == []
    assert coordinator.get("/api/contacts?status=active").status_code == 400


@pytest.mark.parametrize("kind", KINDS)
def test_a_hospitals_own_is_shown_with_the_person_and_stays_with_its_patient(
    coordinator: FlaskClient, st_annes: FlaskClient, person: str, kind: str
) -> None:
    patients = coordinator.get(f"/api/people/{person}").json["sources"]
    [own] = [link["patient"].removeprefix("Patient/") for link in patients if link["source"] == "st-annes"]
    made = st_annes.post(f"/api/{PATHS[kind]}", json=NEW[kind] | whose(kind, person))
    fhir = f"/fhir/R4/{RECORDS[kind].root}/{made.json['id']}"
    resource = st_annes.get(fhir).json
    text = coordinator.get(fhir).text.replace(f"Patient/{person}", f"Patient/{own}")
    again = st_annes.put(fhir, data=text, headers={"Content-Type": "application/fhir+json"})
    assert again.status_code == 200, again.text
    assert resource["resourceType"] == RECORDS[kind].root

    address = f"/api/{PATHS[kind]}/{made.json['id']}"
    read = coordinator.get(address)
    if kind != "appointment":
        assert (read.json["person"], read.json["source"]) == (person, "st-annes")
    change, _ = CHANGES[kind]
    changed = coordinator.patch(address, json=change, headers={"If-Match": read.headers["ETag"]})
    assert changed.status_code == 200, changed.text
    kept = coordinator.get(fhir)
    assert f"Patient/{own}" in kept.text
    assert f"Patient/{person}" not in kept.text


@pytest.mark.parametrize("kind", KINDS)
def test_who_sees_a_record(
    knock: Knock,
    coordinator: FlaskClient,
    st_annes: FlaskClient,
    northside: FlaskClient,
    person: str,
    made: dict[str, str],
    kind: str,
) -> None:
    address = f"/api/{PATHS[kind]}/{made[kind]}"
    stranger = f"/api/{PATHS[kind]}/{_about_a_stranger(st_annes, kind)}"

    assert {hospital.get(address).status_code for hospital in (st_annes, northside)} == {200}
    assert (st_annes.get(stranger).status_code, northside.get(stranger).status_code) == (200, 404)
    for who in ("agency:elm-trust", "admin"):
        client = knock(who)
        assert client.get(address).status_code in (403, 404)
        assert client.get(f"/api/{PATHS[kind]}").json.get("items", []) == []
        assert client.post(f"/api/{PATHS[kind]}", json=NEW[kind] | whose(kind, person)).status_code == 403
    assert coordinator.get(address).status_code == 200


def _about_a_stranger(hospital: FlaskClient, kind: str) -> str:
    """The id of a record about somebody whom only this hospital knows."""
    known = hospital.post("/fhir/R4/Patient", json={"resourceType": "Patient"}).json["id"]
    resource = {
        "contact": {"patient": {"reference": f"Patient/{known}"}},
        "consent": {"patient": {"reference": f"Patient/{known}"}, "status": "active"},
        "appointment": {
            "status": "proposed",
            "participant": [{"actor": {"reference": f"Patient/{known}"}, "status": "accepted"}],
        },
    }.get(kind, {"subject": {"reference": f"Patient/{known}"}})
    root = RECORDS[kind].root
    extra = {
        "visit": {"status": "planned", "class": {"code": "AMB"}},
        "note": {"status": "completed"},
        "consent": {"scope": {"text": "sharing"}, "category": [{"text": "sharing"}]},
    }.get(kind, {})
    made = hospital.post(f"/fhir/R4/{root}", json={"resourceType": root, **resource, **extra})
    assert made.status_code == 201, made.text
    return str(made.json["id"])


def test_what_r4_requires_and_nobody_said_is_marked_as_not_known(
    coordinator: FlaskClient, person: str
) -> None:
    visit = coordinator.post("/api/visits", json={"person": person, "status": "planned"}).json
    consent = coordinator.post("/api/consents", json={"person": person, "status": "active"}).json

    assert visit["kind"]["code"] == consent["policy"]["code"] == "unknown"
    assert consent["scope"]["code"] == "patient-privacy"


def test_deeper_exceptions_of_a_consent_stay_when_its_rule_changes(
    coordinator: FlaskClient, st_annes: FlaskClient, person: str
) -> None:
    deeper = {"type": "permit", "actor": [{"role": {"text": "GP"}, "reference": {"display": "Dr Rao"}}]}
    resource = {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"text": "sharing"},
        "category": [{"text": "sharing"}],
        "policyRule": {"text": "house rules"},
        "patient": {"reference": f"Patient/{person}"},
        "provision": {"type": "permit", "provision": [{"type": "deny", "provision": [deeper]}]},
    }
    id = st_annes.post("/fhir/R4/Consent", json=resource).json["id"]
    read = coordinator.get(f"/api/consents/{id}")
    assert read.json["rules"] == [{"decision": "deny"}]

    rules = [{"decision": "deny", "purpose": [{"code": "TREAT"}]}]
    changed = coordinator.patch(
        f"/api/consents/{id}", json={"rules": rules}, headers={"If-Match": read.headers["ETag"]}
    )

    assert changed.status_code == 200, changed.text
    [rule] = coordinator.get(f"/fhir/R4/Consent/{id}").json["provision"]["provision"]
    assert rule == {"type": "deny", "provision": [deeper], "purpose": [{"code": "TREAT"}]}
