"""An agency's own system answers a referral by updating its Task, and sees nothing beside it."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.acts.gateway import Gateway
from gateway.care.referral import State
from gateway.care.referral_legs import business_status
from gateway.mapping import Mappings
from gateway.store.database import Database
from tests.unit.acts.agency_town import Desk, gateway_over
from tests.unit.web.conftest import Knock
from tests.unit.web.fhir_api.bundles import done, entry, post, statuses


@pytest.fixture
def gateway(database: Database, mappings: Mappings) -> Gateway:
    return gateway_over(database, mappings)


@pytest.fixture
def desk(gateway: Gateway) -> Desk:
    return Desk(gateway)


@pytest.fixture
def referral(desk: Desk) -> str:
    """A referral, sent to Elm Trust."""
    return desk.sent()


@pytest.fixture
def elm(referral: str, knock: Knock) -> FlaskClient:
    """Elm Trust's own system."""
    return knock("agency:elm-trust")


def _task(agency: FlaskClient) -> tuple[str, dict[str, Any]]:
    found = (agency.get("/fhir/R4/Task?status=requested,received").json or {})["entry"]
    assert len(found) == 1
    return f"/fhir/R4/Task/{found[0]['resource']['id']}", found[0]["resource"]


def test_an_agency_finds_its_task_and_accepts_it(elm: FlaskClient, desk: Desk, referral: str) -> None:
    url, task = _task(elm)
    tag = elm.get(url).headers["ETag"]

    answer = elm.put(url, json=task | {"status": "accepted"}, headers={"If-Match": tag})

    assert answer.status_code == 200, answer.text
    assert (answer.json or {})["status"] == "accepted"
    assert answer.headers["ETag"] != tag
    assert desk.read("referral", referral)["state"] == "accepted"


def test_an_answer_to_an_older_task_is_refused(elm: FlaskClient, desk: Desk, referral: str) -> None:
    url, task = _task(elm)
    body = task | {"status": "accepted"}

    unseen = elm.put(url, json=body)
    stale = elm.put(url, json=body, headers={"If-Match": 'W/"99"'})

    assert [unseen.status_code, stale.status_code] == [428, 412]
    assert desk.read("referral", referral)["state"] == "sent"


@pytest.mark.parametrize(
    "change",
    [
        {"for": {"reference": "Patient/00000000-0000-4000-8000-000000000000"}},
        {"owner": {"display": "somebody else"}},
        {"focus": {"reference": "ServiceRequest/00000000-0000-4000-8000-000000000000"}},
    ],
)
def test_whom_a_referral_is_about_and_who_owns_it_cannot_be_answered(
    elm: FlaskClient, desk: Desk, referral: str, change: dict[str, Any]
) -> None:
    url, task = _task(elm)
    tag = elm.get(url).headers["ETag"]

    answer = elm.put(url, json=task | {"status": "accepted"} | change, headers={"If-Match": tag})

    assert answer.status_code == 422
    assert (answer.json or {})["issue"][0]["code"] == "business-rule"
    assert desk.read("referral", referral)["state"] == "sent"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"status": "acccepted"}, "Task.status"),
        ({"businessStatus": business_status(State.ACCEPTED)}, "Task.businessStatus"),
        ({"status": "accepted", "businessStatus": business_status(State.COMPLETED)}, "Task.businessStatus"),
    ],
)
def test_an_answer_that_would_move_nothing_is_refused_not_taken_silently(
    elm: FlaskClient, desk: Desk, referral: str, change: dict[str, Any], place: str
) -> None:
    url, task = _task(elm)

    answer = elm.put(url, json=task | change, headers={"If-Match": elm.get(url).headers["ETag"]})

    assert answer.status_code == 422, answer.text
    assert (answer.json or {})["issue"][0]["expression"] == [place]
    assert desk.read("referral", referral)["state"] == "sent"


def test_another_agency_finds_no_task_and_cannot_tell_that_there_is_one(
    elm: FlaskClient, knock: Knock, desk: Desk
) -> None:
    url, task = _task(elm)
    desk.organisation("oak-house")
    oak = knock("agency:oak-house")
    missing = url[:-1] + ("0" if url[-1] != "0" else "1")

    assert "entry" not in (oak.get("/fhir/R4/Task").json or {})
    assert [oak.get(one).status_code for one in (url, missing)] == [404, 404]
    tag = {"If-Match": 'W/"1"'}
    puts = [
        oak.put(one, json=task | {"id": one.rpartition("/")[2], "status": "accepted"}, headers=tag)
        for one in (url, missing)
    ]
    assert [put.status_code for put in puts] == [405, 405]


def test_an_agency_is_shown_the_person_it_was_asked_to_help_only(
    elm: FlaskClient, desk: Desk, referral: str
) -> None:
    desk.person()

    found = (elm.get("/fhir/R4/Patient").json or {})["entry"]

    assert [entry["resource"]["id"] for entry in found] == [desk.read("referral", referral)["person"]]


def test_an_agency_answers_in_a_transaction_by_the_same_rules(
    elm: FlaskClient, desk: Desk, referral: str
) -> None:
    url, task = _task(elm)
    path, accepted = url.removeprefix("/fhir/R4/"), task | {"status": "accepted"}
    tag = elm.get(url).headers["ETag"]
    hidden = entry("GET", "Patient/00000000-0000-4000-8000-000000000000")

    unseen = post(elm, "transaction", entry("PUT", path, accepted))
    creating = post(elm, "transaction", entry("POST", "Basic", {"resourceType": "Basic"}))
    failing = post(elm, "transaction", entry("PUT", path, accepted, ifMatch=tag), hidden)
    assert [unseen.status_code, creating.status_code, failing.status_code] == [428, 403, 404]
    assert desk.read("referral", referral)["state"] == "sent"

    answer = post(elm, "transaction", entry("PUT", path, accepted, ifMatch=tag), entry("GET", path))

    assert statuses(answer) == ["200", "200"]
    assert done(answer)[1]["resource"]["status"] == "accepted"
    assert done(answer)[1]["resource"] == elm.get(url).json
    assert desk.read("referral", referral)["state"] == "accepted"
    assert statuses(post(elm, "batch", entry("PUT", path, accepted), hidden)) == ["428", "404"]
