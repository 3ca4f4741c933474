"""Indexing again: what an older gateway indexed is brought up to date, and nothing is lost meanwhile."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from gateway.errors import Forbidden
from gateway.store import reindex, resources
from gateway.store.database import Database
from gateway.store.search import Query, search

from .cast import AMINA, GATEWAY, OPS, goal, made

FORGOTTEN = "DELETE FROM posting; DELETE FROM date_value; DELETE FROM word_value; DELETE FROM number_value"


def found(database: Database, *criteria: tuple[str, str], sort: str | None = None) -> list[str]:
    with database.transaction(AMINA) as tx:
        return [it.id for it in search(tx, Query.of("Goal", criteria, sort=sort)).versions]


def test_resources_that_are_behind_are_indexed_again_batch_by_batch(database: Database) -> None:
    ids = [made(database, goal(startDate=f"2026-01-0{9 - day}")).id for day in range(5)]
    with database.transaction(AMINA) as tx:
        resources.delete(tx, "Goal", ids[4])
    with database.transaction(GATEWAY) as tx:
        for statement in FORGOTTEN.split(";"):
            tx.connection.execute(text(statement))
        tx.connection.execute(text("UPDATE resource SET indexed_as = 0, sort_date = '0001-01-01'"))
        assert reindex.progress(tx) == reindex.Progress(total=5, waiting=5)
    assert found(database, ("lifecycle-status", "active")) == []

    batches = []
    while not batches or batches[-1]:
        with database.transaction(GATEWAY) as tx:
            batches.append(reindex.reindex(tx, many=2))

    assert batches == [2, 2, 1, 0]
    assert found(database, ("lifecycle-status", "active"), ("start-date", "ge2026")) == ids[:4]
    assert found(database, sort="start-date") == ids[3::-1]
    with database.transaction(OPS) as tx:
        assert reindex.progress(tx).waiting == 0


def test_everything_can_be_indexed_anew_and_is_found_meanwhile(database: Database) -> None:
    id = made(database, goal()).id
    with database.transaction(GATEWAY) as tx:
        assert reindex.forget(tx) == 1
    assert found(database, ("lifecycle-status", "active")) == [id]
    with database.transaction(GATEWAY) as tx:
        assert reindex.reindex(tx) == 1
    assert found(database, ("lifecycle-status", "active")) == [id]


def test_only_the_gateway_indexes(database: Database) -> None:
    with database.transaction(AMINA) as tx, pytest.raises(Forbidden):
        reindex.reindex(tx)
    with database.transaction(AMINA) as tx, pytest.raises(Forbidden):
        reindex.forget(tx)
