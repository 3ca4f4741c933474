"""Which person each source's Patient belongs to, mirrored from the `link[]` of the persons.

A person is a Patient whose source is `here`; its `link` elements of type `seealso` name the Patients that
sources hold for it. These rows follow every write of a person, so what R4 says in `link[]` is what access and
search go by. Only other store modules read these rows directly; everybody else asks people.py, which judges
who is asking.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from gateway.errors import Conflict
from gateway.fhir.json_codec import Resource
from gateway.fhir.references import ReferenceKind, parse_reference
from gateway.store.database import Transaction
from gateway.store.versions import our_id

LINK_TYPE: Final = "seealso"
"""Source: https://hl7.org/fhir/R4/valueset-link-type.html"""
LINKED_BY_ELEMENT: Final = "link"
"""How a Patient was linked when all we know is that someone wrote the person's `link[]`."""

_DROP = text("""
    DELETE FROM person_patient WHERE person_id = :person AND NOT patient_id = ANY(CAST(:patients AS uuid[]))
""")
_ADD = text("""
    INSERT INTO person_patient (patient_id, person_id, source, linked_at, how)
    SELECT r.id, :person, r.source, gateway_now(), :how
    FROM resource AS r
    WHERE r.type = 'Patient' AND r.id = ANY(CAST(:patients AS uuid[])) AND r.source <> 'here'
    ORDER BY r.id
    ON CONFLICT (patient_id) DO NOTHING
""")
_HELD = text("""
    SELECT patient_id, person_id FROM person_patient WHERE patient_id = ANY(CAST(:patients AS uuid[]))
""")


def linked_patients(person: Resource) -> tuple[str, ...]:
    """Ids of the Patients that a person's `link[]` names, in its order; links of other types do not count."""
    named = (parse_reference(reference) for reference in _see_also(person.get("link")))
    return tuple(
        dict.fromkeys(
            it.id
            for it in named
            if it.kind is ReferenceKind.RELATIVE and it.type == "Patient" and it.id is not None
        )
    )


def _see_also(links: Any) -> Iterator[str]:
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("type") == LINK_TYPE and isinstance(link.get("other"), dict):
            yield str(link["other"].get("reference", ""))


def refuse_taken(tx: Transaction, person_id: str, patients: Iterable[str]) -> None:
    """Raises Conflict when one of the Patients is linked to another person: one Patient is one person's."""
    wanted = _ids(patients)
    for patient, person in (_held(tx, wanted) if wanted else {}).items():
        if str(person) != person_id:
            raise Conflict(f"Patient/{patient} is already linked to Patient/{person}: unlink it there first")


def mirror(tx: Transaction, person_id: str, patients: Iterable[str]) -> None:
    """Make the rows say what the person's `link[]` says; links that stood already keep their time and reason.

    Raises Conflict when somebody linked one of the Patients to another person in the same moment.
    """
    person, wanted = our_id(person_id), _ids(patients)
    tx.connection.execute(_DROP, {"person": person, "patients": wanted})
    if wanted:
        tx.connection.execute(_ADD, {"person": person, "patients": wanted, "how": LINKED_BY_ELEMENT})
        refuse_taken(tx, person_id, patients)


def persons_of(tx: Transaction, patients: Iterable[str]) -> list[str]:
    """The persons that Patients belong to, sorted; a Patient that is linked to none stands for itself."""
    ids = _ids(patients)
    if not ids:
        return []
    held = _held(tx, ids)
    return sorted({str(held.get(id, id)) for id in ids})


def _ids(patients: Iterable[str]) -> list[UUID]:
    return sorted({id for id in map(our_id, patients) if id is not None})


def _held(tx: Transaction, patients: list[UUID]) -> dict[UUID, UUID]:
    rows = tx.connection.execute(_HELD, {"patients": patients})
    return {row.patient_id: row.person_id for row in rows}
