"""Grants: which organisation can see what, by which referral, since when and until when. Rows, not opinions.

A grant is written in the transaction that sends a referral and closed in the one that ends it. It counts from
the version the resource had then: what was written before stays hidden.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from gateway.access.actors import ActorKind
from gateway.access.policy import only
from gateway.errors import NotFound, Unprocessable
from gateway.fhir.references import parse_reference, relative
from gateway.store.database import Transaction
from gateway.store.rows import select
from gateway.store.versions import instant, our_id


@dataclass(frozen=True, slots=True)
class Grant:
    """Who can see what, why and until when.

    basis       why, e.g. `referral`
    granted_by  name of the actor that opened it
    granted_at  instant in UTC
    until       instant in UTC at which it ended or will end; None while it is open
    """

    organisation: str
    reference: str
    from_version: int
    referral_id: str
    basis: str
    granted_by: str
    granted_at: str
    until: str | None


_GRANT = """
    INSERT INTO access_grant
        (organisation, resource_pk, from_version, referral_id, basis, granted_by, granted_at)
    SELECT :organisation, r.pk, r.version, :referral, :basis, :granted_by, gateway_now() FROM resource AS r
    WHERE (r.type, r.id) IN (SELECT * FROM unnest(CAST(:types AS text[]), CAST(:ids AS uuid[])))
      AND NOT r.deleted AND {rows}
    ORDER BY r.type, r.id
    ON CONFLICT (resource_pk, organisation, referral_id) WHERE until_at IS NULL
    DO UPDATE SET basis = excluded.basis
    RETURNING resource_pk
"""
_CLOSE = text("""
    UPDATE access_grant SET until_at = gateway_now()
    WHERE referral_id = :referral AND organisation = :organisation AND until_at IS NULL
""")
_LIST = """
    SELECT g.organisation, r.type, r.id, g.from_version, g.referral_id, g.basis, g.granted_by, g.granted_at,
           g.until_at
    FROM access_grant AS g JOIN resource AS r ON r.pk = g.resource_pk
    WHERE {rows}
      AND (CAST(:organisation AS uuid) IS NULL OR g.organisation = :organisation)
      AND (CAST(:referral AS uuid) IS NULL OR g.referral_id = :referral)
      AND (CAST(:id AS uuid) IS NULL OR (r.type, r.id) = (:type, :id))
    ORDER BY g.id
"""


def grant(tx: Transaction, org: str, referral_id: str, references: Iterable[str], basis: str) -> None:
    """From the commit on, `org` sees the resources from their present version; granting again changes
    nothing.

    Raises NotFound when the actor cannot see one of them itself: nobody grants more than it has.
    """
    only(tx.actor, ActorKind.COORDINATOR, ActorKind.EHR)
    wanted = sorted({(it.type or "", it.id or "") for it in map(parse_reference, references)})
    named = [(type, uuid) for type, id in wanted if (uuid := our_id(id))]
    granted = select(
        tx,
        _GRANT,
        {
            "organisation": _uuid(org),
            "referral": _uuid(referral_id),
            "basis": basis,
            "granted_by": tx.actor.name,
            "types": [type for type, _ in named],
            "ids": [uuid for _, uuid in named],
        },
    )
    if len(granted) != len(wanted):
        raise NotFound(
            f"{len(wanted) - len(granted)} of the {len(wanted)} resources to share do not exist here"
        )


def close(tx: Transaction, referral_id: str, org: str) -> int:
    """How many grants of the referral to `org` ended now; 0 when none was open."""
    only(tx.actor, ActorKind.COORDINATOR, ActorKind.EHR)
    asked = {"referral": _uuid(referral_id), "organisation": _uuid(org)}
    return tx.connection.execute(_CLOSE, asked).rowcount


def grants(
    tx: Transaction,
    *,
    org: str | None = None,
    referral_id: str | None = None,
    reference: str | None = None,
) -> list[Grant]:
    """Grants on resources the actor sees itself, ended ones included, oldest first; limited as asked."""
    only(tx.actor, ActorKind.COORDINATOR, ActorKind.EHR)
    of = parse_reference(reference) if reference else None
    asked = {
        "organisation": _uuid(org) if org else None,
        "referral": _uuid(referral_id) if referral_id else None,
        "type": of.type if of else None,
        "id": _uuid(of.id or "") if of else None,
    }
    return [
        Grant(
            organisation=str(row["organisation"]),
            reference=relative(row["type"], str(row["id"])),
            from_version=row["from_version"],
            referral_id=str(row["referral_id"]),
            basis=row["basis"],
            granted_by=row["granted_by"],
            granted_at=instant(row["granted_at"]),
            until=instant(row["until_at"]) if row["until_at"] else None,
        )
        for row in select(tx, _LIST, asked)
    ]


def _uuid(id: str) -> UUID:
    found = our_id(id)
    if found is None:
        raise Unprocessable("an id of this store is a UUID in lower case")
    return found
