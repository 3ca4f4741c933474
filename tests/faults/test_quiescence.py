"""When nobody edits, all becomes silent: after an outage, after a conflict, and however servers rewrite.

Two hospitals whose servers keep nothing as it came: each write is stored in another order, with other digits,
without what is empty, with a narrative and a tag of the server's own. A version, an audit row or a kept page
too many, again and again, would be an echo storm.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Response

from gateway.acts.gateway import Gateway
from gateway.delivery import LANES, Pace
from gateway.delivery.worker import Worker
from gateway.delivery.workplace import Workplace
from gateway.demo import small_ehr
from gateway.demo.small_ehr_shelf import Held
from gateway.partners.fhir_rest import FhirRestSettings
from gateway.partners.fhir_rest.server import connect
from gateway.store import dead_letters
from gateway.store.database import Database
from tests.contract.served import free_port, served
from tests.unit.acts.hospital import (
    COORDINATOR,
    TYPES,
    Hospital,
    coordinator_edits,
    gateway_for,
    hospitals,
    ours,
    patient,
    plan,
)

ADA = "9990000018"
PACE = Pace(threads=2, lease_s=30, reserve_s=10, idle_s=0.02, backoff_s=0.05, backoff_cap_s=0.2)
QUIET_S = 4  # several polls of every type at both hospitals
GROWING = ("resource_version", "change", "audit", "inbox", "message", "receipt", "dead_letter", "quarantine")


def rewriting(hospital: Hospital) -> None:
    """From now on the hospital's server stores each resource in its own words."""
    put, writes = hospital.shelf.put, [0]

    def rewritten(
        resource: dict[str, Any], id_: str | None = None, *, expect: int | None = None
    ) -> Held | None:
        writes[0] += 1
        words = f"<div xmlns='http://www.w3.org/1999/xhtml'>write {writes[0]}</div>"
        kept: dict[str, Any] = _in_its_own_words(resource)
        kept["text"] = {"status": "generated", "div": words}
        kept["meta"] = {**kept.get("meta", {}), "tag": [{"system": "https://x.org", "code": str(writes[0])}]}
        return put(kept, id_, expect=expect)

    hospital.shelf.put = rewritten  # type: ignore[method-assign]  # this server's way of keeping things


def _in_its_own_words(value: Any) -> Any:
    match value:
        case dict():
            told = {name: _in_its_own_words(value[name]) for name in reversed(value)}
            return {name: each for name, each in told.items() if each not in ({}, [], None)}
        case list():
            return [_in_its_own_words(each) for each in value]
        case Decimal():
            return value.normalize()
        case _:
            return value


class Door:
    """What stands before a hospital's server; while it is closed everybody is told to come again."""

    closed = False


@contextmanager
def behind(door: Door, hospital: Hospital) -> Iterator[Hospital]:
    """The same hospital, reached through the door only."""
    port = free_port()
    base_url = f"http://127.0.0.1:{port}/fhir"
    ehr = small_ehr.create_ehr(hospital.shelf, base_url)

    def application(environ: Any, start_response: Any) -> Any:
        if door.closed:
            return Response(status=503, headers={"Retry-After": "1"})(environ, start_response)
        return ehr(environ, start_response)

    settings = hospital.partner.settings
    assert isinstance(settings, FhirRestSettings)
    partner = replace(hospital.partner, settings=replace(settings, base_url=base_url))
    with served(application, port):
        yield Hospital(partner, hospital.shelf, connect(partner, str))


@pytest.fixture
def town(tmp_path: Path) -> Iterator[dict[str, Hospital]]:
    with hospitals(tmp_path, "st-annes", "northside") as found:
        for hospital in found.values():
            rewriting(hospital)
        yield dict(found)


@pytest.fixture
def gateway(database: Database, town: dict[str, Hospital]) -> Gateway:
    return gateway_for(database, town)


@contextmanager
def working(gateway: Gateway, town: dict[str, Hospital]) -> Iterator[None]:
    """A worker is at work inside the block."""
    systems = {name: hospital.system for name, hospital in town.items()}
    worker = Worker(Workplace(gateway, systems, PACE), LANES)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join(20)
    assert not thread.is_alive()


def counted(gateway: Gateway, town: dict[str, Hospital]) -> dict[str, Any]:
    """Rows of every table that may grow, and the version of everything at the hospitals."""
    with gateway.database.transaction(gateway.self_actor) as tx:
        rows = {
            table: tx.connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
            for table in GROWING
        }
    versions = {
        f"{name} {held.type}/{held.id}": held.version
        for name, hospital in town.items()
        for type in TYPES
        for held in hospital.holds(type)
    }
    return {**rows, **versions}


def until(holds: Callable[[], Any]) -> Any:
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        if found := holds():
            return found
        time.sleep(0.05)
    pytest.fail("it did not come true")


def written_at_st_annes(st_annes: Hospital, northside: Hospital) -> None:
    """Both know Ada; St Anne's has a plan for her, with a goal."""
    st_annes.writes(patient(ADA), "P1")
    northside.writes(patient(ADA), "77")
    weight = {"measure": {"text": "weight"}, "detailQuantity": {"value": Decimal("48.50"), "unit": "kg"}}
    goal = {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": "Hold her weight", "coding": []},
        "subject": {"reference": "Patient/P1"},
        "target": [weight, {"detailQuantity": {"value": Decimal("1.0E+2")}}],
    }
    st_annes.writes(goal, "G1")
    st_annes.writes(plan("P1", goal=[{"reference": "Goal/G1"}], category=[{"text": "a"}]), "C1")


def silent(gateway: Gateway, town: dict[str, Hospital]) -> dict[str, Any]:
    """What is counted once all is delivered, and still is after several polls more."""
    until(lambda: counted(gateway, town)["message"] == 0)
    time.sleep(1)
    before = counted(gateway, town)
    time.sleep(QUIET_S)
    assert counted(gateway, town) == before
    return before


def test_servers_that_rewrite_all_they_keep_do_not_answer_each_other_for_ever(
    gateway: Gateway, town: dict[str, Hospital]
) -> None:
    st_annes, northside = town["st-annes"], town["northside"]
    written_at_st_annes(st_annes, northside)
    with working(gateway, town):
        [copy] = until(lambda: northside.holds("CarePlan"))

        # Each side edits once, so that every path is walked: from here to both, from each to the other.
        coordinator_edits(gateway, ours(gateway, st_annes, "CarePlan", "C1"), title="Home, with stairs")
        until(lambda: northside.sees("CarePlan", copy.id)["title"] == "Home, with stairs")
        northside.edits("CarePlan", copy.id, status="on-hold")
        until(lambda: st_annes.sees("CarePlan", "C1")["status"] == "on-hold")
        st_annes.edits("Goal", "G1", lifecycleStatus="on-hold")
        [their_goal] = northside.holds("Goal")
        until(lambda: northside.sees("Goal", their_goal.id)["lifecycleStatus"] == "on-hold")
        counts = silent(gateway, town)

    assert counts["dead_letter"] == counts["quarantine"] == 0
    assert len(northside.holds("CarePlan")) == len(northside.holds("Goal")) == 1


def test_an_element_that_both_edit_is_asked_about_once_and_then_all_is_silent(
    gateway: Gateway, town: dict[str, Hospital]
) -> None:
    st_annes, northside = town["st-annes"], town["northside"]
    written_at_st_annes(st_annes, northside)
    with working(gateway, town):
        [copy] = until(lambda: northside.holds("CarePlan"))
        silent(gateway, town)

    # Nobody polls while both write: the same element differently, and one more each.
    coordinator_edits(
        gateway, ours(gateway, st_annes, "CarePlan", "C1"), title="Written here", description="Ours"
    )
    northside.edits("CarePlan", copy.id, title="Written there", status="on-hold")
    with working(gateway, town):
        until(lambda: st_annes.sees("CarePlan", "C1")["status"] == "on-hold")
        counts = silent(gateway, town)

    assert counts["dead_letter"] == 1
    with gateway.database.transaction(COORDINATOR) as tx:
        [letter] = dead_letters.dead_letters(tx)
    assert (letter.owner, letter.payload["elements"]) == ("coordinator", ["CarePlan.title"])
    for plan_now in (
        ours(gateway, st_annes, "CarePlan", "C1").resource,
        st_annes.sees("CarePlan", "C1"),
        northside.sees("CarePlan", copy.id),
    ):
        told = plan_now["title"], plan_now["description"], plan_now["status"]
        assert told == ("Written here", "Ours", "on-hold")


def test_a_hospital_that_was_away_catches_up_and_the_other_did_not_notice(
    database: Database, town: dict[str, Hospital]
) -> None:
    st_annes = town["st-annes"]
    with behind(door := Door(), town["northside"]) as northside:
        town = {**town, "northside": northside}
        gateway = gateway_for(database, town)
        written_at_st_annes(st_annes, northside)
        with working(gateway, town):
            _away_for_a_while(gateway, town, door)
            counts = silent(gateway, town)

    assert counts["dead_letter"] == counts["quarantine"] == 0
    assert len(northside.holds("CarePlan")) == 1


def _away_for_a_while(gateway: Gateway, town: dict[str, Hospital], door: Door) -> None:
    st_annes, northside = town["st-annes"], town["northside"]
    [copy] = until(lambda: northside.holds("CarePlan"))
    silent(gateway, town)

    door.closed = True
    for number in range(5):
        coordinator_edits(
            gateway, ours(gateway, st_annes, "CarePlan", "C1"), title=f"While they are away {number}"
        )
    northside.edits("CarePlan", copy.id, status="on-hold")
    until(lambda: st_annes.sees("CarePlan", "C1")["title"] == "While they are away 4")
    assert northside.sees("CarePlan", copy.id)["title"] == "Home after the fall"
    door.closed = False

    until(lambda: northside.sees("CarePlan", copy.id)["title"] == "While they are away 4")
    until(lambda: st_annes.sees("CarePlan", "C1")["status"] == "on-hold")
