"""A hospital's system and the gateway, as two processes that speak HTTP: every server that `serve` offers."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.access.actors import Actor, ActorKind
from gateway.store import clients
from gateway.store.database import Database
from tests.conftest import create_database, drop_database, url_of
from tests.serving import address, environ, serving

FHIR_JSON = {"Content-Type": "application/fhir+json"}
NUMBERS = "urn:example:number"


@dataclass(frozen=True)
class Served:
    """A gateway that answers, and a hospital's key to it."""

    url: str
    hospital: requests.Session

    def fhir(self, path: str) -> str:
        return f"{self.url}/fhir/R4/{path}"


SERVERS = [name for name in ("granian", "waitress", "gunicorn") if find_spec(name)]


@pytest.fixture(params=SERVERS, scope="module")
def served(
    request: pytest.FixtureRequest,
    server_url: str,
    migrated_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    """A gateway in a process of its own; when all has been asked of it, it ends as it is told."""
    name, folder = f"{migrated_template}_{request.param}", tmp_path_factory.mktemp(request.param)
    create_database(server_url, name, template=migrated_template)
    database_url = url_of(server_url, name)
    try:
        with serving(database_url, folder, "--server", request.param) as site:
            yield Served(site, _hospital(database_url))
    finally:
        drop_database(server_url, name)


def test_killed_it_leaves_nobody_who_answers(database_url: str, tmp_path: Path) -> None:
    with (tmp_path / "server.log").open("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "serve", "--port", "0"],
            env=environ(database_url, tmp_path),
            text=True,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        site = address(process, log.name)
        process.kill()
        process.communicate(timeout=30)

    assert refused_within_s(20, f"{site}/health/live")


def refused_within_s(seconds: float, address: str) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            requests.get(address, timeout=5)
        except requests.ConnectionError:
            return True
        time.sleep(0.2)
    return False


def test_a_hospital_keeps_a_care_plan_with_the_gateway(served: Served) -> None:
    hospital = served.hospital
    patient = _create(served, {"resourceType": "Patient", "active": True})
    plan = {
        "resourceType": "CarePlan",
        "status": "active",
        "intent": "plan",
        "subject": {"reference": f"Patient/{patient['id']}"},
        "identifier": [{"system": NUMBERS, "value": "P1"}],
    }

    made = hospital.post(served.fhir("CarePlan"), json=plan, headers=FHIR_JSON, timeout=30)
    assert made.status_code == 201
    assert made.headers["Location"].startswith(served.fhir("CarePlan/"))
    kept = made.json()
    address = served.fhir(f"CarePlan/{kept['id']}")

    unchanged = hospital.get(address, headers={"If-None-Match": made.headers["ETag"]}, timeout=30)
    assert (unchanged.status_code, unchanged.content) == (304, b"")

    done = hospital.put(
        address, json=kept | {"status": "completed"}, headers={"If-Match": 'W/"1"'}, timeout=30
    )
    stale = hospital.put(
        address, json=kept | {"status": "revoked"}, headers={"If-Match": 'W/"1"'}, timeout=30
    )
    assert [done.status_code, stale.status_code] == [200, 412]

    found = hospital.get(
        served.fhir("CarePlan"), params={"patient": patient["id"], "status": "completed"}, timeout=30
    )
    assert [entry["resource"]["id"] for entry in found.json()["entry"]] == [kept["id"]]

    assert hospital.delete(address, timeout=30).status_code == 204
    assert hospital.get(address, timeout=30).status_code == 410
    history = hospital.get(f"{address}/_history", timeout=30).json()
    assert [entry["request"]["method"] for entry in history["entry"]] == ["DELETE", "PUT", "POST"]


def test_pages_are_followed_by_the_links_as_they_are_given(served: Served) -> None:
    ids = [_create(served, _condition(f"N{number}"))["id"] for number in range(5)]
    url: str | None = served.fhir(f"Condition?identifier={NUMBERS}|&_count=2")
    seen = []
    while url:
        page = served.hospital.get(url, timeout=30).json()
        seen += [entry["resource"]["id"] for entry in page["entry"]]
        url = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)

    assert seen == ids


def test_bodies_come_whole_or_not_at_all(served: Served) -> None:
    def in_pieces(*pieces: bytes) -> Iterator[bytes]:
        yield from pieces

    def sent(body: bytes | Iterator[bytes]) -> int:
        answer = served.hospital.post(served.fhir("Condition"), data=body, headers=FHIR_JSON, timeout=30)
        return answer.status_code

    condition = b'{"resourceType":"Condition","subject":{"display":"somebody"}}'
    assert sent(in_pieces(condition[:20], condition[20:])) == 201
    assert sent(b" " * 5_000_001) == 413
    # Without a length nobody knows in advance that it is too long; what was cut must not pass for the whole.
    assert sent(in_pieces(condition, *[b" " * 65_536] * 80)) == 413


def test_strangers_learn_what_is_offered_and_no_more(served: Served) -> None:
    assert requests.get(served.fhir("metadata"), timeout=30).json()["fhirVersion"] == "4.0.1"
    assert requests.get(f"{served.url}/health/ready", timeout=30).status_code == 200
    refused = requests.get(served.fhir("Patient"), timeout=30)
    assert refused.status_code == 401
    assert refused.json()["issue"][0]["code"] == "login"


def _hospital(database_url: str) -> requests.Session:
    database = Database.connect(database_url, pool_size=1)
    gateway = Actor(ActorKind.GATEWAY, "test", "here")
    with database.transaction(gateway) as tx:
        key = clients.add(tx, "st-annes", ActorKind.EHR, "st-annes")
    database.close()
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {key}"
    return session


def _create(served: Served, resource: dict[str, Any]) -> dict[str, Any]:
    answer = served.hospital.post(
        served.fhir(resource["resourceType"]), json=resource, headers=FHIR_JSON, timeout=30
    )
    assert answer.status_code == 201, answer.text
    kept: dict[str, Any] = answer.json()
    return kept


def _condition(number: str) -> dict[str, Any]:
    identifier = {"system": NUMBERS, "value": number}
    return {"resourceType": "Condition", "subject": {"display": "somebody"}, "identifier": [identifier]}
