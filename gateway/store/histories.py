"""The history of whole types: every version that the actor may see, newest first, deletions included.

Pages are walked by the last version seen, and show what was committed when the first page was asked for: so
none is met twice and none is missed, whoever writes meanwhile. Versions of the same moment stand in the order
of their resources' creation, which never changes.
Source: https://hl7.org/fhir/R4/http.html#history
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.access.policy import Interaction, gate
from gateway.store.database import Transaction
from gateway.store.matching import plan_for_search
from gateway.store.page_tokens import refuse_token, seal, unseal
from gateway.store.rows import select
from gateway.store.second_look import released
from gateway.store.shown import shown_to
from gateway.store.versions import COLUMNS, Version, micros, moment, version_of

_KIND: Final = "history"
# Committed when the walk began, or this transaction's own.
_THEN: Final = """(pg_visible_in_snapshot(v.xid, CAST(:began AS pg_snapshot))
    OR v.xid IS NOT DISTINCT FROM pg_current_xact_id_if_assigned())"""
_SINCE: Final = " AND v.at >= :since"
# What a version says is true from its own moment to that of the next one.
_DURING: Final = """ AND v.at <= :during_until AND NOT EXISTS (
    SELECT FROM resource_version AS w
    WHERE w.resource_pk = v.resource_pk AND w.version > v.version AND w.at <= :during_since)"""


@dataclass(frozen=True, slots=True)
class Times:
    """Which versions of a history are asked for, by time.

    since   those made then or later
    during  those that were current at some moment from the first to the second, both included
    """

    since: datetime | None = None
    during: tuple[datetime, datetime] | None = None

    @property
    def sql(self) -> str:
        """The condition on a version `v`, in fixed parts."""
        return (_SINCE if self.since else "") + (_DURING if self.during else "")

    @property
    def values(self) -> dict[str, Any]:
        """What the condition compares with."""
        values: dict[str, Any] = {"since": self.since} if self.since else {}
        if self.during:
            values |= {"during_since": self.during[0], "during_until": self.during[1]}
        return values


ALWAYS: Final = Times()


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some of a history, newest first; `next_cursor` is None when that was all."""

    versions: tuple[Version, ...]
    next_cursor: str | None


def history_of(
    tx: Transaction,
    types: Sequence[str],
    times: Times,
    *,
    count: int,
    said: str = "",
    cursor: str | None = None,
) -> HistoryPage:
    """A page of the versions of these types.

    `said` is what the caller wants to find again in the token of the next page (`said_in_history`).
    Raises Forbidden, and BadRequest for a cursor that is not the actor's, or not of a history of these types.
    """
    for type in types:
        gate(tx.actor, Interaction.HISTORY_TYPE, type)
    began = plan_for_search(tx).snapshot
    values: dict[str, Any] = {"types": list(types), "many": count + 1, **times.values}
    older = ""
    if cursor is not None:
        at, pk, version, began = _place(tx, types, cursor)
        older = " AND (v.at, v.resource_pk, v.version) < (:before_at, :before_pk, :before_version)"
        values |= {"before_at": at, "before_pk": pk, "before_version": version}
    rows = select(
        tx,
        f"SELECT {COLUMNS}, v.resource_pk AS pk FROM resource_version AS v"  # noqa: S608 (fixed parts)
        " JOIN resource AS r ON r.pk = v.resource_pk"
        f" WHERE r.type = ANY(CAST(:types AS text[])) AND {{versions}} AND {_THEN}{times.sql}{older}"
        " ORDER BY v.at DESC, v.resource_pk DESC, v.version DESC LIMIT :many",
        {**values, "began": began},
    )
    shown = rows[:count]
    following = None
    if len(rows) > count:
        last = shown[-1]
        place = [micros(last["at"]), last["pk"], last["version"]]
        following = seal(tx, _KIND, [sorted(types), said, *place, began])
    leaving = released(tx, [version_of(row) for row in shown], past=True)
    return HistoryPage(shown_to(tx, leaving), following)


def said_in_history(tx: Transaction, cursor: str) -> str:
    """What the history of a page token `said`. Raises BadRequest for a token that is not the actor's."""
    return str(unseal(tx, _KIND, cursor)[1])


def _place(tx: Transaction, types: Sequence[str], cursor: str) -> tuple[datetime, int, int, str]:
    of_types, _, at, pk, version, began = unseal(tx, _KIND, cursor)
    if of_types != sorted(types):
        raise refuse_token(tx)
    return moment(at), pk, version, began
