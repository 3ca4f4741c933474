"""`care-gateway audit verify`."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import pytest

from gateway.access.actors import Actor
from gateway.store import audit
from gateway.store.database import Database
from tests.unit.cli.conftest import Told

Run = Callable[..., Told]


@pytest.fixture
def verify(care_gateway: Run, database_url: str) -> Run:
    return partial(care_gateway, "audit", "verify", CARE_GATEWAY_DATABASE_URL=database_url)


@pytest.fixture
def sealed(database: Database) -> Database:
    """A database in which three accesses were written down and sealed."""
    for action in ("read", "search", "update"):
        with database.transaction(Actor.gateway()) as tx:
            audit.record(tx, action, [])
    with database.transaction(Actor.gateway()) as tx:
        assert audit.seal(tx, 10) == 3
    return database


def test_a_whole_chain_is_said_to_be_whole(verify: Run, sealed: Database) -> None:
    told = verify()

    assert told.code == 0
    assert told.out.startswith("3 rows are as they were sealed, 0 wait for the seal; head ")


def test_the_first_row_that_was_tampered_with_is_named(verify: Run, sealed: Database) -> None:
    with sealed.transaction(Actor.gateway()) as tx:
        tx.connection.exec_driver_sql(
            "SET session_replication_role = replica"
        )  # an intruder's way past triggers
        tx.connection.exec_driver_sql("UPDATE audit SET actor_name = 'nobody' WHERE seq = 2")

    told = verify("--json")

    assert told.code == 1
    assert json.loads(told.out)["fault"]["seq"] == 2
