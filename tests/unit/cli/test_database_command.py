"""`care-gateway database`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.store import migrate
from gateway.store.database import Database
from gateway.store.embedded import EmbeddedServer
from tests.conftest import create_database, drop_database, url_of
from tests.unit.cli.conftest import Told

Run = Callable[..., Told]


@pytest.fixture
def empty_url(server_url: str, migrated_template: str) -> Iterator[str]:
    name = f"{migrated_template}_empty"
    create_database(server_url, name)
    yield url_of(server_url, name)
    drop_database(server_url, name)


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "var"
    EmbeddedServer(tmp_path / "var").remove()


def test_the_embedded_one_is_started_looked_at_and_stopped(care_gateway: Run, var: Path) -> None:
    before = care_gateway("database", "status")
    assert (before.code, "care-gateway database start" in before.out) == (1, True)
    assert care_gateway("database", "start").code == 0
    told = care_gateway("database", "status", "--json")
    state = json.loads(told.out)
    assert told.code == 0
    assert (state["embedded"], state["running"], state["step"]) == (True, True, state["needed_step"])
    assert state["process"] == EmbeddedServer(var).status().pid
    assert care_gateway("database", "stop").out == "stopped\n"
    assert not EmbeddedServer(var).status().running
    assert care_gateway("database", "stop").out == "it was not running\n"


def test_a_named_one_is_brought_up_to_date_by_upgrade_alone(care_gateway: Run, empty_url: str) -> None:
    behind = care_gateway("database", "status", CARE_GATEWAY_DATABASE_URL=empty_url)
    assert behind.code == 1
    assert "care-gateway database upgrade" in behind.out
    refused = care_gateway("client", "list", CARE_GATEWAY_DATABASE_URL=empty_url)
    assert refused.code == 78
    assert "is empty" in refused.err
    assert "care-gateway database upgrade" in refused.err
    for _ in range(2):
        assert care_gateway("database", "upgrade", CARE_GATEWAY_DATABASE_URL=empty_url).code == 0
    assert care_gateway("database", "status", CARE_GATEWAY_DATABASE_URL=empty_url).code == 0
    database = Database.connect(empty_url)
    migrate.ensure_current(database)
    database.close()


@pytest.mark.parametrize("verb", ["start", "stop"])
def test_a_named_server_is_not_ours_to_start_or_stop(care_gateway: Run, verb: str) -> None:
    told = care_gateway("database", verb, CARE_GATEWAY_DATABASE_URL="postgresql://db.example/care")
    assert told.code == 2
    assert "not the gateway's to do" in told.err


def test_an_unreachable_database_gives_one_message_that_says_where_and_what_to_do(care_gateway: Run) -> None:
    told = care_gateway(
        "client", "list", CARE_GATEWAY_DATABASE_URL="postgresql://u:hidden-word@127.0.0.1:1/care"
    )
    assert told.code == 1
    assert told.out == ""
    assert len(told.err.strip().splitlines()) == 1
    for word in ("care-gateway: ", "'care'", "127.0.0.1", "port 1", "CARE_GATEWAY_DATABASE_URL"):
        assert word in told.err
    assert "hidden-word" not in told.err
    assert "Traceback" not in told.err


def test_wrong_settings_refuse_the_start_and_are_all_told(care_gateway: Run, config: Path) -> None:
    (config / "gateway.yaml").write_text("vra: x\npublic_url: nowhere\n")
    told = care_gateway("database", "status")
    assert told.code == 78
    assert "config/gateway.yaml:1: vra: is no setting - did you mean 'var'?" in told.err
    assert "config/gateway.yaml:2: public_url: " in told.err


def test_production_refuses_to_start(care_gateway: Run) -> None:
    told = care_gateway("database", "start", CARE_GATEWAY_ENVIRONMENT="production")
    assert told.code == 78
    assert "no sign-in for people" in told.err
    assert "embedded database" in told.err
