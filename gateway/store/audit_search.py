"""Reading and searching the audit's rows as AuditEvents: by every parameter that R4 has for them.

The columns narrow, each event itself decides. Pages show the audit as it stood when the first was asked for,
so reading it adds nothing to what is being read. Rows that are not sealed yet are few, and in no index.
Source: https://hl7.org/fhir/R4/auditevent.html#search
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import RowMapping, text

from gateway.access.actors import Actor, ActorKind
from gateway.access.audit_event import AUDIT_EVENT, AuditRow, audit_event, row_id
from gateway.access.policy import Interaction, gate
from gateway.conformance.searching.criterion import Demand
from gateway.errors import BadRequest, NotFound, TooCostly
from gateway.fhir.json_codec import Resource, write
from gateway.store import audit, includes, page_cursor
from gateway.store.audit_conditions import Narrowed, narrowed
from gateway.store.criteria import demands_of
from gateway.store.database import Transaction
from gateway.store.matching import Began, plan_for_search
from gateway.store.page_cursor import LastSeen
from gateway.store.query import LAST_UPDATED, Query
from gateway.store.search import Page
from gateway.store.second_look import released
from gateway.store.versions import Version

MAX_JUDGED: Final = 10_000
"""How many rows one page, or one count, looks at one by one."""

_BATCH: Final = 1_000
_BY_ID: Final = text(f"SELECT {audit.COLUMNS} FROM audit WHERE id = :id")  # noqa: S608 (fixed text)
_SEEN: Final = "pg_visible_in_snapshot(a.xid, CAST(:began AS pg_snapshot))"
_BY_TIME: Final = ("date", LAST_UPDATED)


def read(tx: Transaction, id: str, *, base_url: str) -> Version:
    """One AuditEvent. Raises NotFound; Forbidden for those who may not read the audit."""
    gate(tx.actor, Interaction.READ, AUDIT_EVENT)
    found = tx.connection.execute(_BY_ID, {"id": row_id(id)}).mappings().first()
    if found is None:
        raise NotFound("there is no AuditEvent of this id")
    row = _row(found)
    return _version(row, audit_event(row, base_url=base_url, reader=tx.actor), tx.actor)


def search(tx: Transaction, query: Query) -> Page:
    """A page of the events that the query asks for, in the order they were written, or by time.

    A page may hold fewer than were asked for and still have a next one.
    Raises Forbidden for those who may not read the audit; BadRequest, UnknownParameter, TooCostly.
    """
    _refuse_others(query)
    after = page_cursor.opened(tx, query)
    begins = plan_for_search(tx)
    began = after.began if after else begins
    demands = demands_of(tx, query, began.now)[AUDIT_EVENT]
    found: list[tuple[LastSeen, Version]] = []
    place, judged = after, 0
    for row in _rows(tx, query, demands, after, began):
        event = audit_event(row, base_url=query.own_base.rstrip("/"), reader=tx.actor)
        here = LastSeen(row.id, row.at, began)
        if all(demand.is_met_by(event) for demand in demands):
            if len(found) == query.count:
                return _page(tx, query, [it for _, it in found], found[-1][0])
            found.append((here, _version(row, event, tx.actor)))
        place, judged = here, judged + 1
        if judged == MAX_JUDGED:
            return _page(tx, query, [it for _, it in found], place)
    return _page(tx, query, [it for _, it in found], None)


def count(tx: Transaction, query: Query) -> int:
    """How many events the query finds, on all its pages. Raises TooCostly beyond MAX_JUDGED."""
    _refuse_others(query)
    began = plan_for_search(tx)
    demands = demands_of(tx, query, began.now)[AUDIT_EVENT]
    if not demands:
        statement = text(f"SELECT count(*) FROM audit AS a WHERE {_SEEN}")  # noqa: S608 (fixed text)
        many: int = tx.connection.execute(statement, {"began": began.snapshot}).scalar_one()
        return many
    total = 0
    for judged, row in enumerate(_rows(tx, query, demands, None, began)):
        if judged == MAX_JUDGED:
            raise TooCostly(
                f"these may be more than {MAX_JUDGED} events: narrow the search", expression="_total"
            )
        event = audit_event(row, base_url=query.own_base.rstrip("/"), reader=tx.actor)
        total += all(demand.is_met_by(event) for demand in demands)
    return total


def _refuse_others(query: Query) -> None:
    if query.types != (AUDIT_EVENT,):
        raise BadRequest(f"{AUDIT_EVENT} is searched alone, not with other types", expression="_type")
    if len(query.sort) > 1 or any(key.name not in _BY_TIME for key in query.sort):
        raise BadRequest(f"{AUDIT_EVENT} is sorted by date or {LAST_UPDATED}", expression="_sort")


def _page(tx: Transaction, query: Query, events: Sequence[Version], last: LastSeen | None) -> Page:
    following = page_cursor.sealed(tx, query, last) if last else None
    return Page(tuple(events), following, released(tx, includes.included(tx, query, events)))


def _rows(
    tx: Transaction, query: Query, demands: Sequence[Demand], after: LastSeen | None, began: Began
) -> Iterator[AuditRow]:
    """The rows that may meet the demands, in the query's order, from `after` on."""
    held = narrowed(tx, demands)
    many = query.count + 1
    while True:
        statement = text(_statement(query, held, after))
        values = {**held.values, "began": began.snapshot, "many": many}
        if after is not None:
            values |= {"after_id": after.pk, "after_at": after.place}
        rows = tx.connection.execute(statement, values).mappings().all()
        yield from map(_row, rows)
        if len(rows) < many:
            return
        after, many = LastSeen(rows[-1]["id"], rows[-1]["at"], began), _BATCH


def _statement(query: Query, held: Narrowed, after: LastSeen | None) -> str:
    sign, way = ("<", " DESC") if query.sort and query.sort[0].descending else (">", "")
    keys, values = ("a.at, a.id", ":after_at, :after_id") if query.sort else ("a.id", ":after_id")
    order = ", ".join(f"{key}{way}" for key in keys.split(", "))
    further = f" AND ({keys}) {sign} ({values})" if after else ""
    parts = (
        f"(SELECT * FROM audit AS a WHERE a.seq {is_null} AND {_SEEN} AND {held.sql}{further}"  # noqa: S608
        f" ORDER BY {order} LIMIT :many)"
        for is_null in ("IS NOT NULL", "IS NULL")
    )
    return f"SELECT {audit.COLUMNS} FROM ({' UNION ALL '.join(parts)}) AS a ORDER BY {order} LIMIT :many"  # noqa: S608


def _row(row: RowMapping) -> AuditRow:
    who = Actor(ActorKind(row["actor_kind"]), row["actor_name"], row["actor_source"], row["organisation"])
    return AuditRow(
        id=row["id"],
        at=row["at"],
        actor=who,
        action=row["action"],
        outcome=row["outcome"],
        detail=row["detail"],
        entities=tuple(row["entities"]),
        versions=tuple(row["versions"] or ()),
        patients=tuple(row["patients"] or ()),
        query=row["query"],
        request_id=row["request_id"],
        address=row["address"],
    )


def _version(row: AuditRow, event: Resource, reader: Actor) -> Version:
    """The event as a version: written once and for all, and made for this reader, who may read the audit."""
    gate(reader, Interaction.READ, AUDIT_EVENT)
    return Version(
        type=AUDIT_EVENT,
        id=str(row.id),
        version=1,
        last_updated=row.recorded,
        body=write(event),
        source=row.actor.source,
        owner_org=None,
        deleted=False,
        method="POST",
        author=row.actor.name,
        patients=row.patients,
        shown_to=reader,
    )
