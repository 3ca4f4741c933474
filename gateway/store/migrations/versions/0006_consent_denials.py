"""Whom a Consent keeps out: one row per denied organisation and patient, also for Consents kept before.

`gateway/store/tables.py` says what each column means. What Consents say is read by the code that reads it
ever after; nothing else keeps this table in step with what is stored.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from alembic import op
from sqlalchemy import Connection, text

from gateway.care.consent_denials import denials_in
from gateway.fhir.identifiers import identifiers_of
from gateway.fhir.json_codec import read_stored
from gateway.fhir.subjects import patients_named
from gateway.store.index_rows import identifier_hash

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE consent_denial (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    resource_pk   bigint NOT NULL REFERENCES resource,
    patient_id    uuid NOT NULL,
    organisation  uuid,
    identifier    bigint,
    since         timestamptz,
    until         timestamptz,
    CHECK ((organisation IS NULL) <> (identifier IS NULL))
);
CREATE INDEX consent_denial_of_patient ON consent_denial (patient_id);
CREATE INDEX consent_denial_of_consent ON consent_denial (resource_pk);
"""
CURRENT = text("""
    SELECT r.pk, v.body FROM resource AS r
    JOIN resource_version AS v ON v.resource_pk = r.pk AND v.version = r.version
    WHERE r.type = :type AND NOT r.deleted AND (CAST(:id AS text) IS NULL OR CAST(r.id AS text) = :id)
""")
PERSON = text("SELECT person_id FROM person_patient WHERE CAST(patient_id AS text) = :id")
KEEP = text("""
    INSERT INTO consent_denial (resource_pk, patient_id, organisation, identifier, since, until)
    VALUES (:pk, CAST(:patient AS uuid), CAST(:organisation AS uuid), :identifier, :since, :until)
""")


def upgrade() -> None:
    for statement in TABLE.split(";\n"):
        if statement.strip():
            op.execute(statement)
    fill(op.get_bind())


def fill(connection: Connection) -> None:
    """What the Consents that are kept already deny."""
    for row in connection.execute(CURRENT, {"type": "Consent", "id": None}).all():
        _keep(connection, row.pk, _read(row.body))


def _keep(connection: Connection, pk: int, consent: Any) -> None:
    for denial in denials_in(consent):
        numbers = [denial.identifier] if denial.identifier is not None else []
        for held in connection.execute(CURRENT, {"type": "Organization", "id": denial.organisation or ""}):
            numbers += identifiers_of(_read(held.body))
        named: list[dict[str, Any]] = [
            {"organisation": None, "identifier": identifier_hash("Organization", it)} for it in numbers
        ]
        if _is_uuid(denial.organisation):
            named.append({"organisation": denial.organisation, "identifier": None})
        for patient in filter(_is_uuid, patients_named(consent)):
            persons = connection.execute(PERSON, {"id": patient}).scalars()
            for meant in {patient, *map(str, persons)}:
                for row in named:
                    values = {"pk": pk, "patient": meant, "since": denial.since, "until": denial.until}
                    connection.execute(KEEP, values | row)


def _read(body: Any) -> Any:
    return read_stored(bytes(body))


def _is_uuid(id: str | None) -> bool:
    try:
        return id is not None and str(UUID(id)) == id
    except ValueError:
        return False
