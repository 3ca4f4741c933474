"""What an agency is not shown of a resource neither orders it nor takes room on a page."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from gateway.access.actors import HERE, Actor, ActorKind
from gateway.store import grants, resources
from gateway.store.database import Database
from gateway.store.search import Query, search

ELM = str(uuid4())
AGENCY = Actor(ActorKind.AGENCY, "elm", "elm-trust", ELM)
FIRST, LAST = (
    f"Practitioner/{'0' * 8}-0000-4000-8000-{'0' * 12}",
    f"Practitioner/{'f' * 8}-0000-4000-8000-{'f' * 12}",
)


def test_the_order_is_not_that_of_references_which_the_agency_is_not_shown(database: Database) -> None:
    made = granted(database, [task(LAST), task(FIRST), task(LAST)])
    query = Query.of("Task", sort="requester")
    with database.transaction(AGENCY) as tx:
        assert [version.id for version in search(tx, query).versions] == made
    with database.transaction(Actor.gateway()) as tx:
        assert [version.id for version in search(tx, query).versions] != made, "others see who asked"


def test_what_matches_by_an_unseen_reference_leaves_no_gap_and_no_next_page(database: Database) -> None:
    granted(database, [task(FIRST), task(FIRST), task(FIRST)])
    for sort in (None, "requester", "-_lastUpdated"):
        with database.transaction(AGENCY) as tx:
            page = search(tx, Query.of("Task", [("requester", FIRST)], count=1, sort=sort))
        assert (page.versions, page.next_cursor) == ((), None)


def test_pages_are_full_and_whole_beside_what_is_not_shown(database: Database) -> None:
    names = [FIRST, LAST, FIRST, LAST]
    resource = {"resourceType": "Practitioner"}
    with database.transaction(Actor.gateway()) as tx:
        seen = resources.create(tx, resource, source=HERE, id=LAST.partition("/")[2])
        grants.grant(tx, ELM, str(uuid4()), [seen.reference], "referral")
    made = granted(database, [task(name) for name in names])
    for sort in (None, "_id", "_lastUpdated"):
        found, cursor = [], None
        for _ in range(3):
            with database.transaction(AGENCY) as tx:
                asked = [("requester", f"{FIRST},{LAST}")]
                page = search(tx, Query.of("Task", asked, count=1, sort=sort, cursor=cursor))
            found += [version.id for version in page.versions]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert sorted(found) == sorted([made[1], made[3]])


def task(requester: str) -> dict[str, Any]:
    return {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "requester": {"reference": requester},
    }


def granted(database: Database, tasks: list[dict[str, Any]]) -> list[str]:
    """The ids of the Tasks, all of which the agency sees."""
    with database.transaction(Actor.gateway()) as tx:
        made = [resources.create(tx, it, source=HERE) for it in tasks]
        grants.grant(tx, ELM, str(uuid4()), [it.reference for it in made], "referral")
    return [it.id for it in made]
