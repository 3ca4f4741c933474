"""Search: what is found by which text, in which order, page by page, and never by a clash of hashes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from gateway.access.actors import Actor
from gateway.conformance.searching.criterion import MAX_VALUES
from gateway.errors import BadRequest, Forbidden, UnknownParameter
from gateway.store import index_rows, resources
from gateway.store.database import Database
from gateway.store.matching import Began
from gateway.store.page_cursor import LastSeen, carried, opened, sealed
from gateway.store.search import Query, count, lock_criteria, search
from gateway.store.sort_values import SortValue
from gateway.store.versions import Version

from .cast import AMINA, GATEWAY, NORTHSIDE, OPS, ST_ANNES, SYSTEM, changed, goal, linked, made, patient


def found(database: Database, type: str, *criteria: tuple[str, str], **more: Any) -> list[str]:
    with database.transaction(AMINA) as tx:
        query = Query.of(type, criteria, **more)
        page = search(tx, query)
        assert page.next_cursor is None
        assert count(tx, query) == len(page.versions)
        return [version.id for version in page.versions]


def walked(database: Database, actor: Actor, query: Query, of: int) -> Iterator[Version]:
    cursor: str | None = None
    while True:
        with database.transaction(actor) as tx:
            page = search(tx, replace(query, count=of, cursor=cursor))
        yield from page.versions
        cursor = page.next_cursor
        if cursor is None:
            return


def test_tokens_are_found_with_and_without_their_system(database: Database) -> None:
    coded = made(database, patient("A1", "B2"))
    bare = made(database, {"resourceType": "Patient", "identifier": [{"value": "A1"}]})
    assert found(database, "Patient", ("identifier", f"{SYSTEM}|A1")) == [coded.id]
    assert found(database, "Patient", ("identifier", "|A1")) == [bare.id]
    assert found(database, "Patient", ("identifier", "A1")) == [coded.id, bare.id]
    assert found(database, "Patient", ("identifier", f"{SYSTEM}|")) == [coded.id]
    assert found(database, "Patient", ("identifier", "a1")) == []
    assert found(database, "Patient", ("identifier", "B2,nothing")) == [coded.id]
    assert found(database, "Patient", ("identifier", "A1"), ("identifier", "B2")) == [coded.id]


def test_escaped_signs_are_plain_signs(database: Database) -> None:
    odd = made(database, patient("a,b|c\\d$"))
    made(database, patient("a"))
    assert found(database, "Patient", ("identifier", f"{SYSTEM}|a\\,b\\|c\\\\d\\$")) == [odd.id]


def test_references_are_found_by_type_and_id_and_patient_takes_the_bare_id(database: Database) -> None:
    somebody, other = made(database, patient()), made(database, patient())
    held = made(database, goal(somebody))
    made(database, goal(other))
    versioned = made(database, goal(subject={"reference": f"{somebody.reference}/_history/1"}))
    for criterion in (
        ("patient", somebody.id),
        ("patient", somebody.reference),
        ("subject", somebody.reference),
        ("subject", somebody.id),
    ):
        assert found(database, "Goal", criterion) == [held.id, versioned.id]
    assert found(database, "Goal", ("subject", f"{somebody.reference}/_history/1")) == [versioned.id]
    assert found(database, "Goal", ("subject", f"{somebody.reference}/_history/7")) == []
    assert found(database, "Goal", ("subject", f"Group/{somebody.id}")) == []
    elsewhere = made(database, goal(subject={"reference": "https://ehr.example/fhir/Patient/9"}))
    assert found(database, "Goal", ("subject", "https://ehr.example/fhir/Patient/9")) == [elsewhere.id]


def test_a_person_expands_to_its_patients_and_a_patient_stays_one(database: Database) -> None:
    person, a, b = made(database, patient()), made(database, patient(), "a"), made(database, patient(), "b")
    linked(database, person, [a, b])
    of_person, of_a, of_b = (made(database, goal(it)) for it in (person, a, b))
    assert found(database, "Goal", ("patient", person.id)) == [of_person.id, of_a.id, of_b.id]
    assert found(database, "Goal", ("subject", person.reference)) == [of_person.id, of_a.id, of_b.id]
    assert found(database, "Goal", ("patient", a.id)) == [of_a.id]


def test_status_id_and_source_narrow_and_what_changed_or_went_is_not_found(database: Database) -> None:
    active, done = made(database, goal(), "st-annes"), made(database, goal(status="completed"))
    assert found(database, "Goal", ("lifecycle-status", "active")) == [active.id]
    assert found(database, "Goal", ("_id", f"{done.id},{active.id},x")) == [active.id, done.id]
    assert found(database, "Goal", ("_id", done.id), ("_id", active.id)) == []
    assert found(database, "Goal", source="st-annes") == [active.id]
    changed(database, active, lifecycleStatus="on-hold")
    assert found(database, "Goal", ("lifecycle-status", "active")) == []
    with database.transaction(AMINA) as tx:
        resources.delete(tx, "Goal", done.id)
    assert found(database, "Goal") == [active.id]


def test_last_updated_takes_every_prefix_at_every_precision(database: Database) -> None:
    held = made(database, goal())
    at, day = held.last_updated, held.last_updated[:10]
    for value in (
        at,
        f"eq{at}",
        f"ge{at}",
        f"le{at}",
        day,
        day[:7],
        day[:4],
        f"ge{day}",
        f"le{day}",
        "gt2020",
    ):
        assert found(database, "Goal", ("_lastUpdated", value)) == [held.id]
    for value in (f"ne{at}", f"gt{at}", f"lt{at}", f"sa{day}", f"eb{day}", f"lt{day[:4]}", "2020", "gt9999"):
        assert found(database, "Goal", ("_lastUpdated", value)) == []
    assert found(database, "Goal", ("_lastUpdated", f"2020,{day}")) == [held.id]
    assert found(database, "Goal", ("_lastUpdated", "ge2020"), ("_lastUpdated", "lt2021")) == []


@pytest.mark.parametrize(
    "value", ["", ",", "yesterday", "xx2026", "ge", "2026-13", "2026-02-30", "geX", ",".join(["2026"] * 201)]
)
def test_an_unreadable_value_is_refused(database: Database, value: str) -> None:
    assert len(value.split(",")) <= MAX_VALUES + 1
    with database.transaction(AMINA) as tx, pytest.raises(BadRequest):
        search(tx, Query.of("Goal", [("_lastUpdated", value)]))


def test_an_unknown_parameter_or_order_is_refused_by_name(database: Database) -> None:
    for name in ("birthdate", "identifier:above", "status", "_has:Task:nothing:x", "subject.nothing"):
        with database.transaction(AMINA) as tx, pytest.raises(UnknownParameter):
            search(tx, Query.of("Goal", [(name, "x")]))
    for sort in ("description", "_sort", "-", "_id,_id,_id,_id,_id,_id"):
        with pytest.raises(BadRequest):
            Query.of("Goal", sort=sort)


def test_who_may_not_search_a_type_is_told_so_without_looking(database: Database) -> None:
    with database.transaction(OPS) as tx:
        for attempt in (search, count):
            with pytest.raises(Forbidden):
                attempt(tx, Query.of("Goal"))


@pytest.mark.parametrize("sort", ["", "_lastUpdated", "-_lastUpdated", "start-date", "-start-date", "-_id"])
def test_pages_give_every_resource_once_in_order(database: Database, sort: str) -> None:
    written = [made(database, goal(startDate=f"2026-01-{10 - day:02}")) for day in range(7)]
    changed(database, written[0])
    oldest_first = [it.id for it in (*written[1:], written[0])]
    in_order = [it.id for it in written]
    expected = {
        "": in_order,
        "_lastUpdated": oldest_first,
        "-_lastUpdated": oldest_first[::-1],
        "start-date": in_order[::-1],
        "-start-date": in_order,
        "-_id": sorted(in_order, reverse=True),
    }
    for of in (1, 3, 7, 50):
        query = Query.of("Goal", sort=sort or None)
        assert [it.id for it in walked(database, AMINA, query, of)] == expected[sort]


@pytest.mark.parametrize(
    "sort", [None, "-_lastUpdated", "_lastUpdated", "start-date", "-lifecycle-status,_id"]
)
def test_no_resource_twice_and_none_missed_while_others_write(database: Database, sort: str | None) -> None:
    there = [made(database, goal(startDate=f"2026-01-{day + 1:02}")).id for day in range(30)]
    stop = threading.Event()

    def write() -> None:
        turn = 0
        while not stop.is_set():
            with database.transaction(AMINA) as tx:
                resources.create(tx, goal(), source="here")
                later = f"2025-{turn % 12 + 1:02}"
                resources.update(tx, goal(startDate=later) | {"id": there[turn % len(there)]})
            turn += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(2):
            seen = [it.id for it in walked(database, AMINA, Query.of("Goal", sort=sort), 4)]
            assert len(seen) == len(set(seen))
            assert set(there) <= set(seen)
    finally:
        stop.set()
        writer.join()


def test_a_clash_of_hashes_shows_nothing(database: Database) -> None:
    held = made(database, goal())
    clash = index_rows.hashed("Goal", "lifecycle-status", "code", "completed")
    with database.transaction(GATEWAY) as tx:
        row = {"h": clash, "id": held.id}
        tx.connection.execute(
            text("INSERT INTO posting SELECT :h, pk FROM resource WHERE id = CAST(:id AS uuid)"), row
        )
    with database.transaction(AMINA) as tx:
        assert search(tx, Query.of("Goal", [("lifecycle-status", "completed")])).versions == ()


def test_a_foreign_or_edited_cursor_is_refused(database: Database) -> None:
    for _ in range(3):
        made(database, goal(), "st-annes")
    query = Query.of("Goal", count=1)
    with database.transaction(ST_ANNES) as tx:
        cursor = search(tx, query).next_cursor
    assert cursor is not None
    turned = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    for actor, other in (
        (NORTHSIDE, Query.of("Goal", cursor=cursor)),
        (ST_ANNES, Query.of("Task", cursor=cursor)),
        (ST_ANNES, Query.of("Goal", [("lifecycle-status", "active")], cursor=cursor)),
        (ST_ANNES, Query.of("Goal", sort="_lastUpdated", cursor=cursor)),
        (ST_ANNES, Query.of("Goal", cursor="B" + cursor[1:] if cursor[0] != "B" else "C" + cursor[1:])),
        (ST_ANNES, Query.of("Goal", cursor=turned + "xx")),
        (ST_ANNES, Query.of("Goal", cursor="")),
        (ST_ANNES, Query.of("Goal", cursor="é")),
    ):
        with database.transaction(actor) as tx, pytest.raises(BadRequest):
            search(tx, other)
    with database.transaction(ST_ANNES) as tx:
        assert len(search(tx, Query.of("Goal", count=5, cursor=cursor)).versions) == 2


@given(token=st.text(max_size=60))
def test_no_text_is_taken_for_a_cursor(migrated_database: Database, token: str) -> None:
    with migrated_database.transaction(AMINA) as tx, pytest.raises(BadRequest):
        opened(tx, Query.of("Goal", cursor=token))


@given(pk=st.integers(1, 2**62), at=st.datetimes(timezones=st.just(UTC)), words=st.text(max_size=9))
def test_a_cursor_opens_to_what_was_sealed(
    migrated_database: Database, pk: int, at: datetime, words: str
) -> None:
    query = replace(Query.of("Goal", [("_id", "x")], sort="-_id"), said=words)
    for place in (at, (SortValue(words, descending=True),), (SortValue(None, descending=True),)):
        last = LastSeen(pk, place, Began(at, "7:9:8"))
        with migrated_database.transaction(AMINA) as tx:
            token = sealed(tx, query, last)
            assert opened(tx, replace(query, cursor=token)) == last
            assert carried(tx, token) == words


def test_conditional_creates_of_one_thing_make_one(database: Database) -> None:
    made_ids: list[str] = []

    def create_if_none() -> None:
        with database.transaction(ST_ANNES) as tx:
            lock_criteria(tx, "st-annes|Patient|identifier=7")
            page = search(tx, Query.of("Patient", [("identifier", f"{SYSTEM}|7")]))
            if not page.versions:
                made_ids.append(resources.create(tx, patient("7"), source="st-annes").id)

    clients = [threading.Thread(target=create_if_none) for _ in range(5)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert len(made_ids) == 1
