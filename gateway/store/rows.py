"""What an actor may see, as a SQL condition. Statements that select resources are made here and nowhere else.

A statement is fixed text with a mark: `{rows}` stands for the condition over the head row `r`, `{versions}`
for the condition over the head row `r` and one of its versions `v`. There are five conditions, so each
statement exists in at most five texts. A guard test finds every statement over resources without a mark.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, assert_never

from sqlalchemy import TextClause, text

from gateway.access.visibility import (
    Everything,
    Granted,
    Nothing,
    SourceAndItsPersons,
    Visibility,
    visibility,
)
from gateway.fhir.identifiers import Identifier
from gateway.fhir.resource_types import DIRECTORY_TYPES
from gateway.store.database import Transaction
from gateway.store.index_rows import identifier_hash

_DIRECTORY: Final = ", ".join(f"'{type}'" for type in sorted(DIRECTORY_TYPES))

_NOW: Final = "(SELECT rp.patient_id FROM resource_patient AS rp WHERE rp.resource_pk = r.pk)"
_THEN: Final = "unnest(v.patients)"

# {patients} is a set of patient ids. A person is denied by a Consent about any of the Patients that are it.
# The denied organisation is a number, one Organization, or whichever Organizations carry that number now.
_DENIED: Final = """EXISTS (
    SELECT FROM {patients} AS named (patient_id)
    LEFT JOIN person_patient AS about ON about.patient_id = named.patient_id
    CROSS JOIN LATERAL (
        SELECT named.patient_id UNION ALL SELECT about.person_id
        UNION ALL SELECT other.patient_id FROM person_patient AS other
        WHERE other.person_id = coalesce(about.person_id, named.patient_id)
    ) AS same (patient_id)
    JOIN consent_denial AS d ON d.patient_id = same.patient_id
    WHERE (d.since IS NULL OR d.since <= gateway_now()) AND (d.until IS NULL OR d.until >= gateway_now())
      AND (d.identifier = CAST(:actor_known_by AS bigint)
        OR d.organisation = CAST(:actor_organisation AS uuid)
        OR d.organisation IN (
            SELECT o.id FROM posting AS p JOIN resource AS o ON o.pk = p.resource_pk
            WHERE p.h = CAST(:actor_known_by AS bigint) AND o.type = 'Organization'))
)"""

# A person is the source's when linked to one of the source's Patients.
_OF_SOURCE: Final = """(
    r.source = :actor_source
    OR r.type IN ({directory})
    OR (EXISTS (
        SELECT FROM {patients} AS named (patient_id)
        LEFT JOIN person_patient AS about ON about.patient_id = named.patient_id
        JOIN person_patient AS own ON own.person_id = coalesce(about.person_id, named.patient_id)
        WHERE own.source = :actor_source
    ){denied})
)"""
_GRANTED: Final = """(EXISTS (
    SELECT FROM access_grant AS g
    WHERE g.resource_pk = r.pk AND g.organisation = CAST(:actor_organisation AS uuid)
      AND (g.until_at IS NULL OR g.until_at > gateway_now()){since}
){denied})"""


def _of_source(patients: str, known_by: Identifier | None) -> str:
    denied = f" AND NOT {_DENIED.format(patients=patients)}" if known_by is not None else ""
    return _OF_SOURCE.format(directory=_DIRECTORY, patients=patients, denied=denied)


def select(tx: Transaction, statement: str, values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rows of a marked statement that exist for the transaction's actor."""
    seen_by = visibility(tx.actor)
    clause = _judged(statement, condition_on_heads(seen_by), condition_on_versions(seen_by))
    found = tx.connection.execute(clause, {**values, **_parameters(seen_by)}).mappings()
    return [dict(row) for row in found]


def condition_on_heads(seen_by: Visibility) -> str:
    """SQL over `resource r`: the row as it stands now exists for the actor."""
    match seen_by:
        case Everything():
            return "TRUE"
        case Nothing():
            return "FALSE"
        case SourceAndItsPersons(known_by=known_by):
            return _of_source(_NOW, known_by)
        case Granted():
            return _GRANTED.format(since="", denied=f" AND NOT {_DENIED.format(patients=_NOW)}")
        case _:
            assert_never(seen_by)


def condition_on_versions(seen_by: Visibility) -> str:
    """SQL over `resource r` and `resource_version v`: this version exists for the actor.

    A version is judged by whom it was about itself, and an agency sees none from before its grant.
    """
    match seen_by:
        case SourceAndItsPersons(known_by=known_by):
            return f"{_of_source(_NOW, known_by)} AND {_of_source(_THEN, known_by)}"
        case Granted():
            denied = "".join(f" AND NOT {_DENIED.format(patients=patients)}" for patients in (_NOW, _THEN))
            return _GRANTED.format(since=" AND v.version >= g.from_version", denied=denied)
        case _:
            return condition_on_heads(seen_by)


@lru_cache(maxsize=512)
def _judged(statement: str, heads: str, versions: str) -> TextClause:
    if "{rows}" not in statement and "{versions}" not in statement:
        raise AssertionError("a statement over resources must carry {rows} or {versions}")
    return text(statement.replace("{rows}", heads).replace("{versions}", versions))


def _parameters(seen_by: Visibility) -> dict[str, Any]:
    match seen_by:
        case SourceAndItsPersons(source, None):
            return {"actor_source": source}
        case SourceAndItsPersons(source, known_by):
            return {"actor_source": source, "actor_organisation": None, "actor_known_by": _hash(known_by)}
        case Granted(organisation, known_by):
            return {"actor_organisation": organisation, "actor_known_by": _hash(known_by)}
        case Everything() | Nothing():
            return {}
        case _:
            assert_never(seen_by)


def _hash(known_by: Identifier | None) -> int | None:
    return identifier_hash("Organization", known_by) if known_by is not None else None
