"""What an actor may see, as a SQL condition. Statements that select resources are made here and nowhere else.

A statement is fixed text with a mark: `{rows}` stands for the condition over the head row `r`, `{versions}`
for the condition over the head row `r` and one of its versions `v`. There are four conditions, so each
statement exists in at most four texts. A guard test finds every statement over resources without a mark.
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
from gateway.fhir.resource_types import DIRECTORY_TYPES
from gateway.store.database import Transaction

_DIRECTORY: Final = ", ".join(f"'{type}'" for type in sorted(DIRECTORY_TYPES))

# {patients} is a set of patient ids. A person is the source's when linked to one of the source's Patients.
_OF_SOURCE: Final = """(
    r.source = :actor_source
    OR r.type IN ({directory})
    OR EXISTS (
        SELECT FROM {patients} AS named (patient_id)
        LEFT JOIN person_patient AS about ON about.patient_id = named.patient_id
        JOIN person_patient AS own ON own.person_id = coalesce(about.person_id, named.patient_id)
        WHERE own.source = :actor_source
    )
)"""
_OF_SOURCE_NOW: Final = _OF_SOURCE.format(
    directory=_DIRECTORY,
    patients="(SELECT rp.patient_id FROM resource_patient AS rp WHERE rp.resource_pk = r.pk)",
)
_OF_SOURCE_THEN: Final = _OF_SOURCE.format(directory=_DIRECTORY, patients="unnest(v.patients)")

_GRANTED: Final = """EXISTS (
    SELECT FROM access_grant AS g
    WHERE g.resource_pk = r.pk AND g.organisation = CAST(:actor_organisation AS uuid)
      AND (g.until_at IS NULL OR g.until_at > gateway_now()){since}
)"""


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
        case SourceAndItsPersons():
            return _OF_SOURCE_NOW
        case Granted():
            return _GRANTED.format(since="")
        case _:
            assert_never(seen_by)


def condition_on_versions(seen_by: Visibility) -> str:
    """SQL over `resource r` and `resource_version v`: this version exists for the actor.

    A version is judged by whom it was about itself, and an agency sees none from before its grant.
    """
    match seen_by:
        case SourceAndItsPersons():
            return f"{_OF_SOURCE_NOW} AND {_OF_SOURCE_THEN}"
        case Granted():
            return _GRANTED.format(since=" AND v.version >= g.from_version")
        case _:
            return condition_on_heads(seen_by)


@lru_cache(maxsize=512)
def _judged(statement: str, heads: str, versions: str) -> TextClause:
    if "{rows}" not in statement and "{versions}" not in statement:
        raise AssertionError("a statement over resources must carry {rows} or {versions}")
    return text(statement.replace("{rows}", heads).replace("{versions}", versions))


def _parameters(seen_by: Visibility) -> dict[str, str]:
    match seen_by:
        case SourceAndItsPersons(source):
            return {"actor_source": source}
        case Granted(organisation):
            return {"actor_organisation": organisation}
        case Everything() | Nothing():
            return {}
        case _:
            assert_never(seen_by)
