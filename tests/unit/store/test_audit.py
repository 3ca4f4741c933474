"""The audit: nothing happens unrecorded, and nothing recorded is changed unnoticed."""

from __future__ import annotations

import json
import threading
from hashlib import sha256
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from gateway.access.actors import Actor, ActorKind
from gateway.access.request import Request, under_request
from gateway.errors import Forbidden
from gateway.store import audit
from gateway.store.database import Database

from .cast import AMINA, ELM, GATEWAY, OPS, ST_ANNES, changed, goal, made, patient


def recorded(database: Database, number: int, actor: Actor = AMINA) -> list[int]:
    ids = []
    for n in range(number):
        with database.transaction(actor) as tx:
            ids.append(audit.record(tx, "read CarePlan", [f"CarePlan/{n}", "Patient/1"], detail=f"é {n}"))
    return ids


def sealed(database: Database, limit: int = 1000) -> int:
    with database.transaction(GATEWAY) as tx:
        return audit.seal(tx, limit)


def verified(database: Database) -> audit.Verdict:
    with database.transaction(OPS) as tx:
        return audit.verify(tx)


def tampered(database: Database, statement: str) -> None:
    """As somebody would who owns the database: the trigger is taken away first."""
    with database.transaction(GATEWAY) as tx:
        tx.connection.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
        tx.connection.execute(text(statement))


def test_a_row_says_who_did_what_to_which_resources_with_which_outcome(database: Database) -> None:
    with database.transaction(ELM) as tx:
        audit.record(tx, "read Task", ["Task/1"], outcome="denied", detail="no open grant")
        row = tx.connection.execute(text("SELECT * FROM audit")).mappings().one()
    assert (row["actor_kind"], row["actor_name"], row["actor_source"]) == ("agency", "elm", "elm-trust")
    assert row["organisation"] == ELM.organisation
    assert (row["action"], row["outcome"], row["detail"]) == ("read Task", "denied", "no open grant")
    assert row["entities"] == ["Task/1"]


def test_a_row_says_which_versions_whom_they_were_about_and_what_was_searched_by_which_request(
    database: Database,
) -> None:
    ann, bob = made(database, patient("1"), "st-annes"), made(database, patient("2"), "st-annes")
    plan = made(database, goal(ann), "st-annes")
    moved = changed(database, plan, subject={"reference": bob.reference})
    came_by = Request(uuid4(), "192.0.2.7")
    with database.transaction(AMINA) as tx, under_request(came_by):
        audit.record(tx, "search Goal", (plan, "Organization/x"), query="Goal?patient=1")
        audit.record(tx, "read Goal", (moved,))
        audit.record(tx, "history Goal", (plan.reference,))
        audit.record(tx, "read Goal", (f"Goal/{uuid4()}",), outcome="denied")
    with database.transaction(GATEWAY) as tx:
        audit.record(tx, "load", (ann.reference, bob.reference))
        rows = tx.connection.execute(text("SELECT * FROM audit ORDER BY id")).mappings().all()
    assert [row["patients"] for row in rows] == [
        [UUID(ann.id)],  # as version 1 said
        [UUID(bob.id)],
        [UUID(bob.id)],  # as it stands now
        None,  # of something that does not exist
        sorted([UUID(ann.id), UUID(bob.id)]),
    ]
    assert [row["versions"] for row in rows] == [[1, None], [2], None, None, None]
    assert [row["query"] for row in rows] == ["Goal?patient=1", None, None, None, None]
    assert {(row["request_id"], row["address"]) for row in rows[:4]} == {(came_by.id, "192.0.2.7")}
    assert (rows[4]["request_id"], rows[4]["address"]) == (None, None)


def test_rows_sealed_before_these_columns_existed_still_verify(database: Database) -> None:
    """What was sealed then, by the formula of then."""
    recorded(database, 1)
    sealed(database)
    with database.transaction(GATEWAY) as tx:
        row = tx.connection.execute(text("SELECT *, CAST(xid AS text) AS x FROM audit")).mappings().one()
    names = ("id", "actor_kind", "actor_name", "actor_source", "organisation", "action", "outcome", "detail")
    said = {name: row[name] for name in (*names, "entities")} | {"xid": row["x"]}
    said["at"] = row["at"].isoformat("T", "microseconds")
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert bytes(row["hash"]) == sha256(audit.GENESIS + canonical.encode()).digest()


def test_rows_join_the_chain_once_in_batches_and_it_holds(database: Database) -> None:
    recorded(database, 7)
    assert verified(database) == audit.Verdict(0, 7, audit.GENESIS.hex(), None)
    assert [sealed(database, 3) for _ in range(4)] == [3, 3, 1, 0]
    first = verified(database)
    assert (first.checked, first.unsealed, first.fault) == (7, 0, None)
    recorded(database, 1)
    assert verified(database).unsealed == 1
    sealed(database)
    assert verified(database).head != first.head


@pytest.mark.parametrize(
    ("change", "seq"),
    [
        ("UPDATE audit SET detail = 'nothing' WHERE seq = 3", 3),
        ("UPDATE audit SET at = at + interval '1 microsecond' WHERE seq = 2", 2),
        ("UPDATE audit SET entities = '{}' WHERE seq = 5", 5),
        ("UPDATE audit SET actor_name = 'somebody' WHERE seq = 1", 1),
        ("UPDATE audit SET versions = ARRAY[1, NULL] WHERE seq = 4", 4),
        ("UPDATE audit SET patients = ARRAY[gen_random_uuid()] WHERE seq = 2", 2),
        ("UPDATE audit SET query = '' WHERE seq = 3", 3),
        ("UPDATE audit SET request_id = gen_random_uuid() WHERE seq = 1", 1),
        ("UPDATE audit SET address = '192.0.2.8' WHERE seq = 5", 5),
        ("UPDATE audit SET hash = prev_hash WHERE seq = 4", 4),
        ("UPDATE audit SET prev_hash = hash WHERE seq = 4", 4),
        ("DELETE FROM audit WHERE seq = 2", 2),
        ("UPDATE audit SET seq = -seq WHERE seq = 1", 1),
    ],
)
def test_the_first_bad_row_is_named(database: Database, change: str, seq: int) -> None:
    recorded(database, 5)
    sealed(database)
    tampered(database, change)
    verdict = verified(database)
    assert verdict.fault is not None
    assert verdict.fault.seq == seq
    assert verdict.checked == seq - 1


def test_a_cut_tail_shows_against_a_head_kept_elsewhere(database: Database) -> None:
    recorded(database, 3)
    sealed(database)
    kept_elsewhere = verified(database).head
    tampered(database, "DELETE FROM audit WHERE seq = 3")
    assert verified(database).fault is None
    assert verified(database).head != kept_elsewhere


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET detail = 'nothing'",
        "UPDATE audit SET seq = seq + 1, hash = hash, prev_hash = prev_hash",
        "UPDATE audit SET seq = NULL, hash = NULL, prev_hash = NULL",
        "DELETE FROM audit",
        "TRUNCATE audit",
    ],
)
def test_rows_are_never_changed_or_removed(database: Database, statement: str) -> None:
    recorded(database, 1)
    sealed(database)
    with pytest.raises(Exception, match="never changed or removed"), database.transaction(GATEWAY) as tx:
        tx.connection.execute(text(statement))


def test_a_row_of_a_transaction_that_still_runs_is_sealed_later_and_in_order(database: Database) -> None:
    written, go_on = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with database.transaction(AMINA) as tx:
            audit.record(tx, "slow", [])
            written.set()
            go_on.wait(5)

    slow = threading.Thread(target=write_slowly)
    slow.start()
    assert written.wait(5)
    recorded(database, 2)
    assert sealed(database) == 0  # what came later waits for what may still come before it
    go_on.set()
    slow.join()
    assert sealed(database) == 3
    with database.transaction(GATEWAY) as tx:
        actions = tx.connection.execute(text("SELECT action FROM audit ORDER BY seq")).scalars().all()
    assert actions == ["slow", "read CarePlan", "read CarePlan"]


def test_two_sealers_make_one_chain(database: Database) -> None:
    recorded(database, 20)
    sealers = [threading.Thread(target=sealed, args=(database, 4)) for _ in range(5)]
    for sealer in sealers:
        sealer.start()
    for sealer in sealers:
        sealer.join()
    assert verified(database).checked == 20


def test_when_the_row_cannot_be_written_nothing_is(database: Database) -> None:
    def act() -> None:
        with database.transaction(AMINA) as tx:
            tx.connection.execute(text("INSERT INTO pull_cursor VALUES ('p', 't', 'x', gateway_now())"))
            audit.record(tx, "move\x00", [])

    with pytest.raises(Exception, match="NUL"):
        act()
    with database.transaction(GATEWAY) as tx:
        assert tx.connection.execute(text("SELECT count(*) FROM pull_cursor")).scalar_one() == 0


def test_everybody_is_recorded_and_few_may_check(database: Database) -> None:
    for actor in (ST_ANNES, ELM, AMINA, OPS):
        recorded(database, 1, actor)
    for actor in (ST_ANNES, ELM, AMINA):
        with database.transaction(actor) as tx, pytest.raises(Forbidden):
            audit.verify(tx)
    with database.transaction(Actor(ActorKind.ADMIN, "ops", "here")) as tx, pytest.raises(Forbidden):
        audit.seal(tx)
