"""Searching the audit: what is asked for is found, and only that, whatever is sealed and whoever writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from gateway.access.actors import Actor
from gateway.access.request import Request, under_request
from gateway.errors import BadRequest, Forbidden, NotFound, TooCostly
from gateway.store import audit, audit_search
from gateway.store.database import Database
from gateway.store.query import Query
from gateway.store.versions import Version

from .cast import AMINA, ELM, ELM_TRUST, GATEWAY, NORTHSIDE, OPS, ST_ANNES, goal, linked, made, patient

BASE = "http://gateway.test/fhir/R4/"


def recorded(database: Database, actor: Actor, action: str, *named: str | Version, **more: Any) -> int:
    with database.transaction(actor) as tx:
        return audit.record(tx, action, named, **more)


def sealed(database: Database, limit: int = 1000) -> None:
    with database.transaction(GATEWAY) as tx:
        audit.seal(tx, limit)


def asked(*criteria: tuple[str, str], sort: str | None = None, count: int = 50) -> Query:
    return Query.of("AuditEvent", criteria, sort=sort, count=count, own_base=BASE)


def found(database: Database, *criteria: tuple[str, str], actor: Actor = AMINA, **more: Any) -> list[int]:
    """The ids on all pages."""
    query = asked(*criteria, **more)
    ids: list[int] = []
    while True:
        with database.transaction(actor) as tx:
            page = audit_search.search(tx, query)
        ids += [int(version.id) for version in page.versions]
        if page.next_cursor is None:
            return ids
        query = replace(query, cursor=page.next_cursor)


@dataclass(frozen=True)
class Told:
    """What a row of the property was recorded with, and when."""

    id: int
    at: datetime
    actor: Actor
    action: str
    outcome: str
    about: tuple[int, ...]


ACTORS = (ST_ANNES, NORTHSIDE, ELM, AMINA)
ACTIONS = {
    "read Goal": "R",
    "search Goal": "E",
    "create Goal": "C",
    "delete Goal": "D",
    "answer referral": "E",
}


def rows_of(database: Database, specs: list[tuple[Any, ...]], goals: list[Version]) -> Iterator[Told]:
    for actor, action, outcome, about in specs:
        id = recorded(database, actor, action, *(goals[n] for n in about), outcome=outcome)
        with database.transaction(GATEWAY) as tx:
            at = tx.connection.execute(text("SELECT at FROM audit WHERE id = :id"), {"id": id}).scalar_one()
        yield Told(id, at, actor, action, outcome, tuple(about))


specs = st.lists(
    st.tuples(
        st.sampled_from(ACTORS),
        st.sampled_from(sorted(ACTIONS)),
        st.sampled_from(["success", "denied", "failed"]),
        st.lists(st.integers(0, 2), max_size=2, unique=True),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(specs=specs, sealing=st.integers(0, 12), count=st.integers(1, 5), data=st.data())
def test_what_is_searched_is_found_and_only_that(
    database: Database, specs: list[Any], sealing: int, count: int, data: st.DataObject
) -> None:
    people = [made(database, patient(str(n)), "st-annes") for n in range(3)]
    goals = [made(database, goal(one), "st-annes") for one in people]
    told = list(rows_of(database, specs, goals))
    sealed(database, sealing)
    start = told[0].id - 1
    middle = told[len(told) // 2].at.astimezone(UTC)
    stamp = middle.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    floor = middle.replace(microsecond=middle.microsecond // 1000 * 1000)

    def ms(row: Told) -> datetime:
        return row.at.replace(microsecond=row.at.microsecond // 1000 * 1000)

    wishes: dict[tuple[str, str], Callable[[Told], bool]] = {
        ("patient", people[0].id): lambda row: 0 in row.about,
        ("patient", f"Patient/{people[1].id},Patient/{people[2].id}"): lambda row: bool(
            {1, 2} & {*row.about}
        ),
        ("patient:missing", "true"): lambda row: not row.about,
        ("entity", goals[1].reference): lambda row: 1 in row.about,
        ("entity", f"{goals[1].reference}/_history/1"): lambda row: 1 in row.about,
        ("entity", f"{goals[1].reference}/_history/2"): lambda row: False,
        ("entity", goals[2].id): lambda row: 2 in row.about,
        ("entity", people[2].reference): lambda row: 2 in row.about,
        ("agent-name", "ST-ANN"): lambda row: row.actor is ST_ANNES,
        ("agent-name:exact", "elm"): lambda row: row.actor is ELM,
        ("agent-name:contains", "i"): lambda row: row.actor in (NORTHSIDE, AMINA),
        ("agent", f"Organization/{ELM_TRUST}"): lambda row: row.actor is ELM,
        ("agent:identifier", "ehr/northside"): lambda row: row.actor is NORTHSIDE,
        ("altid", "coordinator/amina"): lambda row: row.actor is AMINA,
        ("agent-role", "agency"): lambda row: row.actor is ELM,
        ("action", "R"): lambda row: ACTIONS[row.action] == "R",
        ("action", "C,E"): lambda row: ACTIONS[row.action] in "CE",
        ("action:not", "E"): lambda row: ACTIONS[row.action] != "E",
        ("type", "rest"): lambda row: row.action != "answer referral",
        ("type:not", "rest"): lambda row: row.action == "answer referral",
        ("subtype", "search-type,delete"): lambda row: row.action in ("search Goal", "delete Goal"),
        ("subtype", "answer referral"): lambda row: row.action == "answer referral",
        ("outcome", "0"): lambda row: row.outcome == "success",
        ("outcome", "4"): lambda row: row.outcome != "success",
        ("outcome", "8"): lambda row: False,
        ("entity-type", "Goal"): lambda row: row.action == "search Goal" and bool(row.about),
        ("entity-role", "1"): lambda row: bool(row.about),
        ("site", BASE.rstrip("/")): lambda row: True,
        ("source:identifier", BASE.rstrip("/")): lambda row: True,
        ("policy", "urn:none"): lambda row: False,
        ("_id", f"{told[0].id},{told[-1].id}"): lambda row: row.id in (told[0].id, told[-1].id),
        ("date", stamp): lambda row: ms(row) == floor,
        ("date", f"ne{stamp}"): lambda row: ms(row) != floor,
        ("date", f"gt{stamp}"): lambda row: ms(row) > floor,
        ("date", f"ge{stamp}"): lambda row: ms(row) >= floor,
        ("date", f"lt{stamp}"): lambda row: ms(row) < floor,
        ("_lastUpdated", f"le{stamp}"): lambda row: ms(row) <= floor,
        ("date", f"sa{stamp}"): lambda row: ms(row) > floor,
        ("date", f"eb{stamp}"): lambda row: ms(row) < floor,
    }
    chosen = data.draw(st.lists(st.sampled_from(sorted(wishes)), min_size=1, max_size=3, unique=True))
    expected = [row.id for row in told if all(wishes[wish](row) for wish in chosen)]
    limits = [("_id", ",".join(str(row.id) for row in told))]  # rows of other examples are not this one's
    criteria = (*limits, *chosen)
    for sort, order in ((None, 1), ("date", 1), ("-date", -1)):
        assert found(database, *criteria, sort=sort, count=count) == expected[::order], (chosen, start)
    with database.transaction(AMINA) as tx:
        assert audit_search.count(tx, asked(*criteria)) == len(expected)


def test_every_wish_alone_is_narrowed_to_no_less_than_it_means(database: Database) -> None:
    """Each criterion on sealed rows without any other: what the columns leave out would be missed here."""
    one = made(database, patient("1"), "st-annes")
    ids = [recorded(database, ST_ANNES, "read Patient", one)]
    ids.append(recorded(database, ELM, "search Patient", one, query="Patient?name=x"))
    ids.append(recorded(database, OPS, "sign in", outcome="denied", detail="2 keys"))
    sealed(database)
    assert found(database, ("patient", one.id)) == ids[:2]
    assert found(database, ("agent-name", "o")) == [ids[2]]
    assert found(database, ("agent", ELM_TRUST)) == [ids[1]]
    assert found(database, ("type", "110114")) == [ids[2]]
    assert found(database, ("address:missing", "true")) == []  # this gateway's own address is always known
    assert found(database, ("outcome:not", "0")) == [ids[2]]
    assert found(database, ("date", "ap2026")) in ([], ids)


def test_a_persons_patients_count_as_the_person(database: Database) -> None:
    person, hers = made(database, patient("1")), made(database, patient("2"), "st-annes")
    linked(database, person, [hers])
    id = recorded(database, ST_ANNES, "read Patient", hers)
    assert found(database, ("patient", person.id)) == [id]
    assert found(database, ("patient.identifier", "2")) == [id]


def test_a_walk_shows_the_audit_as_it_stood_when_it_began(database: Database) -> None:
    ids = [recorded(database, ST_ANNES, "read Goal") for _ in range(4)]
    for sort in (None, "-date"):
        with database.transaction(AMINA) as tx:
            first = audit_search.search(tx, asked(sort=sort, count=3))
            audit.record(tx, "search AuditEvent", first.versions)
        sealed(database)
        query = Query.of("AuditEvent", sort=sort, count=3, own_base=BASE, cursor=first.next_cursor)
        with database.transaction(AMINA) as tx:
            second = audit_search.search(tx, query)
        seen = [int(it.id) for it in (*first.versions, *second.versions)]
        if sort is None:
            assert (seen, second.next_cursor) == (ids, None)
        else:
            assert seen == [ids[-1] + 1, *ids[::-1]]


def test_the_request_and_its_address_are_found(database: Database) -> None:
    request = Request(UUID(int=9), "192.0.2.7")
    with under_request(request):
        id = recorded(database, ST_ANNES, "read Goal")
    recorded(database, ST_ANNES, "read Goal")
    assert found(database, ("address", "192.0.2")) == [id]
    assert found(database, ("entity:identifier", str(request.id))) == [id]


def test_one_event_is_read_by_its_id_and_by_no_other_spelling(database: Database) -> None:
    id = recorded(database, ST_ANNES, "read Goal")
    with database.transaction(OPS) as tx:
        assert audit_search.read(tx, str(id), base_url=BASE).resource["id"] == str(id)
        for other in (f"0{id}", f"+{id}", str(id + 1), "9" * 40, "x", "1.0", "", "\u0661"):
            with pytest.raises(NotFound):
                audit_search.read(tx, other, base_url=BASE)


def test_nobody_else_gets_as_far_as_the_rows(database: Database) -> None:
    id = recorded(database, ST_ANNES, "read Goal")
    for actor in (ST_ANNES, ELM):
        with database.transaction(actor) as tx:
            for look in (
                lambda: audit_search.read(tx, str(id), base_url=BASE),
                lambda: audit_search.search(tx, asked()),
                lambda: audit_search.count(tx, asked()),
            ):
                with pytest.raises(Forbidden):
                    look()


def test_what_cannot_be_served_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        recorded(database, ST_ANNES, "read Goal")
    with database.transaction(AMINA) as tx:
        with pytest.raises(BadRequest):
            audit_search.search(tx, asked(sort="agent-name"))
        with pytest.raises(BadRequest):
            audit_search.search(tx, Query(("AuditEvent", "Goal")))
        monkeypatch.setattr(audit_search, "MAX_JUDGED", 2)
        with pytest.raises(TooCostly):
            audit_search.count(tx, asked(("action", "R")))
        assert audit_search.count(tx, asked()) == 4
    assert len(found(database, ("action", "R"))) == 4  # in pages that hold fewer than they might


def test_time_is_compared_to_the_millisecond_that_is_shown(database: Database) -> None:
    id = recorded(database, ST_ANNES, "read Goal")
    with database.transaction(AMINA) as tx:
        shown = audit_search.read(tx, str(id), base_url=BASE).resource["recorded"]
    moment = datetime.fromisoformat(shown)
    after = (moment + timedelta(milliseconds=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert found(database, ("date", shown)) == [id]
    assert found(database, ("date", f"lt{after}")) == [id]
    assert found(database, ("date", f"ge{after}")) == []
