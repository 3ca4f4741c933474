"""The change feed: nothing is missed, nothing is told twice, however writers commit."""

from __future__ import annotations

import random
import threading

import pytest

from gateway.errors import Forbidden
from gateway.store import resources
from gateway.store.changes import Change, Cursor, changes
from gateway.store.database import Database

from .cast import AMINA, GATEWAY, OPS, ST_ANNES, changed, goal, made


def read_on(database: Database, after: Cursor | None, limit: int = 100) -> list[Change]:
    with database.transaction(GATEWAY) as tx:
        return changes(tx, after, limit)


def test_each_version_is_told_in_order_and_the_cursor_goes_on(database: Database) -> None:
    first = made(database, goal())
    second = changed(database, first)
    with database.transaction(AMINA) as tx:
        deletion = resources.delete(tx, "Goal", first.id)
    told = read_on(database, None)
    assert [(it.reference, it.version, it.method) for it in told] == [
        (it.reference, it.version, it.method) for it in (first, second, deletion)
    ]
    assert read_on(database, told[0].cursor) == told[1:]
    assert read_on(database, None, limit=1) == told[:1]
    assert read_on(database, told[-1].cursor) == []


def test_what_commits_late_is_still_told(database: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with database.transaction(AMINA) as tx:
            resources.create(tx, goal(status="proposed"), source="here")
            begun.set()
            go_on.wait(5)

    slow = threading.Thread(target=write_slowly)
    slow.start()
    assert begun.wait(5)
    quick = made(database, goal())
    assert read_on(database, None) == []
    go_on.set()
    slow.join()
    assert [it.reference == quick.reference for it in read_on(database, None)] == [False, True]


def test_a_reader_among_writers_misses_nothing_and_repeats_nothing(database: Database) -> None:
    written: list[str] = []
    lock = threading.Lock()

    def write(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(12):
            with database.transaction(AMINA) as tx:
                mine = [resources.create(tx, goal(), source="here") for _ in range(chance.randint(1, 3))]
            with lock:
                written.extend(it.reference for it in mine)

    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(4)]
    for writer in writers:
        writer.start()
    told: list[str] = []
    cursor: Cursor | None = None
    while True:
        running = any(writer.is_alive() for writer in writers)
        for change in read_on(database, cursor, limit=5):
            told.append(change.reference)
            cursor = change.cursor
        if not running and not read_on(database, cursor):
            break
    assert sorted(told) == sorted(written)


def test_an_actor_is_told_what_it_sees_and_an_admin_nothing(database: Database) -> None:
    made(database, goal(), "northside")
    mine = made(database, goal(), "st-annes")
    with database.transaction(ST_ANNES) as tx:
        assert [it.reference for it in changes(tx)] == [mine.reference]
    with database.transaction(OPS) as tx, pytest.raises(Forbidden):
        changes(tx)
