"""Reading resources as they are stored: an act sees what its actor may, and the audit says what it showed.

Hidden and missing look the same. The audit row commits before an answer can leave.
https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.access.actors import Actor
from gateway.access.audit_event import AUDIT_EVENT
from gateway.access.audited_acts import SEVERAL
from gateway.access.policy import Interaction
from gateway.acts.gateway import Gateway
from gateway.store import audit, audit_search, histories, page_cursor, resources
from gateway.store import search as index
from gateway.store.database import Transaction
from gateway.store.histories import ALWAYS, HistoryPage, Times
from gateway.store.search import Page, Query
from gateway.store.versions import Version


def read(gateway: Gateway, actor: Actor, type: str, id: str) -> Version:
    """The resource as it stands. Raises NotFound, or Gone after a deletion."""
    with gateway.database.transaction(actor) as tx:
        if type == AUDIT_EVENT:
            version = audit_search.read(tx, id, base_url=gateway.fhir_base)
        else:
            version = resources.read(tx, type, id)
        audit.record(tx, f"{Interaction.READ} {type}", (version,))
    return version


def vread(gateway: Gateway, actor: Actor, type: str, id: str, version_id: int) -> Version:
    """One version as it was. Raises NotFound, or Gone when that version is the deletion."""
    with gateway.database.transaction(actor) as tx:
        version = resources.vread(tx, type, id, version_id)
        audit.record(tx, f"{Interaction.VREAD} {type}", (version,))
    return version


def history(
    gateway: Gateway,
    actor: Actor,
    type: str,
    id: str,
    *,
    count: int,
    before: int | None,
    times: Times = ALWAYS,
) -> tuple[Version, ...]:
    """At most `count` versions below `before`, newest first, deletions included. Raises NotFound."""
    with gateway.database.transaction(actor) as tx:
        versions = resources.history(tx, type, id, count, before, times)
        audit.record(tx, f"{Interaction.HISTORY} {type}", (f"{type}/{id}",))
    return versions


def history_of(
    gateway: Gateway,
    actor: Actor,
    types: Sequence[str],
    times: Times,
    *,
    count: int,
    said: str,
    cursor: str | None,
) -> HistoryPage:
    """A page of the versions of these types, newest first, deletions included. Raises as the store does."""
    with gateway.database.transaction(actor) as tx:
        page = histories.history_of(tx, types, times, count=count, said=said, cursor=cursor)
        whose = types[0] if len(types) == 1 else "several types"
        audit.record(tx, f"{Interaction.HISTORY_TYPE} {whose}", page.versions)
    return page


def said_in_history(gateway: Gateway, actor: Actor, cursor: str) -> str:
    """What the history of a page token said. Raises BadRequest for a token that is not the actor's."""
    with gateway.database.transaction(actor) as tx:
        return histories.said_in_history(tx, cursor)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found, and how many there are on all pages where that was asked."""

    page: Page
    total: int | None = None


def search(gateway: Gateway, actor: Actor, query: Query, *, total: bool = False) -> Found:
    """The page of resources that fit `query` and that the actor may see, with what it brings along."""
    with gateway.database.transaction(actor) as tx:
        page = audit_search.search(tx, query) if _is_of_audit(query) else index.search(tx, query)
        many = _counted(tx, query) if total else None
        shown = (*page.versions, *page.included)
        audit.record(tx, _searched(query), shown, query=query.text)
    return Found(page, many)


def count(gateway: Gateway, actor: Actor, query: Query) -> int:
    """How many resources fit `query`, counting only what the actor may see."""
    with gateway.database.transaction(actor) as tx:
        total = _counted(tx, query)
        audit.record(tx, _searched(query), (), detail="count only", query=query.text)
    return total


def said_in(gateway: Gateway, actor: Actor, cursor: str) -> str:
    """What the search of a page token said. Raises BadRequest for a token that is not the actor's."""
    with gateway.database.transaction(actor) as tx:
        return page_cursor.carried(tx, cursor)


def _counted(tx: Transaction, query: Query) -> int:
    return audit_search.count(tx, query) if _is_of_audit(query) else index.count(tx, query)


def _is_of_audit(query: Query) -> bool:
    return AUDIT_EVENT in query.types


def _searched(query: Query) -> str:
    return f"{Interaction.SEARCH} {query.type}" if len(query.types) == 1 else SEVERAL
