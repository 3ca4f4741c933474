"""Reading records: one, a page of one kind, or everything about one person; every reading is audited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from gateway.access.actors import HERE, Actor
from gateway.acts.gateway import Gateway
from gateway.acts.record_parts import Parts, collect, collect_all
from gateway.acts.record_view import REFERRAL_NUMBER_SYSTEM, Shown, refuse_others, show, show_all, view
from gateway.care.consolidation import SECTIONS, consolidate
from gateway.care.referral_legs import referral_state
from gateway.conformance.served_types import SERVED
from gateway.fhir.identifiers import identifiers_of
from gateway.records import RECORDS, RecordKind
from gateway.store import audit, people, resources
from gateway.store.database import Transaction
from gateway.store.search import Page, Query, search

_STATUS: Final = ("status", "lifecycle-status", "clinical-status")
_ROUNDS: Final = 20  # pages read to fill one; then what was found so far is answered, with a cursor
_WHOLE: Final = 200


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Some records in the order in which they were made; `next` is None when that was all."""

    items: list[dict[str, Any]]
    next: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records of a kind are asked for.

    person   id of a person, whose linked Patients count too
    status   FHIR status of what is asked for; of a need its clinical status
    state    state of a referral
    """

    person: str | None = None
    status: str | None = None
    state: str | None = None


def read_record(gateway: Gateway, actor: Actor, kind: RecordKind, id: str) -> Shown:
    """The record. Raises NotFound, or Gone when its root was deleted."""
    with gateway.database.transaction(actor) as tx:
        parts = collect(tx, kind, id)
        shown = show(gateway, tx, parts)
        audit.record(tx, f"read {kind.name}", parts.references)
    return shown


def list_records(
    gateway: Gateway, actor: Actor, kind: RecordKind, wanted: Wanted, *, count: int, cursor: str | None
) -> RecordPage:
    """At most `count` records that the actor sees. A page may be short and still have a next one.

    Raises BadRequest for a cursor of another actor or of another question.
    """
    query = _query(kind, wanted, count, cursor)
    with gateway.database.transaction(actor) as tx:
        found, following = _filled(tx, kind, wanted, query)
        items = show_all(gateway, tx, found)
        audit.record(tx, f"search {kind.name}", [ref for parts in found for ref in parts.references])
    return RecordPage(items, following)


def status_parameter(kind: RecordKind) -> str | None:
    """The search parameter that finds records of this kind by their status; None when they have none."""
    served = SERVED[kind.root]
    return next((name for name in _STATUS if served.param(name) is not None), None)


def is_about_a_person(kind: RecordKind) -> bool:
    """Whether records of this kind are about a person, and can be asked for by it."""
    return SERVED[kind.root].param("patient") is not None


def read_consolidated(gateway: Gateway, actor: Actor, person_id: str) -> dict[str, Any]:
    """Everything about one person, from every source the actor sees. Raises NotFound for a hidden person."""
    with gateway.database.transaction(actor) as tx:
        person = collect(tx, RECORDS["person"], person_id)
        sections = {name: _everything(tx, RECORDS[name], Wanted(person=person_id)) for name in SECTIONS}
        records = {name: show_all(gateway, tx, found) for name, found in sections.items()}
        shown = show(gateway, tx, person)
        patients = _known_to_sources(tx, person_id)
        refuse_others(tx, patients)
        known_as = [view(gateway, patient) for patient in patients]
        references = [ref for found in sections.values() for ref in _references(found)]
        audit.record(
            tx, "read person record", [*person.references, *_references(patients), *dict.fromkeys(references)]
        )
    return consolidate(shown.record, records, known_as)


def _known_to_sources(tx: Transaction, person_id: str) -> list[Parts]:
    """The person as each linked source holds them; a deleted Patient describes nobody any more."""
    found = (resources.find(tx, "Patient", link.patient) for link in people.patients_of(tx, person_id))
    return collect_all(tx, RECORDS["person"], [each for each in found if each and not each.deleted])


def _references(many: list[Parts]) -> list[str]:
    return [reference for parts in many for reference in parts.references]


def is_referral(parts: Parts) -> bool:
    """Whether a request counts as a referral: made as one, so it has our number, or offered to somebody."""
    systems = {identifier.system for identifier in identifiers_of(parts.root.resource)}
    return bool(parts.others) or REFERRAL_NUMBER_SYSTEM in systems


def _query(kind: RecordKind, wanted: Wanted, count: int, cursor: str | None) -> Query:
    criteria = [("patient", wanted.person)] if wanted.person else []
    status = status_parameter(kind)
    if wanted.status and status is not None:
        criteria.append((status, wanted.status))
    source = HERE if kind.name == "person" else None
    return Query.of(kind.root, criteria, count=count, cursor=cursor, source=source)


def _filled(
    tx: Transaction, kind: RecordKind, wanted: Wanted, query: Query
) -> tuple[list[Parts], str | None]:
    found: list[Parts] = []
    page = Page((), query.cursor)
    for _ in range(_ROUNDS):
        page = search(tx, replace(query, count=query.count - len(found), cursor=page.next_cursor))
        found += [parts for parts in collect_all(tx, kind, page.versions) if _fits(parts, wanted)]
        if page.next_cursor is None or len(found) == query.count:
            break
    return found, page.next_cursor


def _everything(tx: Transaction, kind: RecordKind, wanted: Wanted) -> list[Parts]:
    found, following = _filled(tx, kind, wanted, _query(kind, wanted, _WHOLE, None))
    while following is not None:
        more, following = _filled(tx, kind, wanted, _query(kind, wanted, _WHOLE, following))
        found += more
    return found


def _fits(parts: Parts, wanted: Wanted) -> bool:
    if parts.kind.name != "referral":
        return True
    if wanted.state and wanted.state != referral_state(parts.root.resource, _tasks(parts)).value:
        return False
    return is_referral(parts)


def _tasks(parts: Parts) -> list[Mapping[str, Any]]:
    return [task.resource for task in parts.others]
