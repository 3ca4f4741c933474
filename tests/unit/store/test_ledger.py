"""The ledger: one thing of theirs is one thing of ours, whoever asks first."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest

from gateway.errors import Conflict, Forbidden, Unprocessable
from gateway.store import ledger
from gateway.store.database import Database
from gateway.store.ledger import Agreement

from .cast import AMINA, GATEWAY, NORTHSIDE, ST_ANNES


def test_an_id_is_allocated_once_per_source_and_type(database: Database) -> None:
    with database.transaction(GATEWAY) as tx:
        assert ledger.ours(tx, "st-annes", "Goal", "9") is None
        id = ledger.ours_or_new(tx, "st-annes", "Goal", "9")
        assert ledger.ours_or_new(tx, "st-annes", "Goal", "9") == id
        assert ledger.ours(tx, "st-annes", "Goal", "9") == id
        others = [("northside", "Goal", "9"), ("st-annes", "CarePlan", "9"), ("st-annes", "Goal", "10")]
        assert len({id, *(ledger.ours_or_new(tx, *other) for other in others)}) == 4
        assert ledger.theirs(tx, "st-annes", "Goal", id) == Agreement("st-annes", "Goal", "9", id)
        assert ledger.theirs(tx, "st-annes", "Goal", str(uuid4())) is None


def test_two_workers_that_meet_one_thing_agree_on_one_id(database: Database) -> None:
    ids: list[str] = []
    together = threading.Barrier(4)

    def meet() -> None:
        with database.transaction(GATEWAY) as tx:
            together.wait()
            ids.append(ledger.ours_or_new(tx, "st-annes", "Goal", "9"))

    workers = [threading.Thread(target=meet) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(ids) == 4
    assert len(set(ids)) == 1


def test_an_agreement_is_kept_with_the_bytes_they_answered_and_renewed(database: Database) -> None:
    id = str(uuid4())
    first = Agreement("st-annes", "Goal", "9", id, 1, "7", b'{"value": 1.1}')
    second = Agreement("st-annes", "Goal", "9", id, 2, None, None)
    with database.transaction(ST_ANNES) as tx:
        for agreement in (first, second):
            ledger.agree(tx, agreement)
            assert ledger.theirs(tx, "st-annes", "Goal", id) == agreement
            assert ledger.agreed(tx, "st-annes", "Goal", "9") == agreement


def test_a_posted_copy_and_a_polled_one_meet_in_one_row(database: Database) -> None:
    posted = str(uuid4())
    with database.transaction(GATEWAY) as tx:
        ledger.agree(tx, Agreement("st-annes", "Goal", "9", posted))
        assert ledger.ours_or_new(tx, "st-annes", "Goal", "9") == posted


def test_one_thing_is_never_two(database: Database) -> None:
    id = str(uuid4())
    with database.transaction(GATEWAY) as tx:
        ledger.agree(tx, Agreement("st-annes", "Goal", "9", id))
        for other in (
            Agreement("st-annes", "Goal", "10", id),
            Agreement("st-annes", "Goal", "9", str(uuid4())),
        ):
            with pytest.raises(Conflict):
                ledger.agree(tx, other)
        ledger.agree(tx, Agreement("northside", "Goal", "10", id))
        with pytest.raises(Unprocessable):
            ledger.agree(tx, Agreement("st-annes", "Goal", "11", "not ours"))
        assert ledger.ours(tx, "st-annes", "Goal", "10") is None


def test_a_sources_rows_are_closed_to_others(database: Database) -> None:
    for actor in (NORTHSIDE, AMINA):
        with database.transaction(actor) as tx:
            for attempt in (
                lambda tx: ledger.ours(tx, "st-annes", "Goal", "9"),
                lambda tx: ledger.ours_or_new(tx, "st-annes", "Goal", "9"),
                lambda tx: ledger.theirs(tx, "st-annes", "Goal", str(uuid4())),
                lambda tx: ledger.agreed(tx, "st-annes", "Goal", "9"),
                lambda tx: ledger.agree(tx, Agreement("st-annes", "Goal", "9", str(uuid4()))),
            ):
                with pytest.raises(Forbidden):
                    attempt(tx)
