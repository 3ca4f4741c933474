"""The records API over HTTP: who may knock, under which version one writes, what a refusal tells."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.acts.gateway import Gateway
from gateway.store import resources
from tests.unit.web.conftest import ELM_TRUST, Knock, Trail, patient


def create(client: FlaskClient, path: str, **record: Any) -> TestResponse:
    answer: TestResponse = client.post(f"/api/{path}", json=record)
    assert answer.status_code == 201, answer.text
    return answer


def person(client: FlaskClient) -> str:
    made = create(client, "people", names=[{"family": "Example", "given": ["Ada"]}], birth_date="1944")
    return str(made.json["id"])


def goal(client: FlaskClient, **more: Any) -> TestResponse:
    return create(client, "goals", person=person(client), description="Walk", status="active", **more)


def test_nobody_gets_in_without_a_key(nobody: FlaskClient) -> None:
    for method, path in (
        ("GET", "people"),
        ("POST", "goals"),
        ("PUT", "goals/x"),
        ("POST", "referrals/x/send"),
    ):
        answer = nobody.open(f"/api/{path}", method=method, json={})
        assert (answer.status_code, answer.content_type) == (401, "application/problem+json")


def test_a_created_record_can_be_read_where_its_location_says(coordinator: FlaskClient) -> None:
    made = goal(coordinator, targets=[{"measure": "weight", "value": 48, "unit": "kg"}])
    location = made.headers["Location"]
    assert location == f"http://gateway.test/api/goals/{made.json['id']}"
    read = coordinator.get(location.removeprefix("http://gateway.test"))
    assert (read.status_code, read.json, read.headers["ETag"]) == (200, made.json, made.headers["ETag"])


def test_digits_come_back_as_they_were_sent(coordinator: FlaskClient) -> None:
    body = b'{"person": "%s", "description": "Weight", "status": "active",' % person(coordinator).encode()
    body += b' "targets": [{"measure": "weight", "value": 48.50, "unit": "kg"}]}'
    made = coordinator.post("/api/goals", data=body, content_type="application/json")
    assert made.status_code == 201
    assert b'"value":48.50' in coordinator.get(f"/api/goals/{made.json['id']}").data


def test_a_change_needs_the_version_it_was_made_on(coordinator: FlaskClient) -> None:
    made = goal(coordinator)
    address = f"/api/goals/{made.json['id']}"
    etag = made.headers["ETag"]

    for method in ("PUT", "PATCH"):
        assert coordinator.open(address, method=method, json={"status": "completed"}).status_code == 428
    changed = coordinator.patch(address, json={"status": "completed"}, headers={"If-Match": etag})
    assert (changed.status_code, changed.json["status"]) == (200, "completed")
    assert changed.headers["ETag"] != etag
    stale = coordinator.patch(address, json={"status": "active"}, headers={"If-Match": etag})
    assert (stale.status_code, stale.json["code"]) == (412, "conflict")
    assert coordinator.get(address).json["status"] == "completed"


@pytest.mark.parametrize("etag", ["3", "", '"a', "W/", '"a" "b"'])
def test_a_condition_that_cannot_be_read_is_never_ignored(coordinator: FlaskClient, etag: str) -> None:
    made = goal(coordinator)
    answer = coordinator.patch(
        f"/api/goals/{made.json['id']}", json={"status": "completed"}, headers={"If-Match": etag}
    )
    assert answer.status_code == 400


def test_put_replaces_and_what_it_leaves_out_is_gone(coordinator: FlaskClient) -> None:
    made = goal(coordinator, starts_on="2026-03", notes=[{"text": "Slowly"}])
    record = {name: value for name, value in made.json.items() if name != "notes"}
    answer = coordinator.put(
        f"/api/goals/{made.json['id']}", json=record, headers={"If-Match": made.headers["ETag"]}
    )
    assert answer.status_code == 200
    assert "notes" not in answer.json
    assert answer.json["starts_on"] == "2026-03"


def test_a_patched_code_loses_the_display_of_the_code_before_it(coordinator: FlaskClient) -> None:
    code = {"system": "http://snomed.info/sct", "code": "1", "display": "One"}
    made = goal(coordinator, code=code)
    address = f"/api/goals/{made.json['id']}"

    def patched(change: dict[str, str]) -> Any:
        return coordinator.patch(address, json={"code": change}, headers={"If-Match": "*"}).json["code"]

    assert patched({"code": "1"}) == code
    assert patched({"code": "2"}) == {"system": "http://snomed.info/sct", "code": "2"}
    assert patched({"code": "3", "display": "Three"})["display"] == "Three"
    assert coordinator.get(address).json["code"]["code"] == "3"


def test_a_merge_patch_is_read_under_its_own_name(coordinator: FlaskClient) -> None:
    made = goal(coordinator, starts_on="2026-03")
    address, condition = f"/api/goals/{made.json['id']}", {"If-Match": made.headers["ETag"]}
    patch = {"data": b'{"starts_on": null}', "content_type": "application/merge-patch+json"}
    answer = coordinator.patch(address, headers=condition, **patch)
    assert answer.status_code == 200
    assert "starts_on" not in answer.json
    assert coordinator.put(address, headers=condition, **patch).status_code == 415


def test_every_field_at_fault_is_told_at_once_with_what_would_be_right(coordinator: FlaskClient) -> None:
    answer = coordinator.post(
        "/api/goals", json={"descripton": "Walk", "status": "active", "targets": [{"valu": 1}]}
    )
    assert answer.status_code == 422
    told = {issue["expression"]: issue["text"] for issue in answer.json["issues"]}
    assert "did you mean 'description'?" in told["descripton"]
    assert "did you mean 'value'?" in told["targets[0].valu"]
    assert "person" in told


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[]", 400), (b'{"a": 1, "a": 2}', 400), (b'{"a": NaN}', 400), (b"\xff", 400), (b"", 400)],
)
def test_a_body_that_is_no_plain_json_object_is_refused(
    coordinator: FlaskClient, body: bytes, status: int
) -> None:
    answer = coordinator.post("/api/goals", data=body, content_type="application/json")
    assert answer.status_code == status


def test_another_format_is_not_read(coordinator: FlaskClient) -> None:
    answer = coordinator.post("/api/goals", data=b"<goal/>", content_type="application/xml")
    assert answer.status_code == 415


def test_the_same_idempotency_key_gives_the_same_answer(coordinator: FlaskClient, knock: Knock) -> None:
    body = {"person": person(coordinator), "description": "Walk", "status": "active"}
    key = {"Idempotency-Key": "form-17"}
    first = coordinator.post("/api/goals", json=body, headers=key)
    again = coordinator.post("/api/goals", json=body, headers=key)
    assert (again.status_code, again.json, again.headers["ETag"]) == (201, first.json, first.headers["ETag"])
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    other = coordinator.post("/api/goals", json=body | {"description": "Run"}, headers=key)
    assert other.status_code == 422
    bad = coordinator.post("/api/goals", json=body, headers={"Idempotency-Key": "x" * 256})
    assert bad.status_code == 400
    listed = coordinator.get("/api/goals", query_string={"person": body["person"]})
    assert len(listed.json["items"]) == 1


def test_an_answer_that_is_repeated_is_audited_again(coordinator: FlaskClient, trail: Trail) -> None:
    key = {"Idempotency-Key": "form-18"}
    made = [coordinator.post("/api/organisations", json={"name": "Elm"}, headers=key) for _ in range(2)]

    reference = f"Organization/{made[0].json['id']}"
    rows = [(row[0], row[4]) for row in trail() if reference in row[4]]
    assert rows == [("create organisation", [reference]), ("repeat answer", [reference])]


def test_lists_walk_by_cursor_and_refuse_what_they_do_not_know(
    coordinator: FlaskClient, knock: Knock
) -> None:
    made = [person(coordinator) for _ in range(3)]
    first = coordinator.get("/api/people", query_string={"count": 2}).json
    second = coordinator.get("/api/people", query_string={"count": 2, "cursor": first["next"]}).json
    assert [item["id"] for item in first["items"] + second["items"]] == made
    assert second["next"] is None

    other = knock("ehr:st-annes").get("/api/people", query_string={"count": 2, "cursor": first["next"]})
    assert other.status_code == 400
    for query in ({"count": 0}, {"count": "x"}, {"cursor": "abc"}, {"name": "Example"}):
        assert coordinator.get("/api/people", query_string=query).status_code == 400
    assert coordinator.get("/api/referrals", query_string={"state": "lost"}).status_code == 400
    near = coordinator.get("/api/referrals", query_string={"statte": "draft"}).json["detail"]
    assert "did you mean 'state'?" in near


def test_goals_are_listed_by_person_and_status(coordinator: FlaskClient) -> None:
    mine = goal(coordinator).json
    goal(coordinator)
    found = coordinator.get("/api/goals", query_string={"person": mine["person"], "status": "active"}).json
    assert [item["id"] for item in found["items"]] == [mine["id"]]
    done = coordinator.get("/api/goals", query_string={"person": mine["person"], "status": "completed"}).json
    assert done["items"] == []


def test_nothing_clinical_is_deleted(coordinator: FlaskClient) -> None:
    answer = coordinator.delete(f"/api/goals/{goal(coordinator).json['id']}")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) >= {"GET", "PUT", "PATCH"}


def test_a_person_linked_to_two_hospitals_has_one_record(
    coordinator: FlaskClient, st_annes: FlaskClient, northside: FlaskClient
) -> None:
    for hospital in (st_annes, northside):
        answer = hospital.post("/fhir/R4/Patient", json=patient(), content_type="application/fhir+json")
        assert answer.status_code == 201
    [shown] = coordinator.get("/api/people").json["items"]
    assert {link["source"] for link in shown["sources"]} == {"st-annes", "northside"}
    record = coordinator.get(f"/api/people/{shown['id']}/record").json
    assert record["person"]["id"] == shown["id"]
    assert {"source": "northside", "items": 0} in record["sources"]


def test_reading_and_refusing_leave_one_audit_row_each(coordinator: FlaskClient, trail: Trail) -> None:
    made = goal(coordinator).json
    before = len(trail())
    coordinator.get(f"/api/goals/{made['id']}")
    coordinator.patch(f"/api/goals/{made['id']}", json={})
    read, refused = trail()[before:]
    assert (read[0], read[2], read[4]) == ("read goal", "success", [f"Goal/{made['id']}"])
    assert (refused[0], refused[2]) == ("PATCH /api/goals/<string:id>", "failed")
    assert refused[4] == [f"Goal/{made['id']}"]


def test_a_referral_is_moved_by_post_and_refused_with_what_is_possible(coordinator: FlaskClient) -> None:
    identifiers = [{"system": ELM_TRUST.system, "value": ELM_TRUST.value}]
    elm = create(coordinator, "organisations", name="Elm Trust", identifiers=identifiers).json["id"]
    made = create(coordinator, "referrals", person=person(coordinator), service_text="Company")
    address = f"/api/referrals/{made.json['id']}"

    early = coordinator.post(f"{address}/accept")
    assert (early.status_code, early.json["code"]) == (422, "business-rule")
    assert "possible now: send" in early.json["detail"]
    wrong = coordinator.post(f"{address}/send", json={"organization": elm, "outcomes": []})
    assert wrong.status_code == 422
    assert "did you mean 'organisation'?" in wrong.text
    stale = coordinator.post(f"{address}/send", json={"organisation": elm}, headers={"If-Match": '"old"'})
    assert stale.status_code == 412
    sent = coordinator.post(
        f"{address}/send", json={"organisation": elm}, headers={"If-Match": made.headers["ETag"]}
    )
    assert (sent.status_code, sent.json["state"]) == (200, "sent")
    listed = coordinator.get("/api/referrals", query_string={"state": "sent"}).json["items"]
    assert [item["id"] for item in listed] == [made.json["id"]]


@pytest.mark.parametrize("move", ["receive", "expire", "teleport"])
def test_receipts_and_time_are_moves_of_the_gateway_alone(coordinator: FlaskClient, move: str) -> None:
    made = create(coordinator, "referrals", person=person(coordinator), service_text="Company").json["id"]
    assert coordinator.post(f"/api/referrals/{made}/{move}", json={}).status_code == 404


@pytest.mark.parametrize(
    ("path", "record", "missing"),
    [
        ("people", {"languages": [{"preferred": True}]}, "Patient.communication[0].language"),
        ("practitioners", {"qualifications": [{"starts_on": "2020"}]}, "Practitioner.qualification[0].code"),
    ],
)
def test_a_record_cannot_store_a_resource_that_breaks_r4(
    coordinator: FlaskClient, path: str, record: dict[str, Any], missing: str
) -> None:
    sound = {"names": [{"family": "Example"}]}
    made = create(coordinator, path, **sound)
    address, condition = f"/api/{path}/{made.json['id']}", {"If-Match": made.headers["ETag"]}

    answers = [
        coordinator.post(f"/api/{path}", json=sound | record),
        coordinator.put(address, json=made.json | record, headers=condition),
        coordinator.patch(address, json=record, headers=condition),
    ]

    for answer in answers:
        assert (answer.status_code, answer.json["issues"][0]["expression"]) == (422, missing)
    assert coordinator.get(address).headers["ETag"] == made.headers["ETag"]


def test_what_a_source_broke_does_not_stop_another_change(st_annes: FlaskClient, gateway: Gateway) -> None:
    broken = {"resourceType": "Practitioner", "qualification": [{"period": {"start": "2020"}}]}
    with gateway.database.transaction(gateway.self_actor) as tx:
        id = resources.create(tx, broken, source="st-annes").id
    etag = st_annes.get(f"/api/practitioners/{id}").headers["ETag"]

    answer = st_annes.patch(
        f"/api/practitioners/{id}", json={"names": [{"family": "Example"}]}, headers={"If-Match": etag}
    )

    assert answer.status_code == 200, answer.text
