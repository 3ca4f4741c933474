"""Updates, patches and deletions that name their resource by criteria, and many of them at once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from gateway.access.actors import Actor, ActorKind
from gateway.acts.gateway import Gateway
from gateway.store import resources
from tests.unit.web.conftest import Knock, Trail, condition

ALL = "/fhir/R4/Condition"
ONE = f"{ALL}?identifier=urn:example:number|A1"
JSON_PATCH = "application/json-patch+json"
AUTUMN = json.dumps([{"op": "add", "path": "/onsetString", "value": "autumn"}])


def made(client: FlaskClient, **elements: Any) -> str:
    return str((client.post(ALL, json=condition(**elements)).json or {})["id"])


def total(client: FlaskClient) -> int:
    return int((client.get(f"{ALL}?_count=0").json or {})["total"])


def patch(client: FlaskClient, url: str, body: str = AUTUMN) -> TestResponse:
    return client.patch(url, data=body, content_type=JSON_PATCH)


def at_once(app: Flask, client: FlaskClient, many: int, act: Callable[[FlaskClient, int], int]) -> list[int]:
    """The status of each of many requests that are made at the same time, sorted."""

    def one(number: int) -> int:
        another = app.test_client()
        another.environ_base.update(client.environ_base)
        return act(another, number)

    with ThreadPoolExecutor(8) as threads:
        return sorted(threads.map(one, range(many)))


def test_an_update_by_criteria_creates_then_updates(st_annes: FlaskClient, trail: Trail) -> None:
    created = st_annes.put(ONE, json=condition())
    body = json.dumps(condition(onsetString="autumn"))
    updated = st_annes.put(ONE, data=body, content_type="application/fhir+json")
    named = st_annes.put(ONE, json=condition(id=(created.json or {})["id"]))

    assert [it.status_code for it in (created, updated, named)] == [201, 200, 200]
    assert [it.headers["ETag"] for it in (created, updated, named)] == ['W/"1"', 'W/"2"', 'W/"3"']
    assert len({(it.json or {})["id"] for it in (created, updated, named)}) == 1
    assert updated.data.index(b'"id":') < updated.data.index(b'"identifier":')
    assert [it[0] for it in trail()[-3:]] == ["create Condition", "update Condition", "update Condition"]


def test_an_update_by_criteria_keeps_to_the_ids_that_are_ours(st_annes: FlaskClient) -> None:
    unknown = st_annes.put(ONE, json=condition(id=str(uuid4())))
    id = made(st_annes)
    other = st_annes.put(ONE, json=condition(id=str(uuid4())))
    empty = st_annes.put(ONE, json=condition(id=None))

    assert [unknown.status_code, other.status_code] == [405, 400]
    assert empty.status_code in (400, 422)
    assert st_annes.get(f"{ALL}/{id}").headers["ETag"] == 'W/"1"'
    assert total(st_annes) == 1


def test_an_update_by_criteria_honours_if_match(st_annes: FlaskClient) -> None:
    tag = {"If-Match": 'W/"1"'}

    none = st_annes.put(ONE, json=condition(), headers=tag)
    made(st_annes)
    first, late = (st_annes.put(ONE, json=condition(), headers=tag) for _ in range(2))

    assert [it.status_code for it in (none, first, late)] == [412, 200, 412]
    assert total(st_annes) == 1


def test_a_patch_by_criteria(st_annes: FlaskClient) -> None:
    none = patch(st_annes, ONE)
    id = made(st_annes)
    one = patch(st_annes, ONE)

    assert [none.status_code, one.status_code] == [404, 200]
    assert (st_annes.get(f"{ALL}/{id}").json or {})["onsetString"] == "autumn"


def test_a_deletion_by_criteria(st_annes: FlaskClient, trail: Trail) -> None:
    id = made(st_annes)

    one, none = st_annes.delete(ONE), st_annes.delete(ONE)

    assert [(it.status_code, it.data, it.headers.get("ETag")) for it in (one, none)] == [
        (204, b"", 'W/"2"'),
        (204, b"", None),
    ]
    assert st_annes.get(f"{ALL}/{id}").status_code == 410
    assert [it[3:] for it in trail() if it[0] == "delete Condition"] == [
        ("", [f"Condition/{id}"]),
        ("nothing fits; nothing deleted", []),
    ]


def test_several_that_fit_are_refused(st_annes: FlaskClient) -> None:
    for _ in range(2):
        made(st_annes)

    answers = [st_annes.put(ONE, json=condition()), patch(st_annes, ONE), st_annes.delete(ONE)]

    assert [it.status_code for it in answers] == [412, 412, 412]
    assert total(st_annes) == 2


REFUSED = {
    "": 412,
    "?": 412,
    "?_format=json": 412,
    "?identifier=": 400,
    "?identifier=,": 400,
    "?identifier": 400,
    "?cod=x": 400,
    "?identifier=urn:example:number|A1&cod=x": 400,
    "?identifier=urn:example:number|A1&_count=1": 400,
    "?identifier=urn:example:number|A1&_include=Condition:subject": 400,
    "?identifier:above=urn:example:number|A1": 400,
    "?_filter=x": 400,
}


def test_no_criteria_and_unknown_ones_never_mean_everything(st_annes: FlaskClient) -> None:
    made(st_annes)

    for said, status in REFUSED.items():
        address = f"{ALL}{said}"
        answers = [
            st_annes.put(address, json=condition(onsetString="lost")),
            patch(st_annes, address),
            st_annes.delete(address),
        ]
        assert [it.status_code for it in answers] == [status] * 3, said
    assert total(st_annes) == 1
    assert "onsetString" not in str(st_annes.get(ALL).json)


def test_what_others_hold_is_not_found_by_criteria(
    st_annes: FlaskClient, northside: FlaskClient, coordinator: FlaskClient
) -> None:
    id = made(st_annes)

    assert [patch(it, ONE).status_code for it in (northside, coordinator)] == [404, 404]
    assert [it.delete(ONE).status_code for it in (northside, coordinator)] == [204, 204]
    assert northside.put(ONE, json=condition()).status_code == 201
    assert st_annes.get(f"{ALL}/{id}").headers["ETag"] == 'W/"1"'


def test_an_agency_writes_nothing_by_criteria_but_tasks_it_holds(knock: Knock) -> None:
    elm = knock("agency:elm-trust")
    task = {"resourceType": "Task", "status": "accepted", "intent": "order"}
    address = "/fhir/R4/Task?identifier=urn:example:number|A1"

    assert elm.put(ONE, json=condition()).status_code == 403
    assert elm.delete(address).status_code == 403
    assert elm.put(address, json=task).status_code == 403
    assert patch(elm, address).status_code == 404


def test_of_64_creations_under_one_identifier_one_creates(app: Flask, st_annes: FlaskClient) -> None:
    only = {"If-None-Exist": "identifier=urn:example:number|A1"}

    statuses = at_once(
        app, st_annes, 64, lambda client, _: client.post(ALL, json=condition(), headers=only).status_code
    )

    assert statuses == [200] * 63 + [201]
    assert total(st_annes) == 1


def test_of_32_updates_by_criteria_one_creates_and_none_is_lost(app: Flask, st_annes: FlaskClient) -> None:
    statuses = at_once(
        app,
        st_annes,
        32,
        lambda client, number: client.put(ONE, json=condition(onsetString=str(number))).status_code,
    )

    history = st_annes.get(f"{ALL}/{(st_annes.get(ALL).json or {})['entry'][0]['resource']['id']}/_history")
    assert statuses == [200] * 31 + [201]
    assert total(st_annes) == 1
    told = {entry["resource"]["onsetString"] for entry in (history.json or {})["entry"]}
    assert told == {str(number) for number in range(32)}


def test_of_32_updates_of_one_version_one_succeeds(app: Flask, st_annes: FlaskClient) -> None:
    id, tag = made(st_annes), {"If-Match": 'W/"1"'}

    statuses = at_once(
        app,
        st_annes,
        32,
        lambda client, number: (
            client.put(f"{ALL}/{id}", json=condition(id=id, onsetString=str(number)), headers=tag).status_code
        ),
    )

    assert statuses == [200] + [412] * 31
    assert st_annes.get(f"{ALL}/{id}").headers["ETag"] == 'W/"2"'


def test_what_ceases_to_fit_while_it_is_waited_for_is_not_written(
    app: Flask, st_annes: FlaskClient, gateway: Gateway
) -> None:
    id = made(st_annes)
    reference = f"Condition/{id}"
    with ThreadPoolExecutor(3) as threads:
        with gateway.database.transaction(Actor(ActorKind.EHR, "st-annes", "st-annes")) as tx:
            resources.lock(tx, [reference])
            acts: list[Callable[[FlaskClient], TestResponse]] = [
                lambda client: client.delete(ONE),
                lambda client: patch(client, f"{ALL}?identifier=A1"),
            ]
            waiting = [threads.submit(act, another(app, st_annes)) for act in acts]
            wait_for_locks(gateway, len(acts))
            moved = condition(id=id, identifier=[{"system": "urn:example:number", "value": "B2"}])
            resources.update(tx, moved)
        answers = [it.result(30) for it in waiting]

    assert [it.status_code for it in answers] == [204, 404]
    kept = st_annes.get(f"{ALL}/{id}")
    assert (kept.headers["ETag"], (kept.json or {})["identifier"][0]["value"]) == ('W/"2"', "B2")


def another(app: Flask, client: FlaskClient) -> FlaskClient:
    """A client with the same key."""
    made = app.test_client()
    made.environ_base.update(client.environ_base)
    return made


def wait_for_locks(gateway: Gateway, many: int) -> None:
    """Until so many others wait for a row."""
    for _ in range(600):
        with gateway.database.transaction(gateway.self_actor) as tx:
            asked = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if tx.connection.execute(asked).scalar_one() >= many:
                return
        time.sleep(0.05)
    raise AssertionError("nobody waits")


@pytest.mark.parametrize("act", ["patch", "delete"])
def test_many_writes_by_criteria_at_once(app: Flask, st_annes: FlaskClient, act: str) -> None:
    id = made(st_annes)
    add = [{"op": "add", "path": "/identifier/-", "value": {"value": "more"}}]

    def one(client: FlaskClient, _: int) -> int:
        return (patch(client, ONE, json.dumps(add)) if act == "patch" else client.delete(ONE)).status_code

    statuses = at_once(app, st_annes, 16, one)

    assert statuses == [200 if act == "patch" else 204] * 16
    held = st_annes.get(f"{ALL}/{id}")
    if act == "patch":
        assert len((held.json or {})["identifier"]) == 17
    else:
        assert (held.status_code, held.headers.get("ETag")) == (410, None)
