"""A new version with everything that goes with it: index, whom it is about, change, links and one message.

Called under the row lock, with the head row as it now stands. All of it commits together or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from gateway.access.actors import HERE
from gateway.fhir.json_codec import Resource, write
from gateway.fhir.subjects import patients_named
from gateway.store import consent_denials, index, lanes, links
from gateway.store.database import Transaction
from gateway.store.versions import Version, instant, our_id, stamped

FAN_OUT: Final = "fanout"
"""The lanes from which what was written is sent on, one per person."""

_KEEP = text("""
    WITH kept AS (
        INSERT INTO resource_version (resource_pk, version, body, patients, method, author, at, sort_date)
        VALUES (:pk, :version, :body, CAST(:patients AS uuid[]), :method, :author, :at, :sort_date)
    )
    INSERT INTO change (resource_pk, version) VALUES (:pk, :version)
""")
_NO_LONGER_ABOUT = text("""
    DELETE FROM resource_patient WHERE resource_pk = :pk AND NOT patient_id = ANY(CAST(:patients AS uuid[]))
""")
_ABOUT = text("""
    INSERT INTO resource_patient (resource_pk, patient_id)
    SELECT :pk, p FROM unnest(CAST(:patients AS uuid[])) AS p
    ON CONFLICT DO NOTHING
""")
_LAST_ABOUT = text("SELECT patient_id FROM resource_patient WHERE resource_pk = :pk ORDER BY patient_id")


def new_version(tx: Transaction, head: Mapping[str, Any], resource: Resource | None, method: str) -> Version:
    """The version, written. Without a resource it is a deletion, and leaves the index."""
    written = _version(tx, head, resource, method)
    patients = _patients(tx, head["pk"], written)
    written = replace(written, patients=tuple(patients))
    about = {"pk": head["pk"], "version": written.version, "patients": patients}
    row = {
        "body": written.body or None,
        "method": method,
        "author": written.author,
        "at": head["last_updated"],
        "sort_date": head["sort_date"],
    }
    tx.connection.execute(_KEEP, {**about, **row})
    index.put(tx, head["pk"], None if written.deleted else written.resource, is_new=written.version == 1)
    _say_whom_about(tx, about)
    if written.type == "Patient" and written.source == HERE:
        links.mirror(tx, written.id, links.linked_patients(resource or {}))
    if written.type == "Consent":
        consent_denials.keep(tx, head["pk"], resource)
    _fan_out(tx, written, [str(patient) for patient in patients])
    return written


def _version(tx: Transaction, head: Mapping[str, Any], resource: Resource | None, method: str) -> Version:
    id, at, source = str(head["id"]), instant(head["last_updated"]), head["source"]
    body = b""
    if resource is not None:
        body = write(stamped(resource, id=id, version=head["version"], last_updated=at, source=source))
    return Version(
        type=head["type"],
        id=id,
        version=head["version"],
        last_updated=at,
        body=body,
        source=source,
        owner_org=str(head["owner_org"]) if head["owner_org"] else None,
        deleted=resource is None,
        method=method,
        author=tx.actor.name,
    )


def _patients(tx: Transaction, pk: int, written: Version) -> list[UUID]:
    """Whom the version is about, sorted; a deletion is about those its predecessor was about."""
    if written.deleted:
        return [row.patient_id for row in tx.connection.execute(_LAST_ABOUT, {"pk": pk})]
    return sorted({id for id in map(our_id, patients_named(written.resource)) if id is not None})


def _say_whom_about(tx: Transaction, about: Mapping[str, Any]) -> None:
    if about["version"] > 1:
        tx.connection.execute(_NO_LONGER_ABOUT, about)
    if about["patients"]:
        tx.connection.execute(_ABOUT, about)


def _fan_out(tx: Transaction, written: Version, patients: list[str]) -> None:
    """One message, in the lane of the person it is about: what is sent on keeps its order per person."""
    persons = links.persons_of(tx, patients)
    lanes.enqueue(
        tx,
        FAN_OUT,
        persons[0] if persons else written.reference,
        {
            "reference": written.reference,
            "version": written.version,
            "method": written.method,
            "source": written.source,
            "author_source": tx.actor.source,
        },
    )
