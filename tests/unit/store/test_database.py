"""Transactions, and what they say when the server is away."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from gateway.access.actors import Actor, ActorKind
from gateway.errors import ConfigError, DatabaseUnreachable, VersionConflict
from gateway.store import migrate
from gateway.store.database import Database, Transaction

SOMEONE = Actor(ActorKind.COORDINATOR, "coordinator", "here")
OTHER = Actor(ActorKind.ADMIN, "admin", "here")


def rows(tx: Transaction) -> list[int]:
    return [row[0] for row in tx.connection.execute(text("SELECT n FROM noted ORDER BY n"))]


@pytest.fixture
def noted(database: Database) -> Database:
    with database.transaction(SOMEONE) as tx:
        tx.connection.execute(text("CREATE TABLE noted (n int PRIMARY KEY)"))
    return database


def note(tx: Transaction, n: int) -> None:
    tx.connection.execute(text("INSERT INTO noted VALUES (:n)"), {"n": n})


def test_a_block_that_ends_is_committed_and_one_that_raises_leaves_nothing(noted: Database) -> None:
    with noted.transaction(SOMEONE) as tx:
        note(tx, 1)
    with pytest.raises(ZeroDivisionError), noted.transaction(SOMEONE) as tx:  # noqa: PT012
        note(tx, 2)
        raise ZeroDivisionError
    with noted.transaction(SOMEONE) as tx:
        assert rows(tx) == [1]


def test_a_savepoint_undoes_only_itself(noted: Database) -> None:
    with noted.transaction(SOMEONE) as tx:
        note(tx, 1)
        with pytest.raises(ZeroDivisionError), tx.savepoint():  # noqa: PT012
            note(tx, 2)
            raise ZeroDivisionError
        note(tx, 3)
        assert rows(tx) == [1, 3]


def test_acting_as_another_stays_in_the_same_transaction(noted: Database) -> None:
    with noted.transaction(SOMEONE) as tx:
        theirs = tx.acting_as(OTHER)
        assert (theirs.actor, tx.actor) == (OTHER, SOMEONE)
        note(theirs, 1)
        assert rows(tx) == [1]


def test_two_transactions_in_each_others_way_end_in_a_conflict_that_may_be_retried(noted: Database) -> None:
    with noted.transaction(SOMEONE) as tx:
        note(tx, 1)
        note(tx, 2)

    def update_both(first: int, second: int) -> str:
        try:
            with noted.transaction(SOMEONE) as tx:
                change = text("UPDATE noted SET n = n WHERE n = :n")
                tx.connection.execute(change, {"n": first})
                tx.connection.execute(text("SELECT pg_sleep(0.3)"))
                tx.connection.execute(change, {"n": second})
        except VersionConflict:
            return "conflict"
        return "done"

    with ThreadPoolExecutor(2) as pool:
        outcomes = {
            future.result() for future in (pool.submit(update_both, 1, 2), pool.submit(update_both, 2, 1))
        }
    assert outcomes == {"done", "conflict"}


def test_a_connection_that_is_cut_mid_transaction_is_an_unreachable_database(noted: Database) -> None:
    with pytest.raises(DatabaseUnreachable) as caught, noted.transaction(SOMEONE) as tx:  # noqa: PT012
        note(tx, 1)
        own = tx.connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with noted.transaction(OTHER) as killer:
            killer.connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": own})
        rows(tx)
    assert caught.value.retry
    with noted.transaction(SOMEONE) as tx:
        assert rows(tx) == []


def test_an_unreachable_server_is_named_without_its_password() -> None:
    away = Database.connect("postgres://someone:hidden-word@127.0.0.1:1/records")
    with pytest.raises(DatabaseUnreachable) as caught, away.transaction(SOMEONE):
        pass
    for told in ("127.0.0.1", "port 1", "'records'", "CARE_GATEWAY_DATABASE_URL"):
        assert told in caught.value.message
    assert "hidden-word" not in caught.value.message


@pytest.mark.parametrize(
    "url", ["sqlite:///care.db", "mysql://host/db", "care.db", "postgresql://u:50%@host/db"]
)
def test_a_url_that_is_no_postgresql_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(ConfigError, match="postgresql://user"):
        Database.connect(url)


def test_every_spelling_of_the_scheme_reaches_the_same_database(database_url: str) -> None:
    rest = database_url.partition("://")[2]
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        database = Database.connect(f"{scheme}://{rest}")
        migrate.ensure_current(database)
        database.close()


def test_the_session_speaks_utc_and_utf8(database: Database) -> None:
    with database.transaction(SOMEONE) as tx:
        shown = tx.connection.execute(
            text("SELECT current_setting('timezone'), current_setting('server_encoding')")
        ).one()
    assert tuple(shown) == ("UTC", "UTF8")
