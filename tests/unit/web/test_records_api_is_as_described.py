"""A stranger reads /api/openapi.json and sends what it allows, and some that it does not.

Whatever is sent, the answer is one that the description announces, in its form; never a 5xx.
"""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.unit.web.conftest import ELM_TRUST, Knock
from tests.unit.web.openapi_reading import Spec, misfits, operations, resolved, values

ROUNDS: Final = 12  # of every operation
_BROKEN: Final = ("", "{", "[]", '"x"', '{"a":1,"a":2}', "[" * 100, "\ufeff{}")
_ETAGS: Final = ("*", '"x"', 'W/"1"', "x", "")


@pytest.fixture
def spec(nobody: FlaskClient) -> Spec:
    found: Spec = nobody.get("/api/openapi.json").json
    return found


@pytest.fixture
def ids(coordinator: FlaskClient, st_annes: FlaskClient) -> dict[str, str]:
    """One record of each kind, by its path."""
    organisation = {"system": ELM_TRUST.system, "value": ELM_TRUST.value}
    patient = {"resourceType": "Patient", "name": [{"family": "Story"}]}
    assert st_annes.post("/fhir/R4/Patient", json=patient).status_code == 201
    person = coordinator.get("/api/people").json["items"][0]["id"]
    made = {
        "organisations": {"name": "Elm Trust", "identifiers": [organisation]},
        "practitioners": {"names": [{"family": "Story"}]},
        "contacts": {"person": person, "name": {"text": "Ngozi"}, "lead_carer": True},
        "appointments": {
            "status": "proposed",
            "participants": [{"who": f"Patient/{person}", "status": "needs-action"}],
        },
        "visits": {"person": person, "status": "planned"},
        "notes": {"person": person, "text": "She called"},
        "consents": {"person": person, "status": "active", "decision": "permit"},
        "needs": {"person": person, "text": "Lonely", "clinical_status": "active"},
        "goals": {"person": person, "description": "Walk", "status": "active"},
        "care-plans": {
            "person": person,
            "status": "active",
            "intent": "plan",
            "goals": [{"description": "Eat", "status": "active"}],
        },
        "care-teams": {"person": person, "name": "Team"},
        "referrals": {"person": person, "service_text": "Meals"},
    }
    found = {"people": person}
    for path, record in made.items():
        answer = coordinator.post(f"/api/{path}", json=record)
        assert answer.status_code == 201, answer.text
        found[path] = answer.json["id"]
    return found


def test_every_answer_is_one_that_the_description_announces(
    spec: Spec, ids: dict[str, str], coordinator: FlaskClient, st_annes: FlaskClient, knock: Knock
) -> None:
    clients = (coordinator, coordinator, coordinator, st_annes, knock("agency:elm-trust"), knock("admin"))
    seen: set[tuple[str, str, int]] = set()
    for method, path, operation in operations(spec):
        _try_out(spec, ids, clients, seen, method, path, operation)
    # Vacuous when nothing is ever accepted: every operation without a condition of its own was.
    accepted = {(method, path) for method, path, status in seen if status < 300}
    for method, path, _ in operations(spec):
        if not path.startswith("/api/referrals/{id}/"):
            assert (method, path) in accepted


def _try_out(
    spec: Spec,
    ids: dict[str, str],
    clients: tuple[FlaskClient, ...],
    seen: set[tuple[str, str, int]],
    method: str,
    path: str,
    operation: Any,
) -> None:
    @settings(
        max_examples=ROUNDS,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
    )
    @given(data=st.data())
    def send(data: st.DataObject) -> None:
        client = data.draw(st.sampled_from(clients))
        answer = _sent(spec, ids, client, data, method, path, operation)
        seen.add((method, path, answer.status_code))
        _refuse_surprise(spec, operation, answer, f"{method} {path}")

    send()
    if (method, path) not in {(m, p) for m, p, status in seen if status < 300}:
        _send_back_what_is_there(spec, ids, clients[0], seen, method, path, operation)


def _sent(
    spec: Spec,
    ids: dict[str, str],
    client: FlaskClient,
    data: st.DataObject,
    method: str,
    path: str,
    operation: Any,
) -> TestResponse:
    own = ids[path.split("/")[2]]
    id = data.draw(st.sampled_from((own, own, own, "nope", *ids.values())))
    address = path.replace("{id}", id)
    query, headers = {}, {}
    for parameter in operation["parameters"]:
        where = parameter["in"]
        if where == "query" and data.draw(st.integers(0, 3)) == 0:
            query[parameter["name"]] = data.draw(values(spec, parameter["schema"], (own, *ids.values())))
        if where == "header" and data.draw(st.integers(0, 5)) > 0:
            etag = client.get(address).headers.get("ETag", "*") if parameter["name"] == "If-Match" else "k-1"
            headers[parameter["name"]] = data.draw(st.sampled_from((etag, etag, etag, *_ETAGS)))
    body: dict[str, Any] = {}
    if content := operation.get("requestBody", {}).get("content"):
        media = data.draw(st.sampled_from((*content, *content, *content, "text/plain")))
        described = content.get(media, next(iter(content.values())))["schema"]
        if method == "patch":  # a patch is described as any object; its fields are those of the record
            described = operation["responses"]["200"]["content"]["application/json"]["schema"]
        if data.draw(st.integers(0, 7)) == 0:
            body = {"data": data.draw(st.sampled_from(_BROKEN)).encode(), "content_type": media}
        else:
            value = data.draw(values(spec, described, tuple(ids.values())))
            body = {"json": value, "content_type": media}
    return client.open(address, method=method.upper(), query_string=query, headers=headers, **body)


def _send_back_what_is_there(
    spec: Spec,
    ids: dict[str, str],
    client: FlaskClient,
    seen: set[tuple[str, str, int]],
    method: str,
    path: str,
    operation: Any,
) -> None:
    """The one request of each kind that must be accepted: what was read, sent back; or sent as new."""
    base = path.removesuffix("/{id}")
    address = path.replace("{id}", ids[path.split("/")[2]])
    read = client.get(f"{base}/{ids[path.split('/')[2]]}")
    if base.count("/") > 2 or read.status_code != 200:
        return
    record = dict(read.json)
    if method == "post":
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        known = resolved(spec, schema)["properties"]
        unwanted = {name for name in known if known[name].get("readOnly")} | {"goals", "legs"}
        record = {name: value for name, value in record.items() if name not in unwanted}
        record.pop("reference_number", None)
    sent = {} if method == "get" else {"json": record}
    answer = client.open(address, method=method.upper(), headers={"If-Match": read.headers["ETag"]}, **sent)
    seen.add((method, path, answer.status_code))
    _refuse_surprise(spec, operation, answer, f"{method} {path}")


def _refuse_surprise(spec: Spec, operation: Any, answer: TestResponse, name: str) -> None:
    assert answer.status_code < 500, f"{name}: {answer.text}"
    described = operation["responses"].get(str(answer.status_code))
    assert described is not None, (
        f"{name} answered {answer.status_code}, which is not described: {answer.text}"
    )
    content = described["content"]
    assert answer.mimetype in content, f"{name}: {answer.mimetype}"
    found = list(misfits(spec, content[answer.mimetype]["schema"], answer.json))
    assert not found, f"{name} {answer.status_code}: {found}"
    if answer.status_code == 422:
        for issue in answer.json["issues"]:
            assert issue["text"]
            assert not re.match(r"[A-Z]\w+ data for required field|Unknown field", issue["text"]), issue


def test_a_stranger_without_a_key_is_told_so_everywhere(spec: Spec, nobody: FlaskClient) -> None:
    for method, path, operation in operations(spec):
        answer = nobody.open(path.replace("{id}", "nope"), method=method.upper())
        assert answer.status_code == 401
        _refuse_surprise(spec, operation, answer, f"{method} {path}")


def test_a_referral_that_lived_reads_as_described(
    spec: Spec, ids: dict[str, str], coordinator: FlaskClient
) -> None:
    address = f"/api/referrals/{ids['referrals']}"
    appointment = {"starts_at": "2027-01-04T10:00:00Z", "ends_at": "2027-01-04T11:00:00Z"}
    moves: tuple[tuple[str, dict[str, Any]], ...] = (
        ("send", {"organisation": ids["organisations"]}),
        ("accept", {"by": "Somebody on the telephone"}),
        ("schedule", {"appointment": appointment}),
        ("no-show", {"reason_text": "Nobody at home"}),
        ("start", {}),
        ("complete", {"outcomes": [{"kind": "resolved", "text": "Meals begin on Monday"}]}),
    )
    for move, body in moves:
        answer = coordinator.post(f"{address}/{move}", json=body)
        assert answer.status_code == 200, answer.text
        _refuse_surprise(spec, spec["paths"][f"/api/referrals/{{id}}/{move}"]["post"], answer, move)
    assert [event["move"] for event in answer.json["events"]] == [move for move, _ in moves]
