"""The one clock, and who may move it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.access.actors import Actor, ActorKind
from gateway.errors import StoreError
from gateway.store import clock
from gateway.store.database import Database

SOMEONE = Actor(ActorKind.COORDINATOR, "coordinator", "here")


def now(database: Database) -> datetime:
    with database.transaction(SOMEONE) as tx:
        return clock.now(tx)


def test_the_clock_shows_the_servers_time_until_a_test_moves_it(database: Database) -> None:
    assert abs(now(database) - datetime.now(UTC)) < timedelta(seconds=30)
    clock.move(database, timedelta(days=3))
    assert abs(now(database) - datetime.now(UTC) - timedelta(days=3)) < timedelta(seconds=30)
    clock.move(database, timedelta(0))
    assert abs(now(database) - datetime.now(UTC)) < timedelta(seconds=30)


def test_time_goes_on_within_a_transaction(database: Database) -> None:
    with database.transaction(SOMEONE) as tx:
        first, second = (clock.now(tx) for _ in range(2))
    assert first < second


def test_the_clock_of_a_database_in_use_cannot_be_moved(database_url: str) -> None:
    database = Database.connect(database_url)
    with pytest.raises(StoreError, match="test mode"):
        clock.move(database, timedelta(days=1))
    assert abs(now(database) - datetime.now(UTC)) < timedelta(seconds=30)
    database.close()
