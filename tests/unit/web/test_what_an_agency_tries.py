"""An agency tries every way around what it was granted: abuse cases B-09 to B-15, B-18 and B-20 to B-23.

What it does not see is answered as what is not there, to the byte but for ids and times; and whoever may see
it still does.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.acts.gateway import Gateway
from gateway.app import create_app
from gateway.care.referral import Move
from gateway.mapping import Mappings
from gateway.settings import Settings
from gateway.store.database import Database
from tests.conftest import create_database, drop_database, url_of
from tests.unit.acts.agency_town import COORDINATOR, Desk, gateway_over
from tests.unit.web.conftest import client_of

NOWHERE = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Town:
    """Two agencies, a referral to each, a person of each, and a plan and a document that nobody shared."""

    gateway: Gateway
    desk: Desk
    elm: FlaskClient
    oak: FlaskClient
    coordinator: FlaskClient
    person: str
    referral: str
    their_person: str
    their_referral: str
    plan: str
    document: str

    @property
    def task(self) -> str:
        """The leg of Elm Trust's referral."""
        return str(self.desk.read("referral", self.referral)["legs"][0]["id"])

    @property
    def hidden(self) -> tuple[str, ...]:
        """Addresses of what Elm Trust must not see."""
        leg = self.desk.read("referral", self.their_referral)["legs"][0]["id"]
        return (
            f"Patient/{self.their_person}",
            f"ServiceRequest/{self.their_referral}",
            f"Task/{leg}",
            f"CarePlan/{self.plan}",
            f"Binary/{self.document}",
        )


@pytest.fixture(scope="module")
def town(
    server_url: str, migrated_template: str, mappings: Mappings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    name = f"{migrated_template}_{secrets.token_hex(4)}"
    create_database(server_url, name, template=migrated_template)
    database = Database.connect(url_of(server_url, name), pool_size=5, test_mode=True)
    gateway = gateway_over(database, mappings)
    desk = Desk(gateway)
    settings = Settings.load({"CARE_GATEWAY_VAR": str(tmp_path_factory.mktemp("var"))})
    app: Flask = create_app(settings, gateway)
    person, other = desk.person(), desk.person()
    referral = desk.sent(person=person)
    their_referral = desk.sent("oak-house", person=other)
    plan = desk.create("care_plan", person=person, status="active", intent="plan", title="Private").id
    binary = {"resourceType": "Binary", "contentType": "text/plain", "data": "cHJpdmF0ZQ=="}
    yield Town(
        gateway, desk,
        client_of(app, gateway, "agency:elm-trust"), client_of(app, gateway, "agency:oak-house"),
        client_of(app, gateway, "coordinator"),
        person, referral, other, their_referral, plan, desk.store(COORDINATOR, binary),
    )  # fmt: skip
    database.close()
    drop_database(server_url, name)


def alike(answer: TestResponse) -> tuple[int, str, list[tuple[str, str]]]:
    """An answer without the ids that were asked for, the request's own, and times."""
    ids = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
    headers = sorted(
        pair for pair in answer.headers.to_wsgi_list() if pair[0] not in ("X-Request-Id", "Date")
    )
    return answer.status_code, ids.sub("id", answer.text), headers


def bundle(client: FlaskClient, search: str) -> dict[str, Any]:
    answer = client.get(f"/fhir/R4/{search}")
    assert answer.status_code == 200, answer.text
    return answer.json or {}


def total(client: FlaskClient, search: str) -> int:
    return int(bundle(client, search)["total"])


def test_b_09_what_others_were_asked_is_not_there(town: Town) -> None:
    for address in town.hidden:
        type, _, id = address.partition("/")
        for ask in ("", "?_summary=true", "?_elements=id", "/_history", "/_history/1"):
            for headers in ({}, {"If-None-Match": 'W/"1"'}, {"If-None-Match": "*"}):
                for method in ("GET", "HEAD"):
                    hidden, missing = (
                        town.elm.open(f"/fhir/R4/{type}/{it}{ask}", method=method, headers=headers)
                        for it in (id, NOWHERE)
                    )
                    assert hidden.status_code == 404, (address, ask)
                    assert alike(hidden) == alike(missing)
        assert town.elm.get(f"/fhir/R4/{type}?_id={id}&_summary=count").json["total"] == 0  # type: ignore[index]
        assert town.coordinator.get(f"/fhir/R4/{address}").status_code == 200

    with town.gateway.database.transaction(town.gateway.self_actor) as tx:
        rows = tx.connection.exec_driver_sql(
            "SELECT entities FROM audit WHERE actor_name = 'agency-elm-trust' AND outcome = 'denied'"
        )
        denied = {entity for row in rows for entity in row.entities}
    assert set(town.hidden) <= denied, "the audit knows what was tried"


def test_b_10_a_search_without_limits_finds_what_was_granted(town: Town) -> None:
    for type, id in (("Patient", town.person), ("ServiceRequest", town.referral), ("Task", town.task)):
        found = bundle(town.elm, f"{type}?_total=accurate")
        assert [entry["resource"]["id"] for entry in found["entry"]] == [id]
        assert found["total"] == total(town.elm, f"{type}?_summary=count") == 1
    assert total(town.elm, "CarePlan?_total=accurate") == 0


@pytest.mark.parametrize(
    "include",
    [
        "_include=*", "_include=Task:*", "_include=Task:owner", "_include:iterate=Task:focus",
        "_revinclude=CarePlan:subject", "_revinclude=*", "_include=ServiceRequest:requester",
        "_include:recurse=*", "_include=Task:focus&_include:iterate=ServiceRequest:supporting-info",
    ],
)  # fmt: skip
def test_b_11_no_include_leads_further(town: Town, include: str) -> None:
    answer = town.elm.get(f"/fhir/R4/Task?{include}")

    if answer.status_code == 200:  # a served include, which shows what the agency sees anyway
        assert include == "_include:iterate=Task:focus"
        shown = {entry["resource"]["id"] for entry in (answer.json or {})["entry"]}
        assert shown == {town.task, town.referral}
    else:
        assert answer.status_code == 400
        assert (answer.json or {})["issue"][0]["code"] in ("not-supported", "invalid")


@pytest.mark.parametrize(
    "query",
    [
        "Patient?_has:CarePlan:patient:status=active", "Patient?_has:Task:patient:_has:Task:focus:status=x",
        "Task?patient.name=x", "Task?focus:ServiceRequest.subject:Patient.family=x", "Task?owner.name=x",
        "Patient?_filter=x", "Patient?_query=x", "Patient?_text=x", "Patient?_content=x",
        "Observation?code-value-quantity=x$5", f"Patient?_list={NOWHERE}", "Patient?identifier:missing=true",
        "Patient?identifier:not=x", "Patient?_tag=x", "Patient?_security=x", "Patient?_source=x",
    ],
)  # fmt: skip
def test_b_12_nothing_is_searched_by_a_join(town: Town, query: str) -> None:
    answer = town.elm.get(f"/fhir/R4/{query}")

    assert answer.status_code in (400, 403)
    assert (answer.json or {})["issue"][0]["code"] in ("not-supported", "forbidden")


@pytest.mark.parametrize(
    "query",
    ["Patient?general-practitioner=x", "Patient?link=x", "Patient?organization=x", "Patient?deceased=true",
     "Patient?address=x", "Patient?_sort=link", "Patient?_sort=address", "ServiceRequest?encounter=x",
     "Task?_sort=owner&group-identifier=x", "ServiceRequest?_sort=encounter"],
)  # fmt: skip
def test_b_13_what_its_view_leaves_out_is_neither_searched_nor_sorted_by(town: Town, query: str) -> None:
    assert town.elm.get(f"/fhir/R4/{query}").status_code == 400


def test_b_14_a_page_token_is_good_for_one_agency_while_it_is_granted(town: Town) -> None:
    more = town.desk.sent(person=town.person)
    page = bundle(town.elm, "Task?_count=1")
    following = next(link["url"] for link in page["link"] if link["relation"] == "next")
    address = "/fhir/R4/Task?" + following.partition("?")[2]
    place = address.index("=") + 12
    edited = address[:place] + ("A" if address[place] != "A" else "B") + address[place + 1 :]

    assert town.elm.get(edited).status_code == 400
    assert town.oak.get(address).status_code == 400
    assert town.coordinator.get(address).status_code == 400
    assert town.elm.get(address.replace("Task", "ServiceRequest")).status_code == 400
    assert len((town.elm.get(address).json or {})["entry"]) == 1
    town.desk.move(more, Move.DECLINE, town.desk.agency("elm-trust"), reason_text="full")
    ended = town.elm.get(address)
    assert ended.status_code == 200
    assert "entry" not in (ended.json or {}), "the rows are asked for again on each page"


def test_b_15_no_condition_tells_of_what_is_hidden(town: Town) -> None:
    for type, id in (address.split("/") for address in town.hidden):
        body = {"resourceType": type}
        for found in (id, NOWHERE):
            created = town.elm.post(f"/fhir/R4/{type}", json=body, headers={"If-None-Exist": f"_id={found}"})
            assert created.status_code == 403, "agencies create nothing, whatever the condition"
            assert town.elm.delete(f"/fhir/R4/{type}?_id={found}").status_code == 403
        if type == "Task":
            tag = {"If-Match": 'W/"1"'}
            asked = [
                town.elm.put(f"/fhir/R4/Task?_id={found}", json=body, headers=tag) for found in (id, NOWHERE)
            ]
            assert alike(asked[0]) == alike(asked[1])
            assert asked[0].status_code >= 400


@pytest.mark.parametrize(
    "reference",
    ["CarePlan/{plan}", "Patient/{their_person}", "Binary/{document}", f"Goal/{NOWHERE}", "#x",
     "CarePlan/{plan}/_history/1", "https://evil.example/fhir/Procedure/1", "urn:uuid:" + NOWHERE,
     "https://care.example/fhir/R4/CarePlan/{plan}"],
)  # fmt: skip
def test_b_18_an_answer_refers_to_nothing_that_its_agency_does_not_see(town: Town, reference: str) -> None:
    read = town.elm.get(f"/fhir/R4/Task/{town.task}")
    told = reference.format(plan=town.plan, their_person=town.their_person, document=town.document)
    output = {"type": {"text": "evidence"}, "valueReference": {"reference": told}}

    answer = town.elm.put(
        f"/fhir/R4/Task/{town.task}",
        json={**(read.json or {}), "status": "accepted", "output": [output]},
        headers={"If-Match": read.headers["ETag"]},
    )

    assert answer.status_code == 422, answer.text
    assert town.plan not in answer.text
    assert town.elm.get(f"/fhir/R4/Task/{town.task}").headers["ETag"] == read.headers["ETag"]


def test_b_20_versions_from_before_the_grant_are_not_there(town: Town) -> None:
    person = town.desk.person()
    address = f"/fhir/R4/Patient/{person}"
    current = town.coordinator.get(address).json or {}
    changed = town.coordinator.put(address, json={**current, "gender": "other"})
    assert changed.status_code == 200, changed.text
    town.desk.sent(person=person)

    assert [town.elm.get(f"{address}/_history/{version}").status_code for version in (1, 2)] == [404, 200]
    told = town.elm.get(f"{address}/_history").json or {}
    assert [entry["response"]["etag"] for entry in told["entry"]] == ['W/"2"']
    of_type = (town.elm.get("/fhir/R4/Patient/_history").json or {}).get("entry", [])
    assert [it["response"]["etag"] for it in of_type if person in it["fullUrl"]] == ['W/"2"']
    assert not [it for it in of_type if town.their_person in it["fullUrl"]]


@pytest.mark.parametrize(
    "operation",
    ["Patient/{id}/$everything", "Patient/$everything", "$export", "Patient/$export", "Group/x/$export",
     "$graphql?query=x", "Patient/{id}/$graphql",
     "Patient/$validate?profile=https://evil.example", "Patient/$match",
     "$meta", "Patient/{id}/$meta", "$process-message", "ValueSet/$expand", "Patient/{id}/$lastn"],
)  # fmt: skip
def test_b_21_no_operation_is_offered(town: Town, operation: str) -> None:
    address = f"/fhir/R4/{operation.format(id=town.person)}"
    for client in (town.elm, town.coordinator):
        for method in ("GET", "POST"):
            answer = client.open(address, method=method, json={"resourceType": "Parameters"})
            assert answer.status_code in (404, 405), (method, answer.text)
            assert (answer.json or {})["resourceType"] == "OperationOutcome"


def test_b_22_a_document_is_not_read_by_guessing(town: Town) -> None:
    for accept in ("application/fhir+json", "text/plain", "*/*"):
        answers = [
            town.elm.get(f"/fhir/R4/Binary/{id}", headers={"Accept": accept})
            for id in (town.document, NOWHERE)
        ]
        assert answers[0].status_code == 404
        assert alike(answers[0]) == alike(answers[1])
        assert "cHJpdmF0ZQ" not in answers[0].text
        assert "private" not in answers[0].text
    assert town.coordinator.get(f"/fhir/R4/Binary/{town.document}").status_code == 200


@pytest.mark.parametrize("way", ["declined", "re-routed", "cancelled"])
def test_b_23_who_goes_on_asking_after_the_end_is_told_nothing(town: Town, way: str) -> None:
    person = town.desk.person()
    referral = town.desk.sent(person=person)
    leg = town.desk.read("referral", referral)["legs"][0]["id"]
    addresses = [f"Patient/{person}", f"ServiceRequest/{referral}", f"Task/{leg}"]
    assert {town.elm.get(f"/fhir/R4/{address}").status_code for address in addresses} == {200}

    elm = town.desk.agency("elm-trust")
    match way:
        case "declined":
            town.desk.move(referral, Move.DECLINE, elm, reason_text="full")
        case "re-routed":
            town.desk.move(referral, Move.REASSIGN, organisation=town.desk.organisation("oak-house"))
        case _:
            town.desk.move(referral, Move.CANCEL, reason_text="no longer wanted")
            if town.desk.read("referral", referral)["state"] != "cancelled":  # a recall is a request
                town.desk.move(referral, Move.CANCEL, elm, reason_text="agreed")

    for address in addresses:
        type, _, id = address.partition("/")
        for ask in ("", "/_history", "/_history/1"):
            ended, never = (town.elm.get(f"/fhir/R4/{type}/{it}{ask}") for it in (id, NOWHERE))
            assert ended.status_code == 404, (way, address, ask)
            assert alike(ended) == alike(never)
        assert total(town.elm, f"{type}?_id={id}&_summary=count") == 0
    assert town.coordinator.get(f"/fhir/R4/Patient/{person}").status_code == 200
