"""`care-gateway deliveries`."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import pytest

from gateway.access.actors import Actor
from gateway.store import dead_letters, inbox, lanes
from gateway.store.database import Database
from tests.unit.cli.conftest import Told

Run = Callable[..., Told]
REFERENCE = "CarePlan/7d0c4b0e-0000-4000-8000-000000000001"


@pytest.fixture
def deliveries(care_gateway: Run, database_url: str) -> Run:
    return partial(care_gateway, "deliveries", CARE_GATEWAY_DATABASE_URL=database_url)


@pytest.fixture
def letter(database: Database) -> dead_letters.DeadLetter:
    """A push that a hospital refused."""
    with database.transaction(Actor.gateway()) as tx:
        lanes.enqueue(tx, "push:northside", REFERENCE, {"reference": REFERENCE})
    with database.transaction(Actor.gateway()) as tx:
        [lease] = lanes.claim(tx, limit=1, lease_s=60, destinations=["push:northside"])
        message = lanes.head(tx, lease)
        assert message is not None
        lanes.dead_letter(tx, lease, message, "northside: PUT answered 422", "operations")
        lanes.release(tx, lease)
    with database.transaction(Actor.gateway()) as tx:
        [letter] = dead_letters.dead_letters(tx)
    return letter


def test_when_nothing_waits_it_says_so_and_exits_0(deliveries: Run) -> None:
    told = deliveries("list")
    assert (told.code, told.out) == (0, "nothing waits\n")


def test_a_dead_letter_is_listed_with_reason_and_owner_and_exits_1(
    deliveries: Run, letter: dead_letters.DeadLetter
) -> None:
    told = deliveries("list")
    assert told.code == 1
    assert "push:northside" in told.out
    assert "northside: PUT answered 422" in told.out
    assert "operations" in told.out


def test_as_json_it_is_one_list_and_nothing_else(deliveries: Run, letter: dead_letters.DeadLetter) -> None:
    [said] = json.loads(deliveries("list", "--json").out)
    assert (said["id"], said["delivery_id"]) == (letter.id, letter.delivery_id)


def test_one_is_shown_with_what_it_was_about(deliveries: Run, letter: dead_letters.DeadLetter) -> None:
    told = deliveries("show", str(letter.id))
    assert told.code == 0
    assert REFERENCE in told.out


def test_one_that_nobody_has_is_named_as_missing(deliveries: Run) -> None:
    told = deliveries("show", "999")
    assert told.code == 1
    assert "no dead letter 999" in told.err


def test_a_replay_puts_it_back_into_its_lane_once(
    deliveries: Run, letter: dead_letters.DeadLetter, database: Database
) -> None:
    told = deliveries("replay", str(letter.id))
    assert told.code == 0, told.err
    assert letter.delivery_id in told.out

    again = deliveries("replay", str(letter.id))
    assert again.code == 1
    assert "already" in again.err
    with database.transaction(Actor.gateway()) as tx:
        [lease] = lanes.claim(tx, limit=5, lease_s=60, destinations=["push:northside"])
        message = lanes.head(tx, lease)
    assert message is not None
    assert message.delivery_id == letter.delivery_id


def test_what_could_not_be_read_is_listed_with_source_place_and_reason(
    deliveries: Run, database: Database
) -> None:
    assert deliveries("quarantined").out == "nothing is quarantined\n"
    with database.transaction(Actor.gateway()) as tx:
        inbox.keep(tx, "northside", "page-1", b"{}", "application/fhir+json")
        inbox.quarantine(tx, "northside", "page-1", 3, "Goal.target is not a list")

    told = deliveries("quarantined")
    [said] = json.loads(deliveries("quarantined", "--json").out)

    assert told.code == 1
    assert "northside" in told.out
    assert "page-1, place 3: Goal.target is not a list" in told.out
    assert (said["source"], said["position"]) == ("northside", 3)
