"""Whom a person's Consent denies is answered, at every door, as if the person were unknown."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from gateway.access.actors import Actor
from gateway.acts.gateway import Gateway
from gateway.fhir.identifiers import Identifier
from gateway.mapping import Mappings
from gateway.store.database import Database
from gateway.sync.partner import Partner
from tests.unit.acts.agency_town import Desk
from tests.unit.care.test_consent_denials import consent, rule
from tests.unit.web.conftest import ELM_TRUST, NHS_NUMBER, PUBLIC_URL, Knock, Trail, condition, patient

ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
ST_ANNES = Identifier(ODS, "RA1")


@pytest.fixture
def gateway(database: Database, mappings: Mappings) -> Gateway:
    """Two hospitals, one of which is an organisation that a Consent can name, and an agency."""
    st_annes = Partner(
        "st-annes", "St Anne's", "fhir_rest", organisation=ST_ANNES, verified_identifiers=(NHS_NUMBER,)
    )
    northside = Partner("northside", "Northside", "fhir_rest", verified_identifiers=(NHS_NUMBER,))
    elm_trust = Partner("elm-trust", "Elm Trust", "webhook", organisation=ELM_TRUST)
    partners = {it.name: it for it in (st_annes, northside, elm_trust)}
    return Gateway(database, mappings, partners, Actor.gateway(), PUBLIC_URL)


_REQUEST = re.compile(r'"(?:diagnostics":"Request |request_id":")[^"]+"')


def posted(client: FlaskClient, resource: dict[str, Any]) -> dict[str, Any]:
    """The resource as it was kept."""
    answer = client.post(f"/fhir/R4/{resource['resourceType']}", json=resource)
    assert answer.status_code == 201, answer.text
    return answer.json or {}


def named(number: Identifier) -> dict[str, Any]:
    return {"identifier": {"system": number.system, "value": number.value}}


def denied(client: FlaskClient, about: str, organisation: dict[str, Any]) -> dict[str, Any]:
    """A Consent of the person's, written through the door."""
    category = [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}]
    policy = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTIN"}]}
    more = {"patient": {"reference": about}, "category": category, "policyRule": policy}
    return posted(client, consent(rule("deny", organisation), **more))


def said(client: FlaskClient, method: str, address: str, id: str, **more: Any) -> tuple[int, str]:
    """The answer, without what names the request or the id."""
    answer = client.open(address.format(id=id), method=method, **more)
    return answer.status_code, _REQUEST.sub("", answer.text.replace(id, "…"))


def test_a_denied_hospital_is_answered_as_if_the_person_were_unknown(
    coordinator: FlaskClient, st_annes: FlaskClient, northside: FlaskClient, trail: Trail
) -> None:
    own = posted(st_annes, patient())
    theirs = posted(northside, patient())
    fact = posted(northside, condition(subject={"reference": f"Patient/{theirs['id']}"}))
    [person] = [
        entry["resource"]["id"]
        for entry in (coordinator.get("/fhir/R4/Patient").json or {})["entry"]
        if "link" in entry["resource"]
    ]
    address = f"/fhir/R4/Condition/{fact['id']}"
    assert st_annes.get(address).status_code == 200

    stated = denied(coordinator, f"Patient/{person}", named(ST_ANNES))

    for door, type, id in [
        ("/fhir/R4/Condition/{id}", "Condition", fact["id"]),
        ("/fhir/R4/Condition/{id}/_history", "Condition", fact["id"]),
        ("/fhir/R4/Condition/{id}/_history/1", "Condition", fact["id"]),
        ("/fhir/R4/Patient/{id}", "Patient", person),
        ("/fhir/R4/Patient/{id}/Condition", "Patient", person),
        ("/fhir/R4/Patient/{id}", "Patient", theirs["id"]),
        ("/fhir/R4/Consent/{id}", "Consent", stated["id"]),
        ("/api/people/{id}", "", person),
        ("/api/people/{id}/record", "", person),
        ("/api/consents/{id}", "", stated["id"]),
    ]:
        status, text = said(st_annes, "GET", door, id)
        assert (status, text) == said(st_annes, "GET", door, str(uuid4())), door
        assert status == 404, (door, type)
    found = st_annes.get("/fhir/R4/Condition?_total=accurate").json or {}
    assert (found["total"], found.get("entry", [])) == (0, [])
    assert "entry" not in (st_annes.get("/fhir/R4/Consent").json or {})
    assert "entry" not in (st_annes.get(f"/fhir/R4/Patient?_id={person}").json or {})
    everything = st_annes.get(
        f"/fhir/R4/Patient?_id={own['id']}&_revinclude=Condition:patient&_include=Patient:link"
    )
    assert [entry["resource"]["id"] for entry in (everything.json or {})["entry"]] == [own["id"]]

    # It cannot lift what it does not see, and what it tried is written down.
    lifted = {**stated, "status": "inactive"}
    assert st_annes.put(f"/fhir/R4/Consent/{stated['id']}", json=lifted).status_code == 405
    assert st_annes.delete(f"/fhir/R4/Consent/{stated['id']}").status_code == 204  # as of what never was
    tried = ("delete Consent", "ehr-st-annes", "success", "nothing there; nothing deleted")
    assert (*tried, [f"Consent/{stated['id']}"]) in trail()
    assert coordinator.get(f"/fhir/R4/Consent/{stated['id']}").status_code == 200
    assert st_annes.get(address).status_code == 404
    assert northside.get(address).status_code == 200

    # The coordinator can, and in that moment the hospital sees the person again.
    assert coordinator.put(f"/fhir/R4/Consent/{stated['id']}", json=lifted).status_code == 200
    assert st_annes.get(address).status_code == 200


def test_a_denied_agency_keeps_its_grants_and_sees_nothing_of_them(
    gateway: Gateway, coordinator: FlaskClient, knock: Knock
) -> None:
    desk = Desk(gateway)
    numbers = [{"system": ELM_TRUST.system, "value": ELM_TRUST.value}]
    desk.organisations["elm-trust"] = desk.create("organisation", name="Elm", identifiers=numbers).id
    person, other = desk.person(), desk.person()
    referral, another = desk.sent(person=person), desk.sent(person=other)
    elm = knock("agency:elm-trust")
    assert elm.get(f"/api/referrals/{referral}").status_code == 200

    stated = denied(
        coordinator,
        f"Patient/{person}",
        {"reference": f"Organization/{desk.organisations['elm-trust']}"},
    )

    for door, id in [
        ("/fhir/R4/ServiceRequest/{id}", referral),
        ("/fhir/R4/Patient/{id}", person),
        ("/api/referrals/{id}", referral),
        ("/api/people/{id}", person),
    ]:
        answer = said(elm, "GET", door, id)
        assert answer == said(elm, "GET", door, str(uuid4())), door
        assert answer[0] == 404
    for type, kept in (("Patient", other), ("ServiceRequest", another)):
        found = elm.get(f"/fhir/R4/{type}").json or {}
        assert [entry["resource"]["id"] for entry in found["entry"]] == [kept]
    assert len((elm.get("/fhir/R4/Task").json or {})["entry"]) == 1

    lifted = {**stated, "status": "entered-in-error"}
    assert elm.put(f"/fhir/R4/Consent/{stated['id']}", json=lifted).status_code == 403
    assert coordinator.put(f"/fhir/R4/Consent/{stated['id']}", json=lifted).status_code == 200
    assert elm.get(f"/api/referrals/{referral}").status_code == 200
