"""Searching one type: the index narrows, the actor's rows limit, the resource itself decides.

Pages are walked by the last key seen, never by counting rows, so they cost the same at any depth. Each
statement is made of fixed parts; what a client sends travels only as a bound value.
Source: https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import text

from gateway.access.actors import ActorKind
from gateway.access.policy import searchable
from gateway.errors import UnknownParameter
from gateway.store import includes, page_cursor
from gateway.store.criteria import demands_of
from gateway.store.database import Transaction
from gateway.store.matching import Demands, asked_for, conditions, plan_for_search
from gateway.store.page_order import sorted_page, walked_page
from gateway.store.query import Include, Query, SortKey, is_unbounded
from gateway.store.rows import select
from gateway.store.second_look import released
from gateway.store.versions import COLUMNS, Version

__all__ = ["Include", "Page", "Query", "SortKey", "count", "lock_criteria", "search"]


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what was found, in order; `next_cursor` is None when that was all.

    A page with a next one holds as many as were asked for.
    included  what was brought along, each once and none of it a match of this page
    """

    versions: tuple[Version, ...]
    next_cursor: str | None
    included: tuple[Version, ...] = ()


_LOCK = text("SELECT pg_advisory_xact_lock(:key)")


def search(tx: Transaction, query: Query) -> Page:
    """A page of what the actor may see and the query asks for; what was written before is found.

    Raises UnknownParameter, BadRequest for a value or a cursor that cannot be read, TooCostly.
    """
    _refuse_hidden_order(tx, query)
    after = page_cursor.opened(tx, query)
    begins = plan_for_search(tx)
    began = after.began if after else begins
    demands = demands_of(tx, query, began.now)
    walk = walked_page if is_unbounded(query.types, query.sort) else sorted_page
    versions, last = walk(tx, query, demands, after, began)
    found = tuple(versions)
    following = page_cursor.sealed(tx, query, last) if last else None
    brought = includes.included(tx, query, found)
    # One look at all that leaves, whatever way it came in.
    leaving = released(tx, (*found, *brought))
    return Page(leaving[: len(found)], following, leaving[len(found) :])


def count(tx: Transaction, query: Query) -> int:
    """How many resources the query finds for this actor, on all its pages."""
    demands = demands_of(tx, query, plan_for_search(tx).now)
    wanted = conditions(demands, query.source)
    if not wanted.exact or tx.actor.kind is ActorKind.AGENCY:
        return _counted_one_by_one(tx, query, demands)
    statement = f"SELECT count(*) AS many FROM resource AS r WHERE {{rows}} AND {wanted.sql}"  # noqa: S608
    total: int = select(tx, statement, wanted.values)[0]["many"]
    return total


def lock_criteria(tx: Transaction, key: str) -> None:
    """Until this transaction ends, nobody else holds the same key: take it, then search, then create.

    Two conditional creates with one condition otherwise both find nothing and both create.
    """
    number = int.from_bytes(
        blake2b(key.encode(), digest_size=8, person=b"criteria").digest(), "big", signed=True
    )
    tx.connection.execute(_LOCK, {"key": number})


def _counted_one_by_one(tx: Transaction, query: Query, demands: Demands) -> int:
    wanted = conditions(demands, query.source)
    statement = (
        f"SELECT {COLUMNS}, r.pk FROM resource AS r"  # noqa: S608 (fixed parts)
        " JOIN resource_version AS v ON v.resource_pk = r.pk AND v.version = r.version"
        f" WHERE {{rows}} AND {wanted.sql} AND r.pk > :after ORDER BY r.pk LIMIT 1000"
    )
    total, after = 0, 0
    while rows := select(tx, statement, {**wanted.values, "after": after}):
        total += sum(1 for _ in asked_for(tx, rows, demands))
        after = rows[-1]["pk"]
    return total


def _refuse_hidden_order(tx: Transaction, query: Query) -> None:
    for type in query.types:
        allowed = searchable(tx.actor, type)
        if allowed is None or all(key.name in allowed for key in query.sort):
            continue
        raise UnknownParameter(
            "_sort names a parameter that is not served to this client", expression="_sort"
        )
