"""The repository: versions, conditions on writes, deletions, and what each write leaves behind."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from gateway.access.actors import HERE
from gateway.errors import (
    Conflict,
    Forbidden,
    GatewayError,
    Gone,
    NotFound,
    PreconditionFailed,
    Unprocessable,
    VersionConflict,
)
from gateway.store import clock, resources
from gateway.store.database import Database
from gateway.store.versions import SOURCE_URI, Version

from .cast import AMINA, ELM, GATEWAY, NORTHSIDE, OPS, ST_ANNES, changed, goal, made, patient


def counted(database: Database, table: str) -> int:
    with database.transaction(GATEWAY) as tx:
        number: int = tx.connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
        return number


def test_what_was_written_is_read_with_its_digits_its_order_and_our_id_and_meta(database: Database) -> None:
    sent = {
        "meta": {"profile": ["https://example.org/p"], "versionId": "77"},
        "resourceType": "Observation",
        "id": "theirs",
        "status": "final",
        "valueQuantity": {"value": Decimal("1.10"), "unit": "mmol/L"},
        "effectiveDateTime": "2026-03-01T09:30:00+01:00",
    }
    written = made(database, sent, "st-annes")
    with database.transaction(ST_ANNES) as tx:
        held = resources.read(tx, "Observation", written.id)
    assert held == written
    assert held.etag == 'W/"1"'
    assert list(held.resource) == list(sent)
    assert b'"value":1.10' in held.body
    assert held.resource == sent | {
        "id": held.id,
        "meta": {
            "profile": ["https://example.org/p"],
            "versionId": "1",
            "lastUpdated": held.last_updated,
            "source": SOURCE_URI + "st-annes",
        },
    }


def test_every_version_stays_and_is_later_than_the_one_before(database: Database) -> None:
    first = made(database, goal(status="proposed"))
    clock.move(database, timedelta(hours=-3))  # a clock that was set back must not turn the order around
    second = changed(database, first, lifecycleStatus="active")
    third = changed(database, first, lifecycleStatus="completed")
    with database.transaction(AMINA) as tx:
        assert resources.history(tx, "Goal", first.id) == (third, second, first)
        assert resources.history(tx, "Goal", first.id, count=1, before=3) == (second,)
        assert resources.vread(tx, "Goal", first.id, 1) == first
        with pytest.raises(NotFound):
            resources.vread(tx, "Goal", first.id, 4)
    assert first.last_updated < second.last_updated < third.last_updated


def test_a_stale_version_is_refused_and_changes_nothing(database: Database) -> None:
    first = made(database, goal())
    changed(database, first, lifecycleStatus="completed")
    with database.transaction(AMINA) as tx, pytest.raises(PreconditionFailed):
        resources.update(tx, first.resource, expect=1)
    with database.transaction(AMINA) as tx, pytest.raises(PreconditionFailed):
        resources.delete(tx, "Goal", first.id, expect=1)
    with database.transaction(AMINA) as tx:
        assert resources.update(tx, first.resource, expect=2).version == 3


def test_of_many_writers_with_one_etag_one_succeeds(database: Database) -> None:
    first = made(database, goal())
    outcomes: list[str] = []

    def write() -> None:
        try:
            with database.transaction(AMINA) as tx:
                resources.update(tx, first.resource, expect=1)
            outcomes.append("written")
        except PreconditionFailed:
            outcomes.append("refused")

    writers = [threading.Thread(target=write) for _ in range(5)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(outcomes) == ["refused"] * 4 + ["written"]


def test_a_deleted_resource_is_gone_keeps_its_history_and_can_come_back(database: Database) -> None:
    first = made(database, goal())
    with database.transaction(AMINA) as tx:
        deletion = resources.delete(tx, "Goal", first.id, expect=1)
        assert resources.delete(tx, "Goal", first.id) == deletion
    assert (deletion.version, deletion.deleted, deletion.method, deletion.body) == (2, True, "DELETE", b"")
    with database.transaction(AMINA) as tx:
        with pytest.raises(Gone):
            resources.read(tx, "Goal", first.id)
        with pytest.raises(Gone):
            resources.vread(tx, "Goal", first.id, 2)
        with pytest.raises(Gone):
            _ = deletion.resource
        assert resources.find(tx, "Goal", first.id) == deletion
        assert resources.history(tx, "Goal", first.id) == (deletion, first)
        assert resources.update(tx, first.resource).version == 3
        assert resources.read(tx, "Goal", first.id).version == 3


@pytest.mark.parametrize("id", ["", "9", "not-a-uuid", str(uuid4()), str(uuid4()).upper(), "%", "a" * 64])
def test_what_does_not_exist_is_not_found_whatever_its_id_looks_like(database: Database, id: str) -> None:
    for attempt in (
        lambda tx: resources.read(tx, "Goal", id),
        lambda tx: resources.vread(tx, "Goal", id, 1),
        lambda tx: resources.history(tx, "Goal", id),
        lambda tx: resources.update(tx, goal() | {"id": id}),
        lambda tx: resources.delete(tx, "Goal", id),
    ):
        with database.transaction(AMINA) as tx, pytest.raises(NotFound):
            attempt(tx)


def test_hidden_and_missing_answer_with_the_same_words(database: Database) -> None:
    hidden = made(database, goal(made(database, patient(), "northside")), "northside")
    changed(database, hidden)
    deleted = made(database, goal(), "northside")
    with database.transaction(GATEWAY) as tx:
        resources.delete(tx, "Goal", deleted.id)

    def words(attempt: Any) -> str:
        with database.transaction(ST_ANNES) as tx, pytest.raises(GatewayError) as raised:
            attempt(tx)
        return f"{type(raised.value).__name__}: {raised.value}"

    missing = str(uuid4())
    for attempt in (
        lambda tx, id: resources.read(tx, "Goal", id),
        lambda tx, id: resources.vread(tx, "Goal", id, 1),
        lambda tx, id: resources.history(tx, "Goal", id),
        lambda tx, id: resources.update(tx, goal() | {"id": id}, expect=1),
        lambda tx, id: resources.delete(tx, "Goal", id),
    ):
        said = {
            words(lambda tx, id=id, attempt=attempt: attempt(tx, id)).replace(id, "…")
            for id in (missing, hidden.id, deleted.id)
        }
        assert said == {"NotFound: Goal/… does not exist here"}


def test_a_write_brings_its_index_its_change_and_one_message(database: Database) -> None:
    person = made(database, patient("1"))
    tables = ("resource", "resource_version", "change", "message", "resource_patient", "posting")
    before = {table: counted(database, table) for table in tables}
    made(database, goal(person))
    after = {table: counted(database, table) for table in tables}
    added = {table: after[table] - before[table] for table in tables}
    assert added.pop("posting") >= 4  # status twice, patient, subject
    assert added == dict.fromkeys(added, 1)


def test_a_write_that_is_undone_leaves_nothing(database: Database) -> None:
    held = made(database, patient("1"))
    tables = ("resource", "resource_version", "posting", "resource_patient", "change", "message", "lane")
    before = [counted(database, table) for table in tables]

    def write_until_refused() -> None:
        with database.transaction(AMINA) as tx:
            resources.create(tx, goal(held), source=HERE)
            resources.update(tx, patient("2") | {"id": held.id})
            resources.update(tx, patient("3") | {"id": held.id}, expect=1)

    with pytest.raises(PreconditionFailed):
        write_until_refused()
    assert [counted(database, table) for table in tables] == before


def test_what_a_savepoint_undoes_sends_no_message(database: Database) -> None:
    with database.transaction(AMINA) as tx:
        kept = resources.create(tx, goal(), source=HERE)
        with pytest.raises(Forbidden), tx.savepoint():  # noqa: PT012 (what is undone is the point)
            resources.create(tx, goal(), source=HERE)
            resources.create(tx, goal(), source="northside")
    with database.transaction(GATEWAY) as tx:
        rows = tx.connection.execute(text("SELECT payload, seq FROM message")).all()
    assert [(row.payload["reference"], row.seq) for row in rows] == [(kept.reference, 1)]


def test_nobody_creates_for_somebody_else(database: Database) -> None:
    for actor in (ST_ANNES, AMINA, ELM, OPS):
        with database.transaction(actor) as tx, pytest.raises(Forbidden):
            resources.create(tx, goal(), source="northside")


def test_ids_are_ours_and_used_once(database: Database) -> None:
    allocated = str(uuid4())
    with database.transaction(NORTHSIDE) as tx:
        held = resources.create(tx, goal() | {"id": "theirs"}, source="northside", id=allocated)
        assert held.id == allocated
        with pytest.raises(Conflict):
            resources.create(tx, goal(), source="northside", id=allocated)
        with pytest.raises(Unprocessable):
            resources.create(tx, goal(), source="northside", id="theirs")
        with pytest.raises(Unprocessable):
            resources.create(tx, {"resourceType": "Gaol"}, source="northside")
        assert resources.create(tx, goal() | {"id": allocated}, source="northside").id != allocated


def test_locked_rows_wait_and_hidden_ones_are_not_told(database: Database) -> None:
    mine, theirs = made(database, goal(), "st-annes"), made(database, goal(), "northside")
    with database.transaction(ST_ANNES) as tx:
        asked = [theirs.reference, mine.reference, "Goal/nowhere", "not a reference"]
        assert resources.lock(tx, asked) == {mine.reference: 1}
        with pytest.raises(VersionConflict):
            changed_without_waiting(database, mine)


def test_the_history_is_never_rewritten(database: Database) -> None:
    made(database, goal())
    for statement in (
        "UPDATE resource_version SET author = 'somebody else'",
        "DELETE FROM resource_version",
        "TRUNCATE resource_version",
    ):
        with pytest.raises(Exception, match="never changed or removed"), database.transaction(GATEWAY) as tx:
            tx.connection.execute(text(statement))


def changed_without_waiting(database: Database, version: Version) -> None:
    with database.transaction(GATEWAY) as tx:
        tx.connection.execute(text("SET LOCAL lock_timeout = '50ms'"))
        resources.update(tx, version.resource)


def test_odd_shapes_are_stored_as_they_came_and_meta_must_be_an_object(database: Database) -> None:
    odd = {"resourceType": "Patient", "link": "?", "identifier": [{"coding": True}, 7], "active": {"x": []}}
    held = made(database, odd)
    assert {**held.resource, "meta": None} == {**odd, "id": held.id, "meta": None}
    with database.transaction(GATEWAY) as tx, pytest.raises(Unprocessable):
        resources.create(tx, patient(meta="?"), source=HERE)
