"""Searching one type: the index narrows, the actor's rows limit, the resource itself decides.

Pages are walked by the last key seen, never by counting rows, so they cost the same at any depth. Each
statement is fixed text made of fixed parts; what a client sends travels only as a bound value.
Source: https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from sqlalchemy import text

from gateway.access.policy import Interaction, gate
from gateway.store.criteria import Criteria, Keys, Query, Sort, criteria_of
from gateway.store.database import Transaction
from gateway.store.page_cursor import LastSeen, opened, sealed
from gateway.store.postings import hashed, keys_of
from gateway.store.rows import select
from gateway.store.shown import shown_to
from gateway.store.versions import COLUMNS, Version, our_id, version_of

__all__ = ["Page", "Query", "Sort", "count", "lock_criteria", "search"]


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what was found, in order; `next_cursor` is None when that was all.

    A page may hold fewer than were asked for and still have a next one.
    """

    versions: tuple[Version, ...]
    next_cursor: str | None


# A prepared statement's generic plan joins the most frequent code first: 300 times slower (runtime.md 1.2).
_PLAN = text("""
    SELECT set_config('plan_cache_mode', 'force_custom_plan', true),
           set_config('random_page_cost', '1.1', true)
""")
_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_LINKED = """
    SELECT p.person_id, p.patient_id FROM resource AS r
    JOIN person_patient AS p ON p.person_id = r.id
    WHERE r.type = 'Patient' AND r.id = ANY(CAST(:ids AS uuid[])) AND {rows}
"""


def search(tx: Transaction, query: Query) -> Page:
    """A page of what the actor may see and the query asks for; resources written before this statement are
    found.

    Raises UnknownParameter, BadRequest for an unreadable value or a cursor that is not of this actor and
    query.
    """
    gate(tx.actor, Interaction.SEARCH, query.type)
    after = opened(tx.actor, query)
    wanted = _with_linked(tx, query.type, criteria_of(query))
    statement = _statement("page", query.sort, len(wanted.keys), query.source is not None, after is not None)
    values = {**_values(query, wanted), "many": query.count + 1}
    if after is not None:
        values |= {"after_pk": after.pk, "after_time": after.last_updated}
    tx.connection.execute(_PLAN)
    rows = select(tx, statement, values)
    shown = rows[: query.count]
    more = len(rows) > query.count
    last = LastSeen(shown[-1]["pk"], shown[-1]["at"]) if more else None
    return Page(tuple(_asked_for(tx, shown, wanted)), sealed(tx.actor, query, last) if last else None)


def count(tx: Transaction, query: Query) -> int:
    """How many resources the query finds for this actor, on all its pages."""
    gate(tx.actor, Interaction.SEARCH, query.type)
    wanted = _with_linked(tx, query.type, criteria_of(query))
    statement = _statement("count", query.sort, len(wanted.keys), query.source is not None, False)
    tx.connection.execute(_PLAN)
    found = select(tx, statement, _values(query, wanted))
    return sum(1 for _ in _asked_for(tx, found, wanted))


def lock_criteria(tx: Transaction, key: str) -> None:
    """Until this transaction ends, nobody else holds the same key: take it, then search, then create.

    Two conditional creates with one condition otherwise both find nothing and both create.
    """
    number = int.from_bytes(
        blake2b(key.encode(), digest_size=8, person=b"criteria").digest(), "big", signed=True
    )
    tx.connection.execute(_LOCK, {"key": number})


@lru_cache(maxsize=256)
def _statement(purpose: str, sort: Sort, keys: int, of_source: bool, further: bool) -> str:
    parts = [
        f"SELECT {COLUMNS}, r.pk FROM resource AS r"  # noqa: S608 (fixed parts)
        " JOIN resource_version AS v ON v.resource_pk = r.pk AND v.version = r.version"
        " WHERE r.type = :type AND NOT r.deleted AND {rows}"
        " AND (CAST(:ids AS uuid[]) IS NULL OR r.id = ANY(CAST(:ids AS uuid[])))"
        " AND r.last_updated BETWEEN :since AND :until"
    ]
    if of_source:
        parts.append("AND r.source = :source")
    parts += (
        f"AND EXISTS (SELECT FROM posting AS p"
        f" WHERE p.h = ANY(CAST(:h{n} AS bigint[])) AND p.resource_pk = r.pk)"
        for n in range(keys)
    )
    if purpose == "page":
        parts += _in_order(sort, further)
    return " ".join(parts)


def _in_order(sort: Sort, further: bool) -> list[str]:
    match sort:
        case Sort.CREATED:
            after, order = "r.pk > :after_pk", "r.pk"
        case Sort.OLDEST:
            after, order = "(r.last_updated, r.pk) > (:after_time, :after_pk)", "r.last_updated, r.pk"
        case Sort.NEWEST:
            after, order = (
                "(r.last_updated, r.pk) < (:after_time, :after_pk)",
                "r.last_updated DESC, r.pk DESC",
            )
    return [f"AND {after}" if further else "", f"ORDER BY {order} LIMIT :many"]


def _values(query: Query, wanted: Criteria) -> dict[str, Any]:
    ids = frozenset.intersection(*wanted.ids) if wanted.ids else None
    since = [min(span.since for span in spans) for spans in wanted.times if not any(s.outside for s in spans)]
    until = [max(span.until for span in spans) for spans in wanted.times if not any(s.outside for s in spans)]
    return {
        "type": query.type,
        "ids": None if ids is None else [uuid for uuid in map(our_id, sorted(ids)) if uuid],
        "since": max(since, default=None) or "-infinity",
        "until": min(until, default=None) or "infinity",
        "source": query.source,
        **{f"h{n}": sorted(map(hashed, keys.wanted)) for n, keys in enumerate(wanted.keys)},
    }


def _asked_for(tx: Transaction, rows: Sequence[Mapping[str, Any]], wanted: Criteria) -> Iterator[Version]:
    """The versions of these rows that meet the criteria in what the actor is shown of them.

    What is not shown is not searched either: nobody finds out by asking.
    """
    versions = shown_to(tx, [version_of(row) for row in rows])
    for version, row in zip(versions, rows, strict=True):
        if _is_asked_for(version, row["at"], wanted):
            yield version


def _is_asked_for(version: Version, at: datetime, wanted: Criteria) -> bool:
    """Whether the resource itself meets the criteria: hashes may clash, and a clash shows nothing."""
    in_time = all(any(span.holds(at) for span in spans) for spans in wanted.times)
    if not in_time or not wanted.keys:
        return in_time
    held = keys_of(version.resource)
    return all(not held.isdisjoint(keys.wanted) for keys in wanted.keys)


def _with_linked(tx: Transaction, type: str, wanted: Criteria) -> Criteria:
    """References to a person also find what points at its linked Patients, when the actor sees the person."""
    ids = sorted({uuid for keys in wanted.keys for uuid in map(our_id, keys.patients) if uuid})
    if not ids:
        return wanted
    linked: dict[str, list[str]] = {}
    for row in select(tx, _LINKED, {"ids": ids}):
        linked.setdefault(str(row["person_id"]), []).append(str(row["patient_id"]))
    return Criteria(wanted.ids, wanted.times, tuple(_also(keys, type, linked) for keys in wanted.keys))


def _also(keys: Keys, type: str, linked: Mapping[str, list[str]]) -> Keys:
    return keys.also_about(type, linked)
