"""Sessions of people at the screens."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from gateway.access.actors import HERE, Actor, ActorKind
from gateway.errors import Forbidden, Unprocessable
from gateway.store import clock, sessions
from gateway.store.database import Database

GATEWAY = Actor.gateway()


def begin(database: Database, name: str = "amina") -> str:
    with database.transaction(GATEWAY) as tx:
        return sessions.begin(tx, name, ActorKind.COORDINATOR)


def found(database: Database, token: str) -> str | None:
    with database.transaction(GATEWAY) as tx:
        row = sessions.find(tx, token)
    return row.name if row else None


def test_a_token_leads_to_its_session_until_it_ends(database: Database) -> None:
    token, other = begin(database), begin(database, "bea")
    assert (found(database, token), found(database, other)) == ("amina", "bea")
    for _ in range(2):
        with database.transaction(GATEWAY) as tx:
            sessions.end(tx, token)
    assert (found(database, token), found(database, other)) == (None, "bea")


def test_the_token_itself_is_not_kept(database: Database) -> None:
    token = begin(database)
    with database.transaction(GATEWAY) as tx:
        assert token not in str(tx.connection.execute(text("SELECT s::text FROM screen_session s")).all())


@pytest.mark.parametrize("token", ["", "x" * 43, "x" * 42, "\0" * 43, "ä" * 43])
def test_any_other_text_is_no_session(database: Database, token: str) -> None:
    begin(database)
    assert found(database, token) is None
    with database.transaction(GATEWAY) as tx:
        sessions.end(tx, token)


def test_a_session_in_use_goes_on_and_an_idle_one_ends(database: Database) -> None:
    used, idle = begin(database), begin(database, "bea")
    for minutes in (20, 40, 60):
        clock.move(database, timedelta(minutes=minutes))
        assert found(database, used) == "amina"
    assert found(database, idle) is None
    clock.move(database, timedelta(minutes=91))
    assert found(database, used) is None


def test_no_session_outlasts_a_working_day(database: Database) -> None:
    token = begin(database)
    for minutes in range(20, 12 * 60, 20):
        clock.move(database, timedelta(minutes=minutes))
        assert found(database, token) == "amina"
    clock.move(database, timedelta(hours=12, minutes=1))
    assert found(database, token) is None


def test_sessions_past_their_time_are_forgotten_at_the_next_sign_in(database: Database) -> None:
    begin(database, "bea")
    clock.move(database, timedelta(minutes=31))
    token = begin(database)
    begin(database, "chidi")
    with database.transaction(GATEWAY) as tx:
        kept = tx.connection.execute(text("SELECT name FROM screen_session ORDER BY name")).scalars().all()
    assert kept == ["amina", "chidi"]
    assert found(database, token) == "amina"


def test_machines_have_no_sessions_and_nobody_reads_sessions_but_the_gateway(database: Database) -> None:
    with pytest.raises(Unprocessable), database.transaction(GATEWAY) as tx:
        sessions.begin(tx, "elm", ActorKind.AGENCY)
    with pytest.raises(Forbidden), database.transaction(Actor(ActorKind.ADMIN, "a", HERE)) as tx:
        sessions.find(tx, begin(database))
