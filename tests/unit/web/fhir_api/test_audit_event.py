"""GET /AuditEvent: the audit's rows for those who account for access, and nothing at all for others."""

from __future__ import annotations

from base64 import b64decode
from typing import Any
from urllib.parse import parse_qs, urlparse
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.acts.gateway import Gateway
from gateway.conformance.typed import shape_issues
from tests.unit.web.conftest import NHS_NUMBER, Knock, Trail, condition, patient

FHIR = "/fhir/R4"
JSON = {"Content-Type": "application/fhir+json"}


@pytest.fixture
def admin(knock: Knock) -> FlaskClient:
    return knock("admin")


def events(answer: TestResponse) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    found = [entry["resource"] for entry in answer.json.get("entry", [])]
    assert all(shape_issues(event) == [] for event in found)
    return found


def said(event: dict[str, Any]) -> str:
    """What was done, in the audit's own words."""
    return str(event["subtype"][-1]["code"])


def codes(event: dict[str, Any]) -> tuple[str, str, str]:
    return event["subtype"][0]["code"], event["action"], event["outcome"]


def of_request(coordinator: FlaskClient, request_id: str) -> list[dict[str, Any]]:
    return events(coordinator.get(f"{FHIR}/AuditEvent?entity:identifier={request_id}"))


def posted(client: FlaskClient, resource: dict[str, Any], **headers: str) -> str:
    made = client.post(f"{FHIR}/{resource['resourceType']}", json=resource, headers={**JSON, **headers})
    assert made.status_code == 201, made.text
    assert made.json is not None
    return str(made.json["id"])


def test_every_interaction_leaves_one_event_that_says_what_it_was(
    st_annes: FlaskClient, coordinator: FlaskClient
) -> None:
    ann = posted(st_annes, patient())
    about = {"subject": {"reference": f"Patient/{ann}"}}
    id = posted(st_annes, condition(**about))
    changed = {**condition(**about), "id": id, "note": [{"text": "again"}]}
    patch = [{"op": "add", "path": "/recorder", "value": {"display": "a nurse"}}]
    as_patch = {"Content-Type": "application/json-patch+json"}
    calls = [
        ("read", "R", f"Condition/{id}/_history/1",
         lambda h: st_annes.get(f"{FHIR}/Condition/{id}", headers=h)),
        ("vread", "R", f"Condition/{id}/_history/1",
         lambda h: st_annes.get(f"{FHIR}/Condition/{id}/_history/1", headers=h)),
        ("search-type", "E", f"Condition/{id}/_history/1",
         lambda h: st_annes.get(f"{FHIR}/Condition?subject=Patient/{ann}", headers=h)),
        ("update", "U", f"Condition/{id}/_history/2",
         lambda h: st_annes.put(f"{FHIR}/Condition/{id}", json=changed, headers={**JSON, **h})),
        ("patch", "U", f"Condition/{id}/_history/3",
         lambda h: st_annes.patch(f"{FHIR}/Condition/{id}", json=patch, headers={**as_patch, **h})),
        ("history-instance", "R", f"Condition/{id}",
         lambda h: st_annes.get(f"{FHIR}/Condition/{id}/_history", headers=h)),
        ("delete", "D", f"Condition/{id}/_history/4",
         lambda h: st_annes.delete(f"{FHIR}/Condition/{id}", headers=h)),
    ]  # fmt: skip
    for interaction, code, reference, call in calls:
        request_id = str(uuid4())
        answer = call({"X-Request-Id": request_id})
        assert answer.status_code < 300, (interaction, answer.text)
        [event] = of_request(coordinator, request_id)
        assert codes(event) == (interaction, code, "0")
        assert event["agent"][0]["altId"] == "ehr/ehr-st-annes"
        assert event["agent"][0]["network"]["address"] == "127.0.0.1"
        named = [it.get("what", {}).get("reference") for it in event["entity"]]
        assert named[0] == f"Patient/{ann}", interaction
        assert reference in [text.partition("/_history")[0] if "history" in interaction else text
                             for text in named if text], interaction  # fmt: skip


def test_a_search_is_kept_as_it_was_asked_and_an_admin_is_not_shown_for_whom(
    st_annes: FlaskClient, coordinator: FlaskClient, admin: FlaskClient
) -> None:
    request_id = str(uuid4())
    st_annes.get(f"{FHIR}/Patient?name=Zo%C3%AB&_count=3", headers={"X-Request-Id": request_id})
    [query] = [it for it in of_request(coordinator, request_id)[0]["entity"] if "query" in it]
    path, _, asked = b64decode(query["query"]).decode().partition("?")
    assert (path, parse_qs(asked)) == ("Patient", {"name": ["Zoë"], "_count": ["3"]})
    [event] = of_request(admin, request_id)
    assert not any("query" in it for it in event["entity"])


def test_a_refusal_is_an_event_with_its_reason_and_what_it_was_about(
    st_annes: FlaskClient, northside: FlaskClient, coordinator: FlaskClient
) -> None:
    id = posted(st_annes, condition())
    request_id = str(uuid4())
    assert northside.get(f"{FHIR}/Condition/{id}", headers={"X-Request-Id": request_id}).status_code == 404
    [event] = of_request(coordinator, request_id)
    assert codes(event) == ("read", "R", "4")
    assert event["outcomeDesc"] == "denied: not-found"
    assert f"Condition/{id}" in [it["what"].get("reference") for it in event["entity"]]


def test_a_write_that_is_undone_leaves_its_refusal_only(
    st_annes: FlaskClient, coordinator: FlaskClient
) -> None:
    request_id = str(uuid4())
    entries = [
        {"resource": condition(), "request": {"method": "POST", "url": "Condition"}},
        {"resource": condition(nonsense=1), "request": {"method": "POST", "url": "Condition"}},
    ]  # fmt: skip
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = st_annes.post(f"{FHIR}/", json=bundle, headers={**JSON, "X-Request-Id": request_id})
    assert answer.status_code == 422, answer.text
    assert [event["outcome"] for event in of_request(coordinator, request_id)] == ["4"]


def test_others_learn_nothing_not_even_whether_there_is_anything(
    st_annes: FlaskClient, knock: Knock, coordinator: FlaskClient
) -> None:
    ann = posted(st_annes, patient())
    known = events(coordinator.get(f"{FHIR}/AuditEvent"))[0]["id"]
    for client in (st_annes, knock("agency:elm-trust")):
        for there, elsewhere in (
            (f"AuditEvent/{known}", "AuditEvent/999999"),
            (f"AuditEvent?patient={ann}", "AuditEvent?patient=nobody"),
            (f"AuditEvent?_id={known}&_summary=count", "AuditEvent?_id=9&_summary=count"),
            (f"?_type=AuditEvent&_id={known}", "?_type=AuditEvent&_id=999999"),
            (f"Patient?_has:AuditEvent:patient:_id={known}", "Patient?_has:AuditEvent:patient:_id=999999"),
            (f"Provenance?target:AuditEvent._id={known}", "Provenance?target:AuditEvent._id=999999"),
        ):
            answers = [client.get(f"{FHIR}/{path}") for path in (there, elsewhere)]
            assert {answer.status_code for answer in answers} <= {400, 403, 404}, there
            texts = [answer.json["issue"][0]["details"] for answer in answers if answer.json]
            assert texts[0] == texts[1], there
    refused = st_annes.get(f"{FHIR}/Patient/{ann}/AuditEvent")
    assert refused.status_code == 403


def test_nobody_writes_it_and_it_has_no_history(coordinator: FlaskClient, admin: FlaskClient) -> None:
    for method, path in (
        ("post", "AuditEvent"),
        ("put", "AuditEvent/1"),
        ("patch", "AuditEvent/1"),
        ("delete", "AuditEvent/1"),
        ("delete", "AuditEvent?action=R"),
        ("get", "AuditEvent/1/_history"),
        ("get", "AuditEvent/1/_history/1"),
        ("get", "AuditEvent/_history"),
    ):
        for client in (coordinator, admin):
            body = {"json": {"resourceType": "AuditEvent"}, "headers": JSON} if method != "get" else {}
            answer = getattr(client, method)(f"{FHIR}/{path}", **body)
            assert answer.status_code == 403, (method, path, answer.text)


def test_an_admin_reads_the_audit_and_no_record(
    st_annes: FlaskClient, admin: FlaskClient, coordinator: FlaskClient
) -> None:
    ann = posted(st_annes, patient())
    seen = events(admin.get(f"{FHIR}/AuditEvent?patient=Patient/{ann}&_include=AuditEvent:patient"))
    assert {event["resourceType"] for event in seen} == {"AuditEvent"}
    assert "create Patient" in [said(event) for event in seen]
    assert admin.get(f"{FHIR}/Patient/{ann}").status_code == 403
    assert events(coordinator.get(f"{FHIR}/AuditEvent?patient.identifier=9990000018")) != []
    assert events(admin.get(f"{FHIR}/AuditEvent?patient.identifier=9990000018")) == []


def test_one_is_read_and_known_again(st_annes: FlaskClient, coordinator: FlaskClient) -> None:
    posted(st_annes, condition())
    [event] = events(coordinator.get(f"{FHIR}/AuditEvent?subtype=create"))
    read = coordinator.get(f"{FHIR}/AuditEvent/{event['id']}")
    assert read.json == event
    assert (read.headers["ETag"], shape_issues(event)) == ('W/"1"', [])
    again = coordinator.get(f"{FHIR}/AuditEvent/{event['id']}", headers={"If-None-Match": 'W/"1"'})
    assert again.status_code == 304
    assert coordinator.get(f"{FHIR}/AuditEvent/{uuid4()}").status_code == 404


def test_looking_is_recorded_too_and_whom_it_was_about(
    st_annes: FlaskClient, coordinator: FlaskClient, trail: Trail
) -> None:
    ann = posted(st_annes, patient())
    coordinator.get(f"{FHIR}/AuditEvent?patient=Patient/{ann}&subtype=create")
    assert trail()[-1][:3] == ("search AuditEvent", "coordinator", "success")
    looks = events(coordinator.get(f"{FHIR}/AuditEvent?patient=Patient/{ann}&agent-name=coordinator"))
    assert [said(event) for event in looks] == ["search AuditEvent"]


def test_a_patients_compartment_holds_the_audit_about_them(
    st_annes: FlaskClient, coordinator: FlaskClient
) -> None:
    number = {"system": NHS_NUMBER, "value": "9990000026"}
    ann, bob = posted(st_annes, patient()), posted(st_annes, patient(identifier=[number]))
    about_ann = events(coordinator.get(f"{FHIR}/Patient/{ann}/AuditEvent?subtype=create+Patient"))
    assert [event["entity"][1]["what"]["reference"] for event in about_ann] == [f"Patient/{ann}/_history/1"]
    assert bob not in str(about_ann)
    everything = coordinator.get(f"{FHIR}/Patient/{ann}/*")
    assert {event["resourceType"] for event in events(everything)} <= {"Patient", "Person"}


def test_posted_searches_and_pages_tell_the_same(st_annes: FlaskClient, coordinator: FlaskClient) -> None:
    for _ in range(5):
        posted(st_annes, condition())
    form = {"subtype": "create", "_sort": "-date", "_count": "2", "_total": "accurate"}
    answer = coordinator.post(f"{FHIR}/AuditEvent/_search", data=form)
    seen, page = list(events(answer)), answer.json or {}
    assert page["total"] == 5
    while following := [it["url"] for it in page["link"] if it["relation"] == "next"]:
        posted(st_annes, condition())  # somebody writes meanwhile
        answer = coordinator.get(f"{FHIR}/AuditEvent?{urlparse(following[0]).query}")
        seen, page = seen + events(answer), answer.json or {}
    assert len(seen) == len({event["id"] for event in seen}) == 5
    assert seen == sorted(seen, key=lambda event: (event["recorded"], int(event["id"])), reverse=True)


def test_includes_bring_what_it_was_about_and_nothing_leads_back(
    st_annes: FlaskClient, coordinator: FlaskClient
) -> None:
    ann = posted(st_annes, patient())
    answer = coordinator.get(f"{FHIR}/AuditEvent?subtype=create&patient={ann}&_include=AuditEvent:patient")
    included = [it["resource"] for it in (answer.json or {})["entry"] if it["search"]["mode"] == "include"]
    assert ("Patient", ann) in [(it["resourceType"], it["id"]) for it in included]
    for refused in (
        "Patient?_revinclude=AuditEvent:entity",
        "Patient?_has:AuditEvent:patient:action=R",
        "Provenance?target:AuditEvent.action=R",
        "?_type=Patient,AuditEvent",
        "AuditEvent?_sort=agent-name",
        "AuditEvent?_content=x",
    ):
        assert coordinator.get(f"{FHIR}/{refused}").status_code == 400, refused


def test_no_search_text_reaches_the_log(
    st_annes: FlaskClient, capsys: pytest.CaptureFixture[str], gateway: Gateway
) -> None:
    st_annes.get(f"{FHIR}/Patient?name=Canary-Quirrel")
    out, err = capsys.readouterr()
    assert "Quirrel" not in out + err
    with gateway.database.transaction(gateway.self_actor) as tx:
        held = tx.connection.exec_driver_sql("SELECT query FROM audit ORDER BY id DESC LIMIT 1").scalar_one()
    assert "Quirrel" in held
