"""Making the index again from the resources, a few at a time, while everybody goes on reading and writing.

A row says as which INDEX_FORMAT it was indexed. Rows that are behind are brought up to date under their
locks, skipping those that somebody is writing: a write indexes its resource anyway. A crash loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from gateway.access.actors import ActorKind
from gateway.access.policy import only
from gateway.fhir.json_codec import read_stored
from gateway.store import index
from gateway.store.database import Transaction
from gateway.store.index_rows import INDEX_FORMAT, sort_date
from gateway.store.rows import select


@dataclass(frozen=True, slots=True)
class Progress:
    """How many resources there are, and how many of them wait to be indexed again."""

    total: int
    waiting: int


_BEHIND = f"""
    SELECT r.pk, v.body FROM resource AS r
    JOIN resource_version AS v ON v.resource_pk = r.pk AND v.version = r.version
    WHERE r.indexed_as < {INDEX_FORMAT} AND {{rows}}
    ORDER BY r.pk LIMIT :many FOR UPDATE OF r SKIP LOCKED
"""  # noqa: S608 (fixed text; a number, so that the partial index fits)
_INDEXED = text("UPDATE resource SET indexed_as = :format, sort_date = :sort_date WHERE pk = :pk")
_PROGRESS = """
    SELECT count(*) AS total, count(*) FILTER (WHERE r.indexed_as < :format) AS waiting
    FROM resource AS r WHERE {rows}
"""
_FORGET = text("UPDATE resource SET indexed_as = 0 WHERE indexed_as <> 0")


def reindex(tx: Transaction, many: int = 200) -> int:
    """How many resources were indexed again, at most `many`; 0 when none waits, or others hold them."""
    only(tx.actor)
    behind = select(tx, _BEHIND, {"many": many})
    for row in behind:
        resource = read_stored(bytes(row["body"])) if row["body"] is not None else None
        assert isinstance(resource, dict | None), "only resources are stored"
        index.put(tx, row["pk"], resource, is_new=False)
        if resource is not None:
            values = {"format": INDEX_FORMAT, "sort_date": sort_date(resource), "pk": row["pk"]}
            tx.connection.execute(_INDEXED, values)
        else:
            tx.connection.execute(_INDEXED_DELETED, {"format": INDEX_FORMAT, "pk": row["pk"]})
    return len(behind)


_INDEXED_DELETED = text("UPDATE resource SET indexed_as = :format WHERE pk = :pk")


def progress(tx: Transaction) -> Progress:
    """How far the index is."""
    only(tx.actor, ActorKind.ADMIN)
    [row] = select(tx, _PROGRESS, {"format": INDEX_FORMAT})
    return Progress(row["total"], row["waiting"])


def forget(tx: Transaction) -> int:
    """How many resources are to be indexed again from now on: all of them. They are found meanwhile."""
    only(tx.actor)
    return tx.connection.execute(_FORGET).rowcount
