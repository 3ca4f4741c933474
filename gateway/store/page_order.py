"""The orders in which pages are walked, as everything stood when the first page was asked for.

A resource that changes while somebody pages keeps its place: it is ordered by the version that was current
when the walk began. So none is met twice and none is missed, whoever writes meanwhile. What is created
during the walk turns up in the order of creation only.

Pages are cut from what the actor is shown: an element that it is not shown neither places a resource nor
takes room on a page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from gateway.errors import TooCostly
from gateway.fhir.json_codec import Resource
from gateway.store.database import Transaction
from gateway.store.matching import MAX_CANDIDATES, Began, Demands, conditions, shown_matches
from gateway.store.page_cursor import LastSeen, Place
from gateway.store.query import LAST_UPDATED, Query
from gateway.store.rows import select
from gateway.store.shown import shown_to
from gateway.store.sort_values import sort_values
from gateway.store.versions import COLUMNS, Version, version_of

Rows: TypeAlias = Sequence[Mapping[str, Any]]
Walked: TypeAlias = tuple[Sequence[Version], LastSeen | None]

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


def walked_page(
    tx: Transaction,
    query: Query,
    demands: Demands,
    after: LastSeen | None,
    began: Began,
) -> Walked:
    """A page in an order that an index holds, and where it ended when there is more."""
    wanted = conditions(demands, query.source)
    found: list[tuple[Mapping[str, Any], Version]] = []
    while True:
        statement = _by_time(wanted.sql, query, after) if query.sort else _by_creation(wanted.sql, after)
        values = {**wanted.values, "many": query.count + 1}
        if after is not None:
            values |= {"after_pk": after.pk}
        if query.sort:
            values |= {"began": began.snapshot} | ({"after_key": after.place} if after else {})
        rows = select(tx, statement, values)
        found += shown_matches(tx, rows, demands)
        if len(rows) <= query.count or len(found) > query.count:
            break
        after = LastSeen(rows[-1]["pk"], rows[-1]["key"], began)
    shown = found[: query.count]
    more = len(found) > query.count
    ended = LastSeen(shown[-1][0]["pk"], shown[-1][0]["key"], began) if more else None
    return [version for _, version in shown], ended


def sorted_page(
    tx: Transaction,
    query: Query,
    demands: Demands,
    after: LastSeen | None,
    began: Began,
) -> Walked:
    """A page in any other order: all that match are put in order, which bounds how many there may be.

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
    places = (sort_values(query, resource) for resource in _as_then(tx, rows))
    ordered = sorted(
        ((place, row["pk"], row) for place, row in zip(places, rows, strict=True)), key=lambda it: it[:2]
    )
    if after is not None:
        last = (after.place, after.pk)
        ordered = [it for it in ordered if it[:2] > last]
    found: list[tuple[tuple[Place, int], Version]] = []
    while ordered and len(found) <= query.count:
        next_ones, ordered = ordered[: query.count + 1], ordered[query.count + 1 :]
        place_of = {row["pk"]: (place, pk) for place, pk, row in next_ones}
        matches = shown_matches(tx, [row for *_, row in next_ones], demands)
        found += [(place_of[row["pk"]], version) for row, version in matches]
    shown = found[: query.count]
    ended = None
    if len(found) > query.count:
        place, pk = shown[-1][0]
        ended = LastSeen(pk, place, began)
    return [version for _, version in shown], ended


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


def _as_then(tx: Transaction, rows: Rows) -> list[Resource]:
    """What the actor is shown of the versions that were current then; of a deletion, of the present one."""
    then = [replace(version_of(row), body=bytes(row["body_then"] or row["body"])) for row in rows]
    return [version.resource for version in shown_to(tx, then)]
