"""Whatever a transaction asks for: when one of its entries is refused, the database is as it was.

Random Bundles of creations, updates, deletions, patches and conditional ones over a few resources, with links
between them, and one entry somewhere that cannot be carried out. Every table is compared, byte for byte, but
the audit, in which nothing but the refusal turns up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.access.actors import Actor, ActorKind
from gateway.acts.gateway import Gateway
from gateway.app import create_app
from gateway.mapping import Mappings
from gateway.settings import Settings
from gateway.store import clients
from gateway.store.database import Database
from tests.conftest import create_database, drop_database, url_of
from tests.unit.web.fhir_api.bundles import BASE, Entry, entry, everything, post

SYSTEM = "urn:example:number"
VALUES = ("a", "b", "c", "d")
URNS = [f"urn:uuid:00000000-0000-4000-8000-00000000000{n}" for n in range(6)]


@pytest.fixture(scope="module")
def database(server_url: str, migrated_template: str) -> Iterator[Database]:
    name = f"{migrated_template}_transactions"
    create_database(server_url, name, template=migrated_template)
    opened = Database.connect(url_of(server_url, name), pool_size=2)
    yield opened
    opened.close()
    drop_database(server_url, name)


@pytest.fixture(scope="module")
def hospital(database: Database, tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """An EHR that holds a Condition for each of the first values, and has deleted one."""
    gateway = Gateway(database, Mappings.load(), {}, Actor.gateway(), "http://gateway.test")
    environ = {
        "CARE_GATEWAY_VAR": str(tmp_path_factory.mktemp("var")),
        "CARE_GATEWAY_PUBLIC_URL": "http://gateway.test",
    }
    with database.transaction(gateway.self_actor) as tx:
        key = clients.add(tx, "ehr", ActorKind.EHR, "st-annes")
    client = create_app(Settings.load(environ), gateway).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    return client


@pytest.fixture(scope="module")
def held(hospital: FlaskClient) -> list[dict[str, Any]]:
    made = [hospital.post(f"{BASE}/Condition", json=condition(value)).json or {} for value in VALUES[:3]]
    assert hospital.delete(f"{BASE}/Condition/{made[2]['id']}").status_code == 204
    return made


def condition(value: str, link: str = "Patient/x") -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "identifier": [{"system": SYSTEM, "value": value}],
        "subject": {"reference": link},
    }


def patch(value: str) -> dict[str, Any]:
    parts = [
        {"name": "type", "valueCode": "add"},
        {"name": "path", "valueString": "Condition"},
        {"name": "name", "valueString": "onset"},
        {"name": "value", "valueString": value},
    ]
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}


@st.composite
def sound(draw: st.DrawFn, ids: list[str]) -> Entry:
    """An entry that could be carried out in the right company."""
    value, id = draw(st.sampled_from(VALUES)), draw(st.sampled_from(ids))
    link = draw(st.sampled_from(["Patient/x", f"Condition?identifier={SYSTEM}|{value}", *URNS]))
    criteria = f"identifier={SYSTEM}|{draw(st.sampled_from(VALUES))}"
    full_url = draw(st.sampled_from(URNS))
    match draw(st.integers(0, 8)):
        case 0:
            return entry("POST", "Condition", condition(value, link), full_url=full_url)
        case 1:
            return entry("POST", "Condition", condition(value, link), full_url=full_url, ifNoneExist=criteria)
        case 2:
            return entry("PUT", f"Condition/{id}", {**condition(value, link), "id": id}, full_url=full_url)
        case 3:
            return entry("PUT", f"Condition?{criteria}", condition(value, link), full_url=full_url)
        case 4:
            return entry("DELETE", f"Condition/{id}")
        case 5:
            return entry("DELETE", f"Condition?{criteria}")
        case 6:
            return entry("PATCH", f"Condition/{id}", patch(value))
        case 7:
            return entry("GET", f"Condition?{criteria}")
        case _:
            return entry("POST", "Patient", {"resourceType": "Patient"}, full_url=full_url)


def impossible() -> st.SearchStrategy[Entry]:
    """An entry that is refused in any company, each at another stage."""
    nobody = "00000000-0000-4000-8000-000000000000"
    return st.sampled_from(
        [
            entry("POST", "Condition", {"resourceType": "Condition"}),
            entry("POST", "Condition", condition("a", "urn:uuid:11111111-0000-4000-8000-000000000000")),
            entry("POST", "Condition", condition("a", f"Patient?identifier={SYSTEM}|nobody")),
            entry("PUT", f"Condition/{nobody}", {**condition("a"), "id": nobody}),
            entry("PATCH", f"Condition/{nobody}", patch("a")),
            entry("GET", f"Condition/{nobody}"),
            entry("GET", "Condition?recorded-date=never"),
            entry("GET", f"Condition/{nobody}#x"),
            entry("POST", "Elephant", {"resourceType": "Elephant"}),
        ]
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_refused_transaction_leaves_the_database_as_it_was(
    hospital: FlaskClient, database: Database, held: list[dict[str, Any]], data: st.DataObject
) -> None:
    entries = data.draw(st.lists(sound([it["id"] for it in held]), max_size=6))
    entries.insert(data.draw(st.integers(0, len(entries))), data.draw(impossible()))
    before, rows = everything(database), audited(database)

    answer = post(hospital, "transaction", *entries)

    assert 400 <= answer.status_code < 500, answer.text
    places = [it["expression"][0] for it in (answer.json or {})["issue"]]
    assert all(place.startswith("Bundle.entry[") for place in places)
    assert everything(database) == before
    assert audited(database)[len(rows) :] == [("transaction", "denied")] or audited(database)[
        len(rows) :
    ] == [("transaction", "failed")]


def audited(database: Database) -> list[tuple[str, str]]:
    with database.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT action, outcome FROM audit ORDER BY id").all()
    return [(row.action, row.outcome) for row in found]
