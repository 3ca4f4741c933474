"""The orders in which pages are walked, as everything stood when the first page was asked for.

A resource that changes while somebody pages keeps its place: it is ordered by the version that was current
when the walk began. So none is met twice and none is missed, whoever writes meanwhile. What is created
during the walk turns up in the order of creation only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from gateway.errors import TooCostly
from gateway.fhir.json_codec import Resource, read_stored
from gateway.store.database import Transaction
from gateway.store.matching import MAX_CANDIDATES, Began, Demands, conditions
from gateway.store.page_cursor import LastSeen
from gateway.store.query import LAST_UPDATED, Query
from gateway.store.rows import select
from gateway.store.sort_values import sort_values
from gateway.store.versions import COLUMNS

Rows: TypeAlias = Sequence[Mapping[str, Any]]
Walked: TypeAlias = tuple[Rows, LastSeen | None]

_CURRENT = "JOIN resource_version AS v ON v.resource_pk = r.pk AND v.version = r.version"
# Whether a version was committed when the walk began, or is this transaction's own. Not told by time: a
# change takes its time before it commits, and turns up behind what was read meanwhile.
_HELD = """(pg_visible_in_snapshot({version}.xid, CAST(:began AS pg_snapshot))
    OR {version}.xid IS NOT DISTINCT FROM pg_current_xact_id_if_assigned())"""
_UNCHANGED = _HELD.format(version="v")
_CHANGED = f"""r.pk IN (
    SELECT c.resource_pk FROM change AS c
    WHERE c.xid >= pg_snapshot_xmin(CAST(:began AS pg_snapshot))
) AND NOT {_UNCHANGED}"""  # noqa: S608 (fixed text)
# The version that was current then.
_THEN = f"""JOIN LATERAL (
    SELECT w.at, w.sort_date, w.body FROM resource_version AS w
    WHERE w.resource_pk = r.pk AND {_HELD.format(version="w")} ORDER BY w.version DESC LIMIT 1
) AS past ON TRUE"""  # noqa: S608 (fixed text)


def walked_rows(
    tx: Transaction,
    query: Query,
    demands: Demands,
    after: LastSeen | None,
    began: Began,
) -> Walked:
    """A page of rows in an order that an index holds, and where it ended when there is more."""
    wanted = conditions(demands, query.source)
    values = {**wanted.values, "many": query.count + 1}
    if after is not None:
        values |= {"after_pk": after.pk}
    if not query.sort:
        statement = _by_creation(wanted.sql, after)
    else:
        statement = _by_time(wanted.sql, query, after)
        values |= {"began": began.snapshot} | ({"after_key": after.place} if after else {})
    rows = select(tx, statement, values)
    shown = rows[: query.count]
    more = len(rows) > query.count
    return shown, LastSeen(shown[-1]["pk"], shown[-1]["key"], began) if more else None


def sorted_rows(
    tx: Transaction,
    query: Query,
    demands: Demands,
    after: LastSeen | None,
    began: Began,
) -> Walked:
    """A page of rows in any other order: all that match are put in order, which bounds how many there may be.

    Raises TooCostly when there are more than MAX_CANDIDATES.
    """
    wanted = conditions(demands, query.source)
    rows = select(
        tx,
        f"SELECT {COLUMNS}, r.pk, r.last_updated AS key, past.body AS body_then"  # noqa: S608 (fixed parts)
        f" FROM resource AS r {_CURRENT} {_THEN} WHERE {{rows}} AND {wanted.sql} LIMIT :most",
        {**wanted.values, "began": began.snapshot, "most": MAX_CANDIDATES + 1},
    )
    if len(rows) > MAX_CANDIDATES:
        raise TooCostly(
            f"_sort by these parameters is served for up to {MAX_CANDIDATES} matches: narrow the search",
            expression="_sort",
        )
    placed = sorted(
        ((sort_values(query, _as_then(row)), row["pk"], row) for row in rows), key=lambda it: it[:2]
    )
    if after is not None:
        last = (after.place, after.pk)
        placed = [it for it in placed if it[:2] > last]
    shown = placed[: query.count]
    ended = LastSeen(shown[-1][1], shown[-1][0], began) if len(placed) > query.count else None
    return [row for _, _, row in shown], ended


def _by_creation(wanted: str, after: LastSeen | None) -> str:
    further = " AND r.pk > :after_pk" if after else ""
    return (
        f"SELECT {COLUMNS}, r.pk, r.last_updated AS key FROM resource AS r {_CURRENT}"  # noqa: S608 (fixed parts)
        f" WHERE {{rows}} AND {wanted}{further} ORDER BY r.pk LIMIT :many"
    )


def _by_time(wanted: str, query: Query, after: LastSeen | None) -> str:
    [order] = query.sort
    is_update = order.name == LAST_UPDATED
    sign, way = ("<", " DESC") if order.descending else (">", "")

    def part(key: str, then: str, which: str) -> str:
        further = f" AND ({key}, r.pk) {sign} (:after_key, :after_pk)" if after else ""
        return (
            f"(SELECT {COLUMNS}, r.pk, {key} AS key FROM resource AS r {_CURRENT} {then}"  # noqa: S608
            f" WHERE {{rows}} AND {wanted} AND {which}{further}"
            f" ORDER BY {key}{way}, r.pk{way} LIMIT :many)"
        )

    unchanged = part("r.last_updated" if is_update else "r.sort_date", "", _UNCHANGED)
    changed = part("past.at" if is_update else "past.sort_date", _THEN, _CHANGED)
    walked = f"({unchanged} UNION ALL {changed}) AS walked"
    return f"SELECT * FROM {walked} ORDER BY key{way}, pk{way} LIMIT :many"  # noqa: S608 (fixed parts)


def _as_then(row: Mapping[str, Any]) -> Resource:
    value = read_stored(bytes(row["body_then"] or row["body"]))
    assert isinstance(value, dict), "only resources are stored"
    return value
