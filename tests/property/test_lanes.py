"""The written model of the lanes: hypothesis plays workers and writers over the real SQL and compares.

The model knows of each lane the messages in commit order, when it is ready, and which lease is current. Time
goes on in strides far longer than any lease, so that real seconds passing in between change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from gateway.access.actors import Actor
from gateway.errors import Conflict, LeaseLost
from gateway.store import clock, dead_letters, lanes
from gateway.store.database import Database
from gateway.store.lanes import Lease

GATEWAY = Actor.gateway()
STRIDE = timedelta(hours=1)
LEASE_S = 60.0
KEYS = st.sampled_from(["a", "b", "c"])


@dataclass
class Lane:
    """What the model knows of one lane; `ready` counts strides, None: nothing to do."""

    waiting: list[str] = field(default_factory=list)
    ready: int | None = None
    current: int = -1


class Lanes(RuleBasedStateMachine):
    """Writers enqueue; workers claim, die, come back late, acknowledge; nothing is lost or swapped."""

    database: Database
    leases = Bundle("leases")

    def __init__(self) -> None:
        super().__init__()
        self.lanes: dict[str, Lane] = {}
        self.delivered: set[str] = set()
        self.dead: dict[str, int] = {}
        self.replayed: list[int] = []
        self.now = 0
        with self.database.transaction(GATEWAY) as tx:
            tx.connection.execute(text("TRUNCATE lane, message, receipt, dead_letter"))
        clock.move(self.database, timedelta(0))

    @rule(keys=st.lists(KEYS, min_size=1, max_size=4), undone=st.booleans())
    def enqueue(self, keys: list[str], undone: bool) -> None:
        ids: list[tuple[str, str]] = []
        try:
            with self.database.transaction(GATEWAY) as tx:
                ids = [(key, lanes.enqueue(tx, "d", key, {"key": key})) for key in keys]
                if undone:
                    raise Conflict("the act was refused")
        except Conflict:
            return
        for key, id in ids:
            lane = self.lanes.setdefault(key, Lane())
            lane.waiting.append(id)
            lane.ready = self.now if lane.ready is None else lane.ready

    @rule(target=leases, limit=st.integers(1, 3))
    def claim(self, limit: int) -> object:
        with self.database.transaction(GATEWAY) as tx:
            claimed = lanes.claim(tx, limit=limit, lease_s=LEASE_S)
        due = {key for key, lane in self.lanes.items() if lane.ready is not None and lane.ready <= self.now}
        assert {lease.key for lease in claimed} <= due
        assert len(claimed) == min(limit, len(due))
        for lease in claimed:
            lane = self.lanes[lease.key]
            assert lease.epoch > lane.current
            lane.current, lane.ready = lease.epoch, self.now + 1
        return multiple(*claimed)

    @rule()
    def time_goes_on(self) -> None:
        self.now += 1
        clock.move(self.database, self.now * STRIDE)

    @rule(lease=leases)
    def acknowledge(self, lease: Lease) -> None:
        lane = self.lanes[lease.key]
        with self.database.transaction(GATEWAY) as tx:
            message = lanes.head(tx, lease)
        if message is None:
            assert not lane.waiting
            return
        assert message.delivery_id == lane.waiting[0]
        with self.database.transaction(GATEWAY) as tx:
            if lease.epoch != lane.current:
                with pytest.raises(LeaseLost):
                    lanes.acknowledge(tx, lease, message, {"status": 200})
                return
            lanes.acknowledge(tx, lease, message, {"status": 200})
        self.delivered.add(lane.waiting.pop(0))

    @rule(lease=leases)
    def release(self, lease: Lease) -> None:
        lane = self.lanes[lease.key]
        with self.database.transaction(GATEWAY) as tx:
            if lease.epoch != lane.current:
                with pytest.raises(LeaseLost):
                    lanes.release(tx, lease)
                return
            lanes.release(tx, lease)
        lane.current += 1
        lane.ready = self.now if lane.waiting else None

    @rule(lease=leases)
    def postpone(self, lease: Lease) -> None:
        lane = self.lanes[lease.key]
        with self.database.transaction(GATEWAY) as tx:
            if lease.epoch != lane.current:
                with pytest.raises(LeaseLost):
                    lanes.postpone(tx, lease, LEASE_S, "503")
                return
            lanes.postpone(tx, lease, LEASE_S, "503")
        lane.current += 1
        lane.ready = self.now + 1

    @rule(lease=leases)
    def give_up(self, lease: Lease) -> None:
        lane = self.lanes[lease.key]
        with self.database.transaction(GATEWAY) as tx:
            message = lanes.head(tx, lease)
            if message is None or lease.epoch != lane.current:
                return
            lanes.dead_letter(tx, lease, message, "400", "amina")
            (letter,) = (it for it in dead_letters.dead_letters(tx) if it.delivery_id == message.delivery_id)
        self.dead[lane.waiting.pop(0)] = letter.id

    @rule(again=st.booleans())
    def replay(self, again: bool) -> None:
        if again and self.replayed:
            with self.database.transaction(GATEWAY) as tx, pytest.raises(Conflict):
                dead_letters.replay(tx, self.replayed[-1])
        elif self.dead:
            delivery_id, letter = self.dead.popitem()
            with self.database.transaction(GATEWAY) as tx:
                assert dead_letters.replay(tx, letter) == delivery_id
                row = tx.connection.execute(
                    text("SELECT key FROM dead_letter WHERE id = :id"), {"id": letter}
                )
                lane = self.lanes[row.scalar_one()]
            self.replayed.append(letter)
            lane.waiting.append(delivery_id)
            lane.ready = self.now if lane.ready is None else lane.ready

    @invariant()
    def every_message_is_in_one_place_and_in_order(self) -> None:
        with self.database.transaction(GATEWAY) as tx:
            held = tx.connection.execute(text("SELECT key, delivery_id FROM message ORDER BY key, seq")).all()
            receipts = tx.connection.execute(text("SELECT delivery_id FROM receipt")).scalars().all()
            letters = dead_letters.dead_letters(tx)
        waiting = [(key, id) for key, lane in sorted(self.lanes.items()) for id in lane.waiting]
        assert [(row.key, str(row.delivery_id)) for row in held] == waiting
        assert {str(id) for id in receipts} == self.delivered
        assert {letter.delivery_id: letter.id for letter in letters} == self.dead

    @invariant()
    def a_lane_with_work_is_never_forgotten(self) -> None:
        with self.database.transaction(GATEWAY) as tx:
            idle = tx.connection.execute(text("SELECT key FROM lane WHERE ready_at IS NULL")).scalars().all()
        assert not any(self.lanes[key].waiting for key in idle)


def test_whatever_workers_and_writers_do_nothing_is_lost_or_swapped(database: Database) -> None:
    machine = type("LanesHere", (Lanes,), {"database": database})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=20, stateful_step_count=25, deadline=None)
    )
