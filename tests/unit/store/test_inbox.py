"""What partners sent, how far they were read, and answers kept for those who ask twice."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from gateway.errors import Conflict, Forbidden, Unprocessable
from gateway.store import cursors, idempotency, inbox
from gateway.store.database import Database
from gateway.store.idempotency import KeptAnswer

from .cast import AMINA, ELM, GATEWAY, NORTHSIDE, OPS, ST_ANNES


def test_a_message_is_kept_once_as_it_came(database: Database) -> None:
    with database.transaction(GATEWAY) as tx:
        assert inbox.keep(tx, "st-annes", "m1", b'{ "a":1.10 }', "application/fhir+json")
        assert not inbox.keep(tx, "st-annes", "m1", b"other", "text/plain")
        assert inbox.keep(tx, "northside", "m1", b"", "text/plain")
        body = tx.connection.execute(text("SELECT body FROM inbox WHERE source = 'st-annes'")).scalar_one()
    assert bytes(body) == b'{ "a":1.10 }'


def test_of_many_repeats_at_once_one_has_an_effect(database: Database) -> None:
    new: list[bool] = []

    def receive() -> None:
        with database.transaction(ELM) as tx:
            new.append(inbox.keep(tx, "elm-trust", "m1", b"x", "text/plain"))

    receivers = [threading.Thread(target=receive) for _ in range(5)]
    for receiver in receivers:
        receiver.start()
    for receiver in receivers:
        receiver.join()
    assert sorted(new) == [False] * 4 + [True]


def test_what_cannot_be_read_is_set_aside_with_its_reason(database: Database) -> None:
    with database.transaction(ST_ANNES) as tx:
        inbox.keep(tx, "st-annes", "page-1", b"x", "text/plain")
        inbox.quarantine(tx, "st-annes", "page-1", 3, "Goal.subject is missing")
        inbox.quarantine(tx, "st-annes", "page-1", 3, "Goal.subject is still missing")
        (held,) = inbox.quarantined(tx, "st-annes")
    assert (held.message_id, held.position, held.reason) == ("page-1", 3, "Goal.subject is still missing")
    with database.transaction(OPS) as tx:
        assert inbox.quarantined(tx) == [held]
        assert inbox.quarantined(tx, "northside") == []
    with database.transaction(ST_ANNES) as tx, pytest.raises(Forbidden):
        inbox.quarantined(tx)


def test_a_cursor_moves_for_one_partner_and_type(database: Database) -> None:
    with database.transaction(ST_ANNES) as tx:
        assert cursors.get(tx, "st-annes", "Goal") is None
        cursors.set(tx, "st-annes", "Goal", "2026-03-01T00:00:00Z")
        cursors.set(tx, "st-annes", "Goal", "https://ehr.example/next?p=2")
        assert cursors.get(tx, "st-annes", "Goal") == "https://ehr.example/next?p=2"
        assert cursors.get(tx, "st-annes", "Task") is None


def test_the_books_of_one_source_are_closed_to_another(database: Database) -> None:
    for attempt in (
        lambda tx: inbox.keep(tx, "st-annes", "m", b"", "text/plain"),
        lambda tx: inbox.quarantine(tx, "st-annes", "m", 0, "x"),
        lambda tx: cursors.get(tx, "st-annes", "Goal"),
        lambda tx: cursors.set(tx, "st-annes", "Goal", "x"),
    ):
        for actor in (NORTHSIDE, AMINA):
            with database.transaction(actor) as tx, pytest.raises(Forbidden):
                attempt(tx)


def test_a_repeated_request_gets_the_kept_answer(database: Database) -> None:
    with database.transaction(AMINA) as tx:
        assert idempotency.replayed(tx, "key", b"request") is None
        idempotency.keep(tx, "key", b"request", 201, {"Location": "/api/goals/1"}, b"{}")
    with database.transaction(AMINA) as tx:
        kept = idempotency.replayed(tx, "key", b"request")
    assert kept == KeptAnswer(201, {"Location": "/api/goals/1"}, b"{}")


def test_a_key_used_for_another_request_is_refused_and_is_nothing_to_others(database: Database) -> None:
    with database.transaction(AMINA) as tx:
        idempotency.replayed(tx, "key", b"request")
        idempotency.keep(tx, "key", b"request", 200, {}, b"")
    with database.transaction(AMINA) as tx, pytest.raises(Unprocessable):
        idempotency.replayed(tx, "key", b"another")
    with database.transaction(ST_ANNES) as tx:
        assert idempotency.replayed(tx, "key", b"another") is None


def test_the_same_key_at_the_same_moment_is_a_conflict_and_free_again_when_undone(database: Database) -> None:
    with database.transaction(AMINA) as tx:
        idempotency.replayed(tx, "key", b"request")
        with database.transaction(AMINA) as other, pytest.raises(Conflict):
            idempotency.replayed(other, "key", b"request")
    with database.transaction(AMINA) as tx:
        assert idempotency.replayed(tx, "key", b"request") is None
