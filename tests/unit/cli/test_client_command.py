"""`care-gateway client`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.access.actors import Actor, ActorKind
from gateway.store import clients
from gateway.store.database import Database
from tests.unit.cli.conftest import Told

Run = Callable[..., Told]
ELM = "title: Elm\nkind: webhook\nsettings: {url: 'https://elm.example/in', secrets: ['env:ELM']}\n"


@pytest.fixture
def client(care_gateway: Run, database_url: str) -> Run:
    return partial(care_gateway, "client", CARE_GATEWAY_DATABASE_URL=database_url)


def who(database: Database, key: str) -> clients.ClientRow | None:
    with database.transaction(Actor.gateway()) as tx:
        return clients.authenticate(tx, key)


def test_a_new_clients_key_stands_alone_on_the_output_and_opens_the_door(
    client: Run, database: Database
) -> None:
    told = client("add", "amina", "--kind", "coordinator")
    assert told.code == 0
    assert re.fullmatch(r"cgk_[0-9a-f]{16}_[A-Za-z0-9_-]{43}\n", told.out)
    assert "cgk_" not in told.err
    signed_in = who(database, told.out.strip())
    assert signed_in is not None
    assert (signed_in.name, signed_in.kind) == ("amina", ActorKind.COORDINATOR)


def test_a_partners_client_is_bound_to_it(client: Run, database: Database, config: Path) -> None:
    (config / "partners" / "elm-trust.yaml").write_text(ELM)
    told = client("add", "elm-office", "--kind", "agency", "--partner", "elm-trust")
    assert told.code == 0, told.err
    signed_in = who(database, told.out.strip())
    assert signed_in is not None
    assert signed_in.source == "elm-trust"


def test_an_unknown_partner_is_answered_with_the_known_ones(client: Run, config: Path) -> None:
    (config / "partners" / "elm-trust.yaml").write_text(ELM)
    told = client("add", "elm-office", "--kind", "agency", "--partner", "elm-trsut")
    assert (told.code, told.out) == (2, "")
    assert "there is no partner 'elm-trsut' - did you mean 'elm-trust'?; known are elm-trust" in told.err
    (config / "partners" / "elm-trust.yaml").unlink()
    assert (
        "config/partners/elm-trust.yaml" in client("add", "x", "--kind", "ehr", "--partner", "elm-trust").err
    )
    assert json.loads(client("list", "--json").out) == []


def test_what_cannot_be_a_client_is_told_as_wrong_usage(client: Run) -> None:
    assert client("add", "amina", "--kind", "coordinator").code == 0
    for arguments, word in (
        (("add", "elm", "--kind", "agency"), "--partner"),
        (("add", "amina", "--kind", "admin"), "already"),
        (("add", "two words", "--kind", "admin"), "name is"),
        (("add", "x", "--kind", "gateway"), "'gateway' is not one of"),
    ):
        told = client(*arguments)
        assert (told.code, told.out) == (2, "")
        assert word in told.err


def test_a_disabled_client_is_out_and_stays_listed(client: Run, database: Database) -> None:
    key = client("add", "amina", "--kind", "coordinator").out.strip()
    assert client("disable", "amina").code == 0
    assert who(database, key) is None
    (listed,) = json.loads(client("list", "--json").out)
    assert (listed["name"], listed["disabled_at"] is not None) == ("amina", True)
    assert "disabled" in client("list").out
    stranger = client("disable", "nobody")
    assert stranger.code == 1
    assert "client list" in stranger.err


def test_each_of_these_leaves_an_audit_row_without_the_key(client: Run, database: Database) -> None:
    key = client("add", "amina", "--kind", "coordinator").out.strip()
    client("disable", "amina")
    with database.transaction(Actor.gateway()) as tx:
        rows = tx.connection.execute(text("SELECT action, entities, a::text FROM audit a ORDER BY id")).all()
    assert [(row[0], row[1]) for row in rows] == [
        ("register client", ["client/amina"]),
        ("disable client", ["client/amina"]),
    ]
    assert key.rpartition("_")[2] not in str(rows)
