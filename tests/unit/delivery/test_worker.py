"""The worker on a real database, with real hospitals and a real agency."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.acts.gateway import Gateway
from gateway.acts.id_spaces import actor_of
from gateway.delivery import LANES, Pace
from gateway.delivery.worker import Worker
from gateway.delivery.workplace import LaneWork, Workplace
from gateway.errors import PartnerRefused
from gateway.store import audit, clock, cursors, dead_letters, lanes, resources
from gateway.store.database import Database
from tests.unit.acts.hospital import (
    COORDINATOR,
    Hospital,
    coordinator_edits,
    gateway_for,
    hospitals,
    ours,
    patient,
    plan,
)

ADA = "9990000018"
PACE = Pace(
    threads=2, lease_s=30, reserve_s=10, idle_s=0.02, backoff_s=0.05, backoff_cap_s=0.2, max_attempts=3
)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[dict[str, Hospital]]:
    with hospitals(tmp_path, "st-annes", "northside") as found:
        yield dict(found)


@pytest.fixture
def gateway(database: Database, town: dict[str, Hospital]) -> Gateway:
    return gateway_for(database, town)


def worker_for(gateway: Gateway, town: dict[str, Hospital], works: tuple[LaneWork, ...] = LANES) -> Worker:
    systems = {name: hospital.system for name, hospital in town.items()}
    return Worker(Workplace(gateway, systems, PACE), works)


def until(holds: Callable[[], Any], within_s: float = 20) -> Any:
    """What `holds` gives as soon as it is true."""
    ends = time.monotonic() + within_s
    while time.monotonic() < ends:
        found = holds()
        if found:
            return found
        time.sleep(0.05)
    pytest.fail("it did not come true")


@pytest.fixture
def running(gateway: Gateway, town: dict[str, Hospital]) -> Iterator[Worker]:
    worker = worker_for(gateway, town)
    thread = threading.Thread(target=worker.run)
    thread.start()
    yield worker
    worker.stop()
    thread.join(20)
    assert not thread.is_alive()


def letters(gateway: Gateway) -> list[dead_letters.DeadLetter]:
    with gateway.database.transaction(COORDINATOR) as tx:
        return dead_letters.dead_letters(tx)


def test_a_plan_travels_from_one_hospital_to_the_other_and_an_edit_reaches_both(
    gateway: Gateway, town: dict[str, Hospital], running: Worker
) -> None:
    st_annes, northside = town["st-annes"], town["northside"]
    st_annes.writes(patient(ADA), "P1")
    northside.writes(patient(ADA), "77")
    goal = {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": "Walk to the shop"},
        "subject": {"reference": "Patient/P1"},
    }
    st_annes.writes(goal, "G1")
    st_annes.writes(plan("P1", goal=[{"reference": "Goal/G1"}]), "C1")

    [copy] = until(lambda: northside.holds("CarePlan"))
    [their_goal] = northside.holds("Goal")
    assert copy.resource["subject"] == {"reference": "Patient/77"}
    assert copy.resource["goal"] == [{"reference": f"Goal/{their_goal.id}"}]

    coordinator_edits(gateway, ours(gateway, st_annes, "CarePlan", "C1"), title="Home, with stairs")
    until(lambda: northside.sees("CarePlan", copy.id)["title"] == "Home, with stairs")
    until(lambda: st_annes.sees("CarePlan", "C1")["title"] == "Home, with stairs")

    northside.edits("CarePlan", copy.id, status="on-hold")
    until(lambda: st_annes.sees("CarePlan", "C1")["status"] == "on-hold")
    assert letters(gateway) == []


def test_the_cursor_follows_the_hospitals_clock_and_the_audit_is_sealed(
    gateway: Gateway, town: dict[str, Hospital], running: Worker
) -> None:
    held = town["st-annes"].writes(patient(ADA), "P1")

    def cursor() -> str | None:
        with gateway.database.transaction(actor_of(town["st-annes"].partner)) as tx:
            return cursors.get(tx, "st-annes", "Patient")

    assert until(cursor) == held.updated

    def sealed() -> bool:
        with gateway.database.transaction(gateway.self_actor) as tx:
            verdict = audit.verify(tx)
            assert verdict.fault is None
            return verdict.checked > 0 and verdict.unsealed == 0

    until(sealed)


def test_a_question_becomes_a_dead_letter_that_the_coordinator_owns(
    gateway: Gateway, town: dict[str, Hospital], running: Worker
) -> None:
    from gateway.acts.asking import ask

    with gateway.database.transaction(COORDINATOR) as tx:
        ask(
            tx,
            "CarePlan/1",
            "CarePlan.title edited both here and at st-annes",
            {"elements": ["CarePlan.title"]},
        )

    [letter] = until(lambda: letters(gateway))
    assert (letter.owner, letter.payload["elements"]) == ("coordinator", ["CarePlan.title"])


def one_message(gateway: Gateway, destination: str = "fanout") -> None:
    with gateway.database.transaction(gateway.self_actor) as tx:
        lanes.enqueue(tx, destination, "k", {"n": 1})


def worker_with(gateway: Gateway, deliver: Callable[..., None]) -> Worker:
    return worker_for(gateway, {}, (LaneWork("fanout", owner="operations", deliver=deliver),))


def drained(worker: Worker, database: Database, rounds: int) -> None:
    for number in range(rounds):
        clock.move(database, timedelta(minutes=number + 1))
        while worker.work_once():
            pass


def test_a_message_that_breaks_the_code_is_parked_and_the_one_behind_it_goes_on(
    gateway: Gateway, database: Database
) -> None:
    done: list[int] = []

    def deliver(place: Workplace, turn: Any, message: lanes.Message) -> None:
        if message.seq == 1:
            raise KeyError("Ada Okafor")
        with place.gateway.database.transaction(place.gateway.self_actor) as tx:
            turn.acknowledge(tx, message, {})
        done.append(message.seq)

    one_message(gateway)
    one_message(gateway)
    drained(worker_with(gateway, deliver), database, PACE.max_attempts + 1)

    assert done == [2]
    [letter] = letters(gateway)
    assert letter.attempts == PACE.max_attempts
    assert "Okafor" not in letter.reason


def test_a_refusal_is_a_dead_letter_at_once_and_can_be_replayed_under_its_id(
    gateway: Gateway, database: Database
) -> None:
    seen: list[str] = []

    def deliver(place: Workplace, turn: Any, message: lanes.Message) -> None:
        seen.append(message.delivery_id)
        if len(seen) == 1:
            raise PartnerRefused("northside: answered 422")
        with place.gateway.database.transaction(place.gateway.self_actor) as tx:
            turn.acknowledge(tx, message, {"status": 200})

    one_message(gateway)
    worker = worker_with(gateway, deliver)
    drained(worker, database, 1)
    [letter] = letters(gateway)
    assert (letter.reason, letter.owner) == ("northside: answered 422", "operations")
    with gateway.database.transaction(COORDINATOR) as tx:
        dead_letters.replay(tx, letter.id)
    drained(worker, database, 2)

    assert seen == [letter.delivery_id] * 2
    assert letters(gateway) == []


def test_a_worker_whose_lease_has_passed_on_settles_nothing(gateway: Gateway, database: Database) -> None:
    def slow(place: Workplace, turn: Any, message: lanes.Message) -> None:
        with place.gateway.database.transaction(place.gateway.self_actor) as tx:
            clock.move(database, timedelta(hours=1))
            [stolen] = lanes.claim(tx, limit=1, lease_s=30)
            assert stolen.key == turn.lease.key
        with place.gateway.database.transaction(place.gateway.self_actor) as tx:
            turn.acknowledge(tx, message, {})

    one_message(gateway)
    assert worker_with(gateway, slow).work_once()

    clock.move(database, timedelta(hours=2))
    with gateway.database.transaction(gateway.self_actor) as tx:
        [lease] = lanes.claim(tx, limit=1, lease_s=30)
        message = lanes.head(tx, lease)
        assert message is not None
        assert message.attempts == 0


def test_what_is_about_a_person_reaches_a_hospital_that_comes_to_know_the_person_later(
    gateway: Gateway, town: dict[str, Hospital], running: Worker
) -> None:
    st_annes, northside = town["st-annes"], town["northside"]
    st_annes.writes(patient(ADA), "P1")
    st_annes.writes(plan("P1"), "C1")

    def is_received() -> bool:
        with gateway.database.transaction(actor_of(st_annes.partner)) as tx:
            from gateway.store import ledger

            our_id = ledger.ours(tx, "st-annes", "CarePlan", "C1")
            return our_id is not None and resources.find(tx, "CarePlan", our_id) is not None

    until(is_received)
    northside.writes(patient(ADA), "77")

    [copy] = until(lambda: northside.holds("CarePlan"))
    assert copy.resource["subject"] == {"reference": "Patient/77"}


def test_a_partner_that_hangs_does_not_keep_the_others_waiting(
    gateway: Gateway, town: dict[str, Hospital]
) -> None:
    hangs, delivered = threading.Event(), threading.Event()

    def deliver(place: Workplace, turn: Any, message: lanes.Message) -> None:
        if message.destination == "push:northside":
            hangs.wait(30)
        with place.gateway.database.transaction(place.gateway.self_actor) as tx:
            turn.acknowledge(tx, message, {})
        if message.destination == "push:st-annes":
            delivered.set()

    with gateway.database.transaction(gateway.self_actor) as tx:
        for key in "abcde":
            lanes.enqueue(tx, "push:northside", key, {})
    with gateway.database.transaction(gateway.self_actor) as tx:
        lanes.enqueue(tx, "push:st-annes", "a", {})
    worker = worker_for(gateway, town, (LaneWork("push", owner="operations", deliver=deliver),))
    threads = [threading.Thread(target=worker.work_once) for _ in range(PACE.threads)]
    for thread in threads:
        thread.start()
    try:
        assert delivered.wait(10)
    finally:
        hangs.set()
        for thread in threads:
            thread.join(20)


def test_a_worker_outlives_what_nobody_foresaw(gateway: Gateway, town: dict[str, Hospital]) -> None:
    def renamed(old: str, new: str) -> None:
        with gateway.database.transaction(gateway.self_actor) as tx:
            tx.connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")

    done = threading.Event()

    def deliver(place: Workplace, turn: Any, message: lanes.Message) -> None:
        with place.gateway.database.transaction(place.gateway.self_actor) as tx:
            turn.acknowledge(tx, message, {})
        done.set()

    worker = worker_with(gateway, deliver)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        time.sleep(0.3)
        renamed("lane", "lane_away")
        time.sleep(0.5)
        assert thread.is_alive()
        renamed("lane_away", "lane")
        one_message(gateway)
        assert done.wait(10)
    finally:
        worker.stop()
        thread.join(20)
