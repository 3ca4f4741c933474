"""What is wrong is refused with one clear message that names file, line or element and what to do.

Each through the real command line or real HTTP; and after each refusal nothing half-written is there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.access.actors import Actor, ActorKind
from gateway.acts.gateway import Gateway
from gateway.acts.register_client import register_client
from gateway.places import DataFolder, data_folder
from gateway.store.database import Database

NOBODY_LISTENS = "postgresql://care@127.0.0.1:1/care"
PATIENT = {"resourceType": "Patient", "id": "p1", "active": True}


@dataclass(frozen=True, slots=True)
class Told:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    def is_one_message(self, *parts: str) -> bool:
        """It printed nothing but this refusal, without a traceback, and each part stands in it."""
        assert "Traceback" not in self.err
        assert self.out == ""
        for part in parts:
            assert part in self.err
        return True


Run = Callable[..., Told]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    (folder / "partners").mkdir(parents=True)
    return folder


@pytest.fixture
def run(config: Path, tmp_path: Path, database_url: str) -> Run:
    """Runs `care-gateway` over a database of the test's own; keywords become environment variables."""

    def care_gateway(*arguments: str | Path, **environ: str) -> Told:
        own = {
            "CARE_GATEWAY_CONFIG": str(config),
            "CARE_GATEWAY_VAR": str(tmp_path / "var"),
            "CARE_GATEWAY_DATABASE_URL": database_url,
        }
        done = subprocess.run(
            [sys.executable, "-m", "gateway", *arguments],
            env={**os.environ, **own, **environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Told(done.returncode, done.stdout, done.stderr)

    return care_gateway


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("worker",), ("partner", "list")])
def test_an_unknown_key_in_a_partner_file_is_named_with_its_line(
    run: Run, config: Path, command: tuple[str, ...]
) -> None:
    (config / "partners" / "elm.yaml").write_text("title: Elm\nkind: webhook\npoll_evry_s: 5\n")

    told = run(*command)

    assert told.code == 78
    assert told.is_one_message("partners/elm.yaml:3", "poll_evry_s", "did you mean 'poll_every_s'?")


def test_every_wrong_line_of_every_partner_file_is_told_at_once(run: Run, config: Path) -> None:
    (config / "partners" / "elm.yaml").write_text("title: Elm\nkind: webhok\n")
    (config / "partners" / "oak.yaml").write_text("title: Oak\nkind: [webhook\n")

    told = run("worker")

    assert told.code == 78
    assert told.is_one_message("elm.yaml:2", "did you mean 'webhook'?", "oak.yaml:", "not YAML")
    assert "is missing" not in told.err, "what could not be read is not called missing"


def test_a_client_of_an_unknown_partner_is_not_registered(run: Run) -> None:
    told = run("client", "add", "elm-office", "--kind", "agency", "--partner", "nosuch")

    assert told.code == 2
    assert told.is_one_message("there is no partner 'nosuch'", "config/partners/nosuch.yaml")
    assert json.loads(run("client", "list", "--json").out) == []


@pytest.mark.parametrize(
    "command",
    [
        ("serve", "--port", "0"),
        ("worker",),
        ("client", "list"),
        ("database", "upgrade"),
        ("deliveries", "list"),
    ],
)
def test_an_unreachable_database_is_named_without_its_password(run: Run, command: tuple[str, ...]) -> None:
    told = run(*command, CARE_GATEWAY_DATABASE_URL=NOBODY_LISTENS.replace("care@", "care:hunter2@"))

    assert told.code == 1
    assert told.is_one_message("127.0.0.1, port 1", "cannot be reached", "CARE_GATEWAY_DATABASE_URL")
    assert "hunter2" not in told.err


@pytest.mark.parametrize(
    ("right", "wrong", "parts"),
    [
        ("  fields:", "  fields: [", ("goal.yaml:", "not YAML")),
        ("    description:", "    descripton:", ("goal.yaml:", "descripton", "did you mean 'description'?")),
        (
            "    status: lifecycleStatus",
            "    status: {to: lifecycleStatus, codes: {active: on, proposed: on}}",
            ("goal.yaml:", "'on' is listed under both 'active' and 'proposed'"),
        ),
    ],
    ids=["broken YAML", "an unknown field", "an ambiguous code"],
)
def test_a_broken_mapping_file_is_named_with_its_line(
    run: Run, tmp_path: Path, right: str, wrong: str, parts: tuple[str, ...]
) -> None:
    folder = tmp_path / "mappings"
    shutil.copytree(data_folder(DataFolder.MAPPINGS), folder)
    text = (folder / "goal.yaml").read_text()
    line = 1 + text[: text.index(right)].count("\n")
    (folder / "goal.yaml").write_text(text.replace(right, wrong, 1))
    (tmp_path / "goal.json").write_text('{"resourceType": "Goal", "lifecycleStatus": "active"}')

    told = run("map", "to-record", tmp_path / "goal.json", "--folder", folder)

    assert told.code == 1
    assert told.is_one_message(*parts)
    # The line at fault, or the one where YAML first cannot go on.
    assert any(f"goal.yaml:{named}: " in told.err for named in (line, line + 1, line + 2))


BROKEN_BUNDLES = {
    "no JSON": ('{"resourceType": "Bundle",\n "entry": [}', "line 2"),
    "an element twice": ('{"resourceType": "Bundle",\n "type": "batch", "type": "batch"}', "line 2"),
    "entry is no list": ('{"resourceType": "Bundle", "type": "transaction", "entry": {}}', "Bundle.entry"),
    "an entry is no object": (
        json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": PATIENT}, 5]}),
        "Bundle.entry[1]",
    ),
    "one resource has no type": (
        json.dumps(
            {
                "resourceType": "Bundle",
                "type": "transaction",
                "entry": [{"resource": PATIENT}, {"resource": {"id": "x"}}],
            }
        ),
        "Bundle.entry[1].resource",
    ),
    "one resource is misshapen": (
        json.dumps(
            {
                "resourceType": "Bundle",
                "type": "transaction",
                "entry": [{"resource": PATIENT}, {"resource": {**PATIENT, "id": "p2", "active": "yes"}}],
            }
        ),
        "Patient.active",
    ),
}


@pytest.mark.parametrize("broken", BROKEN_BUNDLES)
def test_of_a_malformed_bundle_nothing_is_loaded(
    run: Run, tmp_path: Path, database: Database, broken: str
) -> None:
    text, place = BROKEN_BUNDLES[broken]
    (tmp_path / "bundle.json").write_text(text)

    told = run("load", tmp_path / "bundle.json", "--source", "archive")

    assert told.code == 1
    assert "Traceback" not in told.err
    assert "0 loaded" in told.out
    assert "bundle.json" in told.out
    assert place in told.out
    assert _rows(database) == 0


@pytest.mark.parametrize("broken", BROKEN_BUNDLES)
def test_a_malformed_bundle_that_is_posted_is_refused_and_nothing_is_kept(
    site: str, gateway: Gateway, database: Database, broken: str
) -> None:
    text, place = BROKEN_BUNDLES[broken]
    key = register_client(gateway, gateway.self_actor, "amina", ActorKind.COORDINATOR)

    answers = [
        requests.post(
            f"{site}/fhir/R4{path}",
            data=text,
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/fhir+json"},
            timeout=30,
        )
        for path in ("", "/Bundle", "/Patient")
    ]

    for answer in answers:
        outcome: dict[str, Any] = answer.json()
        assert 400 <= answer.status_code < 500
        assert outcome["resourceType"] == "OperationOutcome"
        assert outcome["issue"][0]["severity"] == "error"
    if place.startswith("line"):
        assert place in json.dumps(answers[2].json()), "the line is told"
    assert _rows(database) == 0


def _rows(database: Database) -> int:
    """How much there is of whatever one written resource leaves behind."""
    tables = ("resource", "resource_version", "posting", "resource_patient", "change", "message", "agreement")
    with database.transaction(Actor.gateway()) as tx:
        counts = [tx.connection.exec_driver_sql(f"SELECT count(*) FROM {table}") for table in tables]
        return sum(int(count.scalar_one()) for count in counts)
