"""A record as its readers see it: what the lens shows, and what only the store and the rules know besides.

`person` is the id of the person, whichever source's Patient the resource points at; writing it back keeps
that Patient. `state` and `events` of a referral are derived; `source`, `version` and `updated_at` are the
store's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.acts.gateway import Gateway
from gateway.acts.record_parts import Parts
from gateway.care.referral_events import Snapshot, events_of
from gateway.care.referral_legs import referral_state
from gateway.fhir.json_codec import Resource
from gateway.fhir.references import ReferenceKind, parse_reference, relative
from gateway.fhir.subjects import subject_element
from gateway.fhir.systems import OURS
from gateway.store import people, resources
from gateway.store.database import Transaction
from gateway.store.versions import Version

REFERRAL_NUMBER_SYSTEM: Final = f"{OURS}referral-number"
_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """A record with what an answer needs beside it. `replayed`: kept from an earlier, equal request."""

    id: str
    record: dict[str, Any]
    etag: str
    replayed: bool = False


def show(gateway: Gateway, tx: Transaction, parts: Parts) -> Shown:
    """The record of these parts, complete."""
    [record] = show_all(gateway, tx, [parts])
    if parts.kind.name == "referral" and (events := _events(tx, parts)):
        record["events"] = events
    return Shown(parts.root.id, record, parts.etag)


def show_all(gateway: Gateway, tx: Transaction, many: Sequence[Parts]) -> list[dict[str, Any]]:
    """The records of many parts, in order; referrals with their state, without their events."""
    refuse_others(tx, many)
    subjects = {subject for parts in many if (subject := subject_of(parts.root))}
    persons = people.persons_of(tx, subjects) if subjects else {}
    records = []
    for parts in many:
        record = view(gateway, parts)
        if (subject := subject_of(parts.root)) is not None and "person" in record:
            record["person"] = persons.get(subject, subject)
        if parts.kind.name == "person":
            record["sources"] = _sources(tx, parts.root.id)
        records.append(record)
    return records


def refuse_others(tx: Transaction, many: Iterable[Parts]) -> None:
    """Nothing, when all of these left the store for the actor. Raises AccessBreach."""
    for parts in many:
        for version in parts.versions:
            version.for_reader(tx.actor)


def view(gateway: Gateway, parts: Parts) -> dict[str, Any]:
    """What the lens shows of the parts, with source, version, time and state; `person` as it is stored."""
    record: dict[str, Any] = gateway.mappings.for_record(parts.kind.name).get(parts.resources()).record
    record |= {
        "id": parts.root.id,
        "version": str(parts.root.version),
        "updated_at": max(version.last_updated for version in parts.versions),
        "source": parts.root.source,
    }
    if parts.kind.name == "care_plan":
        _name_sources(record.get("goals", ()), parts.others)
    if parts.kind.name == "referral":
        record["state"] = referral_state(parts.root.resource, [task.resource for task in parts.others]).value
    return record


def subject_of(version: Version) -> str | None:
    """The id of the Patient a stored resource is about; None when it names none of ours."""
    return subject_in(version.resource)


def subject_in(resource: Resource) -> str | None:
    """The id of the Patient a resource is about; None when it names none of ours."""
    subject = resource.get(subject_element(resource["resourceType"]))
    reference = parse_reference(str(subject.get("reference", ""))) if isinstance(subject, dict) else None
    if reference is None or reference.kind is not ReferenceKind.RELATIVE or reference.type != "Patient":
        return None
    return reference.id


def _name_sources(goals: Iterable[dict[str, Any]], versions: Iterable[Version]) -> None:
    by_id = {version.id: version for version in versions}
    for goal in goals:
        if (version := by_id.get(str(goal.get("id")))) is not None:
            goal["source"] = version.source


def _sources(tx: Transaction, person_id: str) -> list[dict[str, Any]]:
    return [
        {
            "source": link.source,
            "patient": relative("Patient", link.patient),
            "linked_at": link.linked_at,
            "how": link.how,
        }
        for link in people.patients_of(tx, person_id)
    ]


def _events(tx: Transaction, parts: Parts) -> list[dict[str, Any]]:
    history = [snapshot for version in parts.versions for snapshot in _snapshots(tx, version)]
    return [event.as_record() for event in events_of(history)]


def _snapshots(tx: Transaction, head: Version) -> Iterable[Snapshot]:
    before: int | None = None
    while page := resources.history(tx, head.type, head.id, _PAGE, before):
        yield from (Snapshot(v.resource, v.last_updated, v.author) for v in page if not v.deleted)
        before = page[-1].version
