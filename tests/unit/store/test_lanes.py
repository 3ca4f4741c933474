"""Lanes: order, leases, fencing, back-off, receipts and dead letters, over the real SQL."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from gateway.errors import Conflict, Forbidden, LeaseLost, NotFound
from gateway.store import clock, dead_letters, lanes
from gateway.store.database import Database, Transaction
from gateway.store.lanes import Lease, Message

from .cast import AMINA, ELM, GATEWAY, OPS, ST_ANNES


def sent(database: Database, key: str = "k", destination: str = "d", **more: Any) -> str:
    with database.transaction(GATEWAY) as tx:
        return lanes.enqueue(tx, destination, key, {"n": 1}, **more)


def claimed(database: Database, limit: int = 10, lease_s: float = 60) -> list[Lease]:
    with database.transaction(GATEWAY) as tx:
        return lanes.claim(tx, limit=limit, lease_s=lease_s)


def only_claimed(database: Database) -> Lease:
    (lease,) = claimed(database)
    return lease


def at_head(database: Database, lease: Lease) -> Message:
    with database.transaction(GATEWAY) as tx:
        message = lanes.head(tx, lease)
    assert message is not None
    return message


def acknowledged(database: Database, lease: Lease, message: Message) -> None:
    with database.transaction(GATEWAY) as tx:
        lanes.acknowledge(tx, lease, message, {"status": 202})


def released(database: Database, lease: Lease) -> None:
    with database.transaction(GATEWAY) as tx:
        lanes.release(tx, lease)


def test_messages_come_out_in_the_order_they_went_in_each_with_its_own_delivery_id(
    database: Database,
) -> None:
    ids = [sent(database) for _ in range(3)]
    with database.transaction(GATEWAY) as tx:
        ids += [lanes.enqueue(tx, "d", "k", {"n": n}) for n in range(3)]
    lease = only_claimed(database)
    seen = []
    for place in range(1, 7):
        message = at_head(database, lease)
        assert message == at_head(database, lease)
        assert message.seq == place
        seen.append(message.delivery_id)
        acknowledged(database, lease, message)
    assert seen == ids
    assert len(set(ids)) == 6
    released(database, lease)
    assert claimed(database) == []


def test_a_leased_lane_is_passed_over_until_the_lease_ends(database: Database) -> None:
    sent(database)
    first = only_claimed(database)
    assert claimed(database) == []
    clock.move(database, timedelta(seconds=61))
    second = only_claimed(database)
    assert second.epoch > first.epoch
    message = at_head(database, second)
    for late in (
        lambda tx: lanes.acknowledge(tx, first, message, {}),
        lambda tx: lanes.postpone(tx, first, 1, "late"),
        lambda tx: lanes.release(tx, first),
        lambda tx: lanes.dead_letter(tx, first, message, "late", "amina"),
    ):
        with database.transaction(GATEWAY) as tx, pytest.raises(LeaseLost):
            late(tx)
    acknowledged(database, second, message)


def test_a_failed_attempt_waits_is_counted_and_keeps_its_delivery_id(database: Database) -> None:
    delivery_id = sent(database)
    for attempts in range(3):
        lease = only_claimed(database)
        message = at_head(database, lease)
        assert (lease.attempts, message.attempts, message.delivery_id) == (attempts, attempts, delivery_id)
        with database.transaction(GATEWAY) as tx:
            lanes.postpone(tx, lease, 30, "the partner answered 503")
        assert claimed(database) == []
        clock.move(database, timedelta(seconds=31 * (attempts + 1)))
    lease = only_claimed(database)
    acknowledged(database, lease, at_head(database, lease))
    released(database, lease)
    sent(database)
    assert only_claimed(database).attempts == 0


def test_a_released_lane_with_more_to_do_is_ready_at_once(database: Database) -> None:
    sent(database)
    sent(database)
    lease = only_claimed(database)
    acknowledged(database, lease, at_head(database, lease))
    released(database, lease)
    assert at_head(database, only_claimed(database)).seq == 2


def test_a_message_that_arrives_while_the_lane_is_released_is_not_forgotten(database: Database) -> None:
    sent(database)
    lease = only_claimed(database)
    acknowledged(database, lease, at_head(database, lease))
    numbered, go_on = threading.Event(), threading.Event()

    def hold(_: Transaction) -> None:
        numbered.set()
        go_on.wait(5)

    def write() -> None:
        with database.transaction(GATEWAY) as tx:
            lanes.enqueue(tx, "d", "k", {"n": 2})
            tx.before_commit("wait", hold)

    writer, releaser = (
        threading.Thread(target=write),
        threading.Thread(target=released, args=(database, lease)),
    )
    writer.start()
    assert numbered.wait(5)
    releaser.start()  # waits for the writer, who holds the lane
    releaser.join(0.2)
    go_on.set()
    writer.join()
    releaser.join()
    assert at_head(database, only_claimed(database)).payload == {"n": 2}


def test_a_message_for_later_holds_its_own_lane_only(database: Database) -> None:
    sent(database, "later", due_in_s=60)
    sent(database, "later")
    sent(database, "now")
    assert [lease.key for lease in claimed(database)] == ["now"]
    clock.move(database, timedelta(seconds=61))
    assert [lease.key for lease in claimed(database)] == ["later", "now"]


def test_a_lane_whose_next_message_is_not_due_is_ready_when_it_is(database: Database) -> None:
    sent(database)
    lease = only_claimed(database)
    sent(database, due_in_s=60)
    acknowledged(database, lease, at_head(database, lease))
    with database.transaction(GATEWAY) as tx:
        assert lanes.head(tx, lease) is None
    released(database, lease)
    assert claimed(database) == []
    clock.move(database, timedelta(seconds=61))
    assert at_head(database, only_claimed(database)).seq == 2


def test_two_workers_never_hold_one_lane(database: Database) -> None:
    for n in range(20):
        sent(database, f"k{n}")
    taken: list[str] = []

    def work() -> None:
        while leases := claimed(database, limit=3):
            taken.extend(lease.key for lease in leases)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(taken) == sorted(f"k{n}" for n in range(20))


def test_writers_that_touch_the_same_lanes_in_any_order_do_not_block_each_other(database: Database) -> None:
    keys = ["a", "b", "c"]

    def write(order: list[str]) -> None:
        for _ in range(15):
            with database.transaction(GATEWAY) as tx:
                for key in order:
                    lanes.enqueue(tx, "d", key, {})

    writers = [threading.Thread(target=write, args=(order,)) for order in (keys, keys[::-1], ["b", "c", "a"])]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with database.transaction(GATEWAY) as tx:
        rows = tx.connection.execute(
            text("SELECT key, array_agg(seq ORDER BY seq) FROM message GROUP BY key")
        )
        assert {row[0]: row[1] for row in rows} == {key: list(range(1, 46)) for key in keys}


def test_a_receipt_is_kept_and_bookkeeping_leaves_none(database: Database) -> None:
    delivered, noted = sent(database, "a"), sent(database, "b")
    for lease, receipt in zip(claimed(database), ({"status": 202}, {}), strict=True):
        message = at_head(database, lease)
        with database.transaction(GATEWAY) as tx:
            lanes.acknowledge(tx, lease, message, receipt)
    with database.transaction(GATEWAY) as tx:
        rows = tx.connection.execute(text("SELECT delivery_id, receipt FROM receipt")).all()
        left = tx.connection.execute(text("SELECT count(*) FROM message")).scalar_one()
    assert [(str(row.delivery_id), row.receipt) for row in rows] == [(delivered, {"status": 202})]
    assert noted != delivered
    assert left == 0


def test_a_dead_letter_says_what_happened_and_is_replayed_once_under_the_same_id(database: Database) -> None:
    delivery_id = sent(database)
    lease = only_claimed(database)
    with database.transaction(GATEWAY) as tx:
        lanes.postpone(tx, lease, 0, "the partner answered 503")
    lease = only_claimed(database)
    message = at_head(database, lease)
    with database.transaction(GATEWAY) as tx:
        lanes.dead_letter(tx, lease, message, "the partner answered 400", "amina")
        lanes.release(tx, lease)
    with database.transaction(AMINA) as tx:
        (letter,) = dead_letters.dead_letters(tx)
    assert (letter.delivery_id, letter.payload, letter.attempts) == (delivery_id, {"n": 1}, 2)
    assert (letter.reason, letter.owner) == ("the partner answered 400", "amina")
    assert letter.enqueued_at < letter.first_attempt_at < letter.last_attempt_at
    assert claimed(database) == []
    with database.transaction(AMINA) as tx:
        assert dead_letters.replay(tx, letter.id) == delivery_id
    with database.transaction(AMINA) as tx:
        assert dead_letters.dead_letters(tx) == []
        with pytest.raises(Conflict):
            dead_letters.replay(tx, letter.id)
        with pytest.raises(NotFound):
            dead_letters.replay(tx, 999)
    again = at_head(database, only_claimed(database))
    assert (again.delivery_id, again.payload, again.attempts) == (delivery_id, {"n": 1}, 0)


def test_a_dead_letter_is_resolved_with_a_reason_and_then_closed(database: Database) -> None:
    sent(database)
    lease = only_claimed(database)
    with database.transaction(GATEWAY) as tx:
        message = lanes.head(tx, lease)
        assert message is not None
        lanes.dead_letter(tx, lease, message, "no such address", "ops")
    with database.transaction(OPS) as tx:
        (letter,) = dead_letters.dead_letters(tx)
        dead_letters.resolve(tx, letter.id, "told by telephone")
        assert dead_letters.dead_letters(tx) == []
        for attempt in (dead_letters.replay, lambda tx, id: dead_letters.resolve(tx, id, "again")):
            with pytest.raises(Conflict):
                attempt(tx, letter.id)


def test_a_periodic_lane_comes_back_and_is_told_once(database: Database) -> None:
    for _ in range(3):
        with database.transaction(GATEWAY) as tx:
            lanes.ensure_periodic(tx, "poll", "st-annes", 60)
    lease = only_claimed(database)
    assert lease.every_s == 60
    with database.transaction(GATEWAY) as tx:
        assert lanes.head(tx, lease) is None
        lanes.release(tx, lease)
    assert claimed(database) == []
    clock.move(database, timedelta(seconds=61))
    lease = only_claimed(database)
    with database.transaction(GATEWAY) as tx:
        lanes.postpone(tx, lease, 600, "the partner did not answer")
        lanes.ensure_periodic(tx, "poll", "st-annes", 30)  # a shorter period also ends a longer wait
    clock.move(database, timedelta(seconds=95))
    assert only_claimed(database).attempts == 1


def test_only_some_destinations_are_claimed_when_asked_so(database: Database) -> None:
    sent(database, destination="a")
    sent(database, destination="b")
    with database.transaction(GATEWAY) as tx:
        assert [it.destination for it in lanes.claim(tx, limit=9, lease_s=9, destinations=["b", "c"])] == [
            "b"
        ]
        assert lanes.claim(tx, limit=9, lease_s=9, destinations=[]) == []


def test_everybody_may_enqueue_and_nobody_else_works_the_lanes(database: Database) -> None:
    for actor in (ST_ANNES, AMINA, ELM, OPS):
        with database.transaction(actor) as tx:
            lanes.enqueue(tx, "d", "k", {})
            with pytest.raises(Forbidden):
                lanes.claim(tx, limit=1, lease_s=1)
    for actor in (ST_ANNES, ELM):
        with database.transaction(actor) as tx, pytest.raises(Forbidden):
            dead_letters.dead_letters(tx)
