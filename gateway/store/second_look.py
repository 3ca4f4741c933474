"""The last step of every version out of the store: looked at a second time, and marked for whom it is.

What the statements of the store selected was chosen by a condition that each of them carries (rows.py). A
statement that lost it, or an include that joins past it, would show what it must not. So what is known of
those whom the versions are about is asked for once more, and access/second_look.py decides again. One that
may not leave ends the request: nothing of it is answered.

Both look at the same moment: what ended or began since this transaction did is no breach.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from gateway.access.actors import ActorKind
from gateway.access.second_look import Known, may_see, needs_no_facts
from gateway.errors import AccessBreach
from gateway.store.database import Transaction
from gateway.store.index_rows import identifier_hash
from gateway.store.versions import Version

_OWN: Final = text("""
    SELECT named.id FROM unnest(CAST(:patients AS uuid[])) AS named (id)
    LEFT JOIN person_patient AS link ON link.patient_id = named.id
    JOIN person_patient AS own ON own.person_id = coalesce(link.person_id, named.id) AND own.source = :source
""")
_SAME: Final = text("""
    SELECT named.id, same.patient_id, same.person_id FROM unnest(CAST(:patients AS uuid[])) AS named (id)
    LEFT JOIN person_patient AS link ON link.patient_id = named.id
    JOIN person_patient AS same ON same.person_id = coalesce(link.person_id, named.id)
""")
_DENIED: Final = text("""
    SELECT d.patient_id FROM consent_denial AS d JOIN resource AS said ON said.pk = d.resource_pk
    WHERE d.patient_id = ANY(CAST(:patients AS uuid[]))
      AND said.last_updated <= transaction_timestamp() + gateway_clock_offset()
      AND (d.since IS NULL OR d.since <= transaction_timestamp() + gateway_clock_offset())
      AND (d.until IS NULL OR d.until >= gateway_now())
      AND (d.identifier = CAST(:number AS bigint) OR d.organisation = CAST(:organisation AS uuid)
        OR EXISTS (SELECT FROM resource AS o JOIN posting AS p ON p.resource_pk = o.pk
            WHERE o.type = 'Organization' AND o.id = d.organisation AND p.h = CAST(:number AS bigint)))
""")
_GRANTED: Final = text("""
    SELECT r.id, min(g.from_version) AS since FROM resource AS r
    JOIN access_grant AS g ON g.resource_pk = r.pk
    WHERE (r.type, r.id) IN (SELECT * FROM unnest(CAST(:types AS text[]), CAST(:ids AS uuid[])))
      AND g.organisation = CAST(:organisation AS uuid)
      AND (g.until_at IS NULL OR g.until_at > transaction_timestamp() + gateway_clock_offset())
    GROUP BY r.pk
""")
_ABOUT_NOW: Final = text("""
    SELECT r.id, p.patient_id FROM resource AS r JOIN resource_patient AS p ON p.resource_pk = r.pk
    WHERE (r.type, r.id) IN (SELECT * FROM unnest(CAST(:types AS text[]), CAST(:ids AS uuid[])))
""")


def released(tx: Transaction, versions: Sequence[Version], *, past: bool = False) -> tuple[Version, ...]:
    """The versions in the same order, marked as shown to the actor.

    past   they may be earlier versions: whom their resources are about now counts as well

    Raises AccessBreach, which names none of them, when the actor may not see one. A deletion says nothing
    about anybody and is not looked at.
    """
    doubtful = [it for it in versions if not (it.deleted or needs_no_facts(tx.actor, it.type, it.source))]
    hidden = {it.type for it in _hidden(tx, doubtful, past=past)} if doubtful else set()
    if hidden:
        raise AccessBreach(
            f"resources were about to leave that are hidden from this {tx.actor.kind}, of type"
            f" {', '.join(sorted(hidden))}: nothing was answered"
        )
    return tuple(replace(it, shown_to=tx.actor) for it in versions)


def _hidden(tx: Transaction, versions: Sequence[Version], *, past: bool) -> list[Version]:
    asked = {"types": [it.type for it in versions], "ids": [it.id for it in versions]}
    now = _about_now(tx, asked) if past else {}
    everybody = frozenset[UUID]().union(*(it.patients for it in versions), *now.values())
    known = _known(tx, sorted(everybody))
    granted = _granted(tx, asked)

    def may(version: Version, patients: Iterable[UUID]) -> bool:
        opened = version.id in granted and version.version >= granted[version.id]
        return may_see(tx.actor, [known[patient] for patient in patients], granted=opened)

    return [it for it in versions if not (may(it, it.patients) and (not past or may(it, now.get(it.id, ()))))]


def _known(tx: Transaction, patients: Sequence[UUID]) -> dict[UUID, Known]:
    own = set[UUID]()
    if tx.actor.kind is ActorKind.EHR:
        own = {
            row.id for row in tx.connection.execute(_OWN, {"patients": patients, "source": tx.actor.source})
        }
    denied = _denied(tx, patients) if tx.actor.known_by or tx.actor.organisation else frozenset()
    return {it: Known(it in own, it in denied) for it in patients}


def _denied(tx: Transaction, patients: Sequence[UUID]) -> frozenset[UUID]:
    """Those of the patients whose person is denied to the actor, by whichever of its Patients."""
    same: dict[UUID, set[UUID]] = {it: {it} for it in patients}
    for row in tx.connection.execute(_SAME, {"patients": patients}):
        same[row.id] |= {row.patient_id, row.person_id}
    number = identifier_hash("Organization", tx.actor.known_by) if tx.actor.known_by else None
    asked = {"number": number, "organisation": tx.actor.organisation}
    everybody = sorted(set[UUID]().union(*same.values()))
    named = {row.patient_id for row in tx.connection.execute(_DENIED, {"patients": everybody, **asked})}
    return frozenset(it for it, people in same.items() if people & named)


def _granted(tx: Transaction, asked: Mapping[str, Any]) -> dict[str, int]:
    """From which version on each resource is open to the actor's organisation, by id."""
    if tx.actor.kind is not ActorKind.AGENCY:
        return {}
    rows = tx.connection.execute(_GRANTED, {**asked, "organisation": tx.actor.organisation})
    return {str(row.id): row.since for row in rows}


def _about_now(tx: Transaction, asked: Mapping[str, Any]) -> dict[str, frozenset[UUID]]:
    found: dict[str, set[UUID]] = {}
    for row in tx.connection.execute(_ABOUT_NOW, asked):
        found.setdefault(str(row.id), set()).add(row.patient_id)
    return {id: frozenset(patients) for id, patients in found.items()}
