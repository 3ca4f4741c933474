"""Updating and deleting resources over the FHIR API, and the history they leave."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from tests.unit.web.conftest import PUBLIC_URL, Knock, Trail, condition, patient


@pytest.fixture
def id(st_annes: FlaskClient) -> str:
    """A Condition of St Anne's at version 1."""
    return str((st_annes.post("/fhir/R4/Condition", json=condition()).json or {})["id"])


def test_an_update_makes_the_next_version(st_annes: FlaskClient, id: str, trail: Trail) -> None:
    answer = st_annes.put(f"/fhir/R4/Condition/{id}", json=condition(id=id, onsetString="spring"))

    assert answer.status_code == 200
    assert answer.headers["ETag"] == 'W/"2"'
    assert answer.headers["Location"] == f"{PUBLIC_URL}/fhir/R4/Condition/{id}/_history/2"
    assert (answer.json or {})["onsetString"] == "spring"
    assert trail()[-1] == ("update Condition", "ehr-st-annes", "success", "", [f"Condition/{id}"])


def test_a_stale_version_is_refused(st_annes: FlaskClient, id: str) -> None:
    url, body = f"/fhir/R4/Condition/{id}", condition(id=id)
    first = st_annes.put(url, json=body, headers={"If-Match": 'W/"1"'})
    late = st_annes.put(url, json=body, headers={"If-Match": 'W/"1"'})

    assert [first.status_code, late.status_code] == [200, 412]
    assert st_annes.get(url).headers["ETag"] == 'W/"2"'


@pytest.mark.parametrize("tag", ['W/"1", W/"2"', "1", ""])
def test_a_condition_that_is_not_understood_is_never_ignored(
    st_annes: FlaskClient, id: str, tag: str
) -> None:
    answer = st_annes.put(f"/fhir/R4/Condition/{id}", json=condition(id=id), headers={"If-Match": tag})

    assert answer.status_code == 400


@pytest.mark.parametrize("stated", [{}, {"id": "another"}])
def test_the_body_must_carry_the_id_of_the_address(
    st_annes: FlaskClient, id: str, stated: dict[str, Any]
) -> None:
    answer = st_annes.put(f"/fhir/R4/Condition/{id}", json=condition(**stated))

    assert answer.status_code == 400
    assert (answer.json or {})["issue"][0]["expression"] == ["Condition.id"]


def test_an_id_that_is_hidden_and_one_that_never_was_are_answered_alike(
    northside: FlaskClient, id: str
) -> None:
    request_id = {"X-Request-Id": str(uuid4())}
    answers = [
        northside.put(f"/fhir/R4/Condition/{one}", json=condition(id=one), headers=request_id)
        for one in (id, str(uuid4()), "not-one-of-ours")
    ]

    assert {answer.status_code for answer in answers} == {405}
    assert len({answer.data for answer in answers}) == 1
    assert all(answer.headers["Allow"] == "GET, HEAD" for answer in answers)


def test_a_patient_of_another_source_is_read_only(st_annes: FlaskClient, northside: FlaskClient) -> None:
    hers = (st_annes.post("/fhir/R4/Patient", json=patient()).json or {})["id"]
    northside.post("/fhir/R4/Patient", json=patient())

    assert northside.get(f"/fhir/R4/Patient/{hers}").status_code == 200
    assert northside.put(f"/fhir/R4/Patient/{hers}", json=patient(id=hers)).status_code == 403


def test_an_agency_must_say_which_task_it_answers(knock: Knock) -> None:
    id = str(uuid4())

    answer = knock("agency:elm-trust").put(
        f"/fhir/R4/Task/{id}",
        json={"resourceType": "Task", "id": id, "status": "accepted", "intent": "order"},
    )

    assert answer.status_code == 428


def test_an_agency_changes_nothing_but_tasks(knock: Knock, id: str) -> None:
    answer = knock("agency:elm-trust").put(f"/fhir/R4/Condition/{id}", json=condition(id=id))

    assert answer.status_code == 403
    assert (answer.json or {})["issue"][0]["code"] == "forbidden"


def test_a_deleted_resource_is_gone_and_its_history_remains(
    st_annes: FlaskClient, id: str, trail: Trail
) -> None:
    url = f"/fhir/R4/Condition/{id}"

    first, second = st_annes.delete(url), st_annes.delete(url)

    assert [first.status_code, second.status_code] == [204, 204]
    assert first.headers["ETag"] == second.headers["ETag"] == 'W/"2"'
    assert st_annes.get(url).status_code == 410
    assert st_annes.get(f"{url}/_history").status_code == 200
    assert ("delete Condition", "ehr-st-annes", "success", "", [f"Condition/{id}"]) in trail()


def test_a_deletion_honours_if_match(st_annes: FlaskClient, id: str) -> None:
    assert st_annes.delete(f"/fhir/R4/Condition/{id}", headers={"If-Match": 'W/"7"'}).status_code == 412
    assert st_annes.get(f"/fhir/R4/Condition/{id}").status_code == 200


def test_hidden_and_missing_are_deleted_alike(st_annes: FlaskClient, northside: FlaskClient, id: str) -> None:
    for other in (id, uuid4(), "nothing-of-ours"):
        assert northside.delete(f"/fhir/R4/Condition/{other}").status_code == 204
        conditional = northside.delete(f"/fhir/R4/Condition/{other}", headers={"If-Match": 'W/"1"'})
        assert conditional.status_code == 404
    assert st_annes.get(f"/fhir/R4/Condition/{id}").status_code == 200


def test_an_update_brings_a_deleted_resource_back(st_annes: FlaskClient, id: str) -> None:
    st_annes.delete(f"/fhir/R4/Condition/{id}")

    back = st_annes.put(f"/fhir/R4/Condition/{id}", json=condition(id=id))

    assert (back.status_code, back.headers["ETag"]) == (201, 'W/"3"')
    assert st_annes.get(f"/fhir/R4/Condition/{id}").status_code == 200


def test_a_history_tells_every_version_newest_first(st_annes: FlaskClient, id: str) -> None:
    st_annes.put(f"/fhir/R4/Condition/{id}", json=condition(id=id, onsetString="spring"))
    st_annes.delete(f"/fhir/R4/Condition/{id}")

    history = st_annes.get(f"/fhir/R4/Condition/{id}/_history").json or {}

    assert history["type"] == "history"
    assert [entry["request"] for entry in history["entry"]] == [
        {"method": "DELETE", "url": f"Condition/{id}"},
        {"method": "PUT", "url": f"Condition/{id}"},
        {"method": "POST", "url": "Condition"},
    ]
    assert [entry["response"]["etag"] for entry in history["entry"]] == ['W/"3"', 'W/"2"', 'W/"1"']
    assert ["resource" in entry for entry in history["entry"]] == [False, True, True]
    assert {entry["fullUrl"] for entry in history["entry"]} == {f"{PUBLIC_URL}/fhir/R4/Condition/{id}"}


def test_a_history_is_paged_without_gap_or_repeat(st_annes: FlaskClient, id: str) -> None:
    for number in range(6):
        st_annes.put(f"/fhir/R4/Condition/{id}", json=condition(id=id, onsetString=str(number)))

    pages = list(_pages(st_annes, f"/fhir/R4/Condition/{id}/_history?_count=3"))

    assert [len(page["entry"]) for page in pages] == [3, 3, 1]
    versions = [entry["resource"]["meta"]["versionId"] for page in pages for entry in page["entry"]]
    assert versions == ["7", "6", "5", "4", "3", "2", "1"]


def test_a_history_refuses_what_it_does_not_serve(st_annes: FlaskClient, id: str) -> None:
    assert st_annes.get(f"/fhir/R4/Condition/{id}/_history?_since=soon").status_code == 400
    assert st_annes.get(f"/fhir/R4/Condition/{id}/_history?_count=none").status_code == 400
    assert st_annes.get(f"/fhir/R4/Condition/{uuid4()}/_history").status_code == 404


def _pages(client: FlaskClient, url: str | None) -> Iterator[dict[str, Any]]:
    while url:
        page = client.get(url).json or {}
        yield page
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        url = following[0].removeprefix(PUBLIC_URL) if following else None
