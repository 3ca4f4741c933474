"""Who is denied whom: rows that follow every version of a Consent, in the transaction that writes it.

rows.py reads them in the same statement that selects resources, with the time of that statement: a denial
begins and ends by itself, and is gone once its Consent is no longer active. They also keep what number the
Organization carried and which person the Patient was when the Consent was written, so that neither an
Organization that loses its number nor a Patient that is unlinked lifts one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from gateway.care.consent_denials import Denial, denials_in
from gateway.fhir.identifiers import Identifier, identifiers_of
from gateway.fhir.json_codec import Resource
from gateway.fhir.subjects import patients_named
from gateway.store.database import Transaction
from gateway.store.index_rows import identifier_hash
from gateway.store.links import persons_of
from gateway.store.rows import select
from gateway.store.versions import COLUMNS, our_id, version_of

_DROP: Final = text("DELETE FROM consent_denial WHERE resource_pk = :pk")
_KEEP: Final = text("""
    INSERT INTO consent_denial (resource_pk, patient_id, organisation, identifier, since, until)
    VALUES (:pk, :patient, :organisation, :identifier, :since, :until)
""")
_ORGANISATION: Final = f"""
    SELECT {COLUMNS} FROM resource AS r
    JOIN resource_version AS v ON v.resource_pk = r.pk AND v.version = r.version
    WHERE r.type = 'Organization' AND r.id = ANY(CAST(:ids AS uuid[])) AND NOT r.deleted AND {{rows}}
"""  # noqa: S608 (fixed text)


def keep(tx: Transaction, pk: int, consent: Resource | None) -> None:
    """The denials of this Consent are those that it states now; none when it was deleted."""
    tx.connection.execute(_DROP, {"pk": pk})
    if consent is None:
        return
    denials = denials_in(consent)
    patients = patients_named(consent)
    if not denials or not patients:
        return
    carried = _identifiers(tx, {it.organisation for it in denials if it.organisation is not None})
    meant = sorted({uuid for id in (*patients, *persons_of(tx, patients)) if (uuid := our_id(id))})
    rows = [{"pk": pk, "patient": patient, **row} for patient in meant for row in _rows(denials, carried)]
    if rows:
        tx.connection.execute(_KEEP, rows)


def _rows(denials: Iterable[Denial], carried: dict[UUID, list[Identifier]]) -> Iterator[dict[str, Any]]:
    for denial in denials:
        during = {"since": denial.since, "until": denial.until}
        organisation = our_id(denial.organisation)
        if organisation is not None:
            yield {"organisation": organisation, "identifier": None, **during}
        named = [denial.identifier] if denial.identifier is not None else []
        for identifier in (*named, *(carried.get(organisation, ()) if organisation else ())):
            hashed = identifier_hash("Organization", identifier)
            yield {"organisation": None, "identifier": hashed, **during}


def _identifiers(tx: Transaction, organisations: Iterable[str]) -> dict[UUID, list[Identifier]]:
    """The numbers that these Organizations carry now, by id."""
    ids = sorted({uuid for id in organisations if (uuid := our_id(id))})
    found = select(tx, _ORGANISATION, {"ids": ids}) if ids else []
    return {row["id"]: [*identifiers_of(version_of(row).resource)] for row in found}
