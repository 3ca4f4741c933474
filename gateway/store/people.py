"""Persons and the Patients that sources hold for them, as far as the actor may see both.

A person is one Patient of ours (source `here`). Every source's Patient is its own resource, never overwritten
or merged: linking and unlinking change the person's `link[]` and nothing else.
Source: https://hl7.org/fhir/R4/patient.html#links
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from gateway.access.actors import HERE
from gateway.access.policy import Interaction, gate
from gateway.errors import NotFound, Unprocessable
from gateway.fhir.identifiers import Identifier, identifiers_of
from gateway.fhir.references import relative
from gateway.store import resources
from gateway.store.database import Transaction
from gateway.store.index_rows import identifier_hash
from gateway.store.links import LINK_TYPE, linked_patients
from gateway.store.rows import select
from gateway.store.versions import COLUMNS, Version, instant, our_id, version_of


@dataclass(frozen=True, slots=True)
class Link:
    """A Patient that a source holds for a person.

    patient    id of that Patient here
    linked_at  instant in UTC
    how        why it was linked, e.g. `identifier` or `coordinator`
    """

    source: str
    patient: str
    linked_at: str
    how: str


_PATIENTS = """
    SELECT r.id, r.source, p.person_id FROM resource AS r
    LEFT JOIN person_patient AS p ON p.patient_id = r.id
    WHERE r.type = 'Patient' AND r.id = ANY(CAST(:ids AS uuid[])) AND {rows}
"""
_LINKS = """
    SELECT p.source, p.patient_id, p.linked_at, p.how FROM resource AS r
    JOIN person_patient AS p ON p.patient_id = r.id
    WHERE r.type = 'Patient' AND p.person_id = :person AND {rows}
    ORDER BY p.source, p.linked_at, r.pk
"""
_MATCHING = f"""
    SELECT {COLUMNS} FROM resource AS r
    JOIN resource_version AS v ON v.resource_pk = r.pk AND v.version = r.version
    WHERE r.type = 'Patient' AND NOT r.deleted AND {{rows}}
      AND EXISTS (
          SELECT FROM posting AS p WHERE p.h = ANY(CAST(:hashes AS bigint[])) AND p.resource_pk = r.pk)
    ORDER BY r.pk
"""  # noqa: S608 (fixed text)
_HOW = text("UPDATE person_patient SET how = :how WHERE patient_id = :patient AND person_id = :person")


def person_of(tx: Transaction, patient_id: str) -> str | None:
    """The person a Patient belongs to, a person being its own; None when unlinked, hidden or missing."""
    return persons_of(tx, (patient_id,)).get(patient_id)


def persons_of(tx: Transaction, patient_ids: Iterable[str]) -> dict[str, str]:
    """Person by Patient, for those where the actor sees both."""
    patients = _visible_patients(tx, patient_ids)
    persons = {
        str(row["id"]): str(row["id"] if row["source"] == HERE else row["person_id"])
        for row in patients
        if row["source"] == HERE or row["person_id"]
    }
    seen = {str(row["id"]) for row in _visible_patients(tx, persons.values())}
    return {patient: person for patient, person in persons.items() if person in seen}


def patients_of(tx: Transaction, person_id: str) -> list[Link]:
    """The Patients linked to a person, 0..*, by source; those the actor sees, none of a hidden person."""
    if not _visible_patients(tx, (person_id,)):
        return []
    rows = select(tx, _LINKS, {"person": our_id(person_id)})
    return [
        Link(row["source"], str(row["patient_id"]), instant(row["linked_at"]), row["how"]) for row in rows
    ]


def matching(tx: Transaction, identifiers: Iterable[Identifier]) -> list[str]:
    """Ids of the Patients, persons included, that carry one of the identifiers exactly; oldest first.

    Identifiers without a system match nothing: nobody knows whose number that is.
    """
    gate(tx.actor, Interaction.SEARCH, "Patient")
    wanted = {identifier for identifier in identifiers if identifier.system and identifier.value}
    if not wanted:
        return []
    hashes = sorted(identifier_hash("Patient", it) for it in wanted)
    found = map(version_of, select(tx, _MATCHING, {"hashes": hashes}))
    return [it.id for it in found if not wanted.isdisjoint(identifiers_of(it.resource))]


def link(tx: Transaction, patient_id: str, person_id: str, how: str) -> Version:
    """The person as it stands with the Patient among its links; linking again changes nothing.

    Raises NotFound when the actor cannot see both, Unprocessable when `person_id` is no person or
    `patient_id` is one, Conflict when the Patient is another person's, Forbidden when the actor may not write
    the person.
    """
    person, patient = _locked_person(tx, person_id), _patient(tx, patient_id)
    resource = person.resource
    if patient_id in linked_patients(resource):
        return person
    entry = {"other": {"reference": relative("Patient", patient_id)}, "type": LINK_TYPE}
    written = resources.update(tx, {**resource, "link": [*(resource.get("link") or ()), entry]})
    row = {"how": how, "patient": patient["id"], "person": our_id(person_id)}
    tx.connection.execute(_HOW, row)
    return written


def unlink(tx: Transaction, patient_id: str, person_id: str) -> Version:
    """The person as it stands without the Patient among its links. No subject of any resource changes.

    Raises NotFound when the actor cannot see the person, Forbidden when it may not write it.
    """
    person = _locked_person(tx, person_id)
    resource = person.resource
    if patient_id not in linked_patients(resource):
        return person
    left = [entry for entry in resource["link"] if patient_id not in linked_patients({"link": [entry]})]
    without = {name: value for name, value in resource.items() if name != "link"}
    return resources.update(tx, {**without, "link": left} if left else without)


def _locked_person(tx: Transaction, person_id: str) -> Version:
    resources.lock(tx, [relative("Patient", person_id)])
    person = resources.read(tx, "Patient", person_id)
    if person.source != HERE:
        raise Unprocessable(f"{person.reference} is a Patient of source {person.source}, not a person")
    return person


def _patient(tx: Transaction, patient_id: str) -> dict[str, Any]:
    found = _visible_patients(tx, (patient_id,))
    if not found:
        raise NotFound(f"{relative('Patient', patient_id)} does not exist here")
    if found[0]["source"] == HERE:
        raise Unprocessable(
            f"{relative('Patient', patient_id)} is a person; persons are not linked to each other"
        )
    return found[0]


def _visible_patients(tx: Transaction, ids: Iterable[str]) -> list[dict[str, Any]]:
    gate(tx.actor, Interaction.READ, "Patient")
    wanted = sorted({uuid for uuid in map(our_id, ids) if uuid})
    return [dict(row) for row in select(tx, _PATIENTS, {"ids": wanted})] if wanted else []
