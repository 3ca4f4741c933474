"""The ledger: which of theirs is which of ours, and what both sides last agreed on.

Identity is (source, type, their id). An id of ours is allocated here before the resource exists, so that
references to what has not arrived yet can be written already, and two workers that meet the same thing agree
on one id. Rows belong to their source: another partner's actor cannot read or change them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from uuid import uuid4

from sqlalchemy import RowMapping, text

from gateway.access.policy import only
from gateway.errors import Conflict, Unprocessable
from gateway.fhir.json_codec import Resource, read_stored
from gateway.store.database import Transaction
from gateway.store.versions import our_id as uuid_of


@dataclass(frozen=True, slots=True)
class Agreement:
    """What is known of one thing that a source and we both hold.

    our_version    our version at the last agreement; None while only the identity is known
    their_version  their version id then, without `W/""`; None when they gave none
    their_body     the resource as they last answered it, in their own id space; None when never seen
    """

    source: str
    type: str
    their_id: str
    our_id: str
    our_version: int | None = None
    their_version: str | None = None
    their_body: bytes | None = None

    @property
    def their_resource(self) -> Resource | None:
        """`their_body`, read."""
        if self.their_body is None:
            return None
        value = read_stored(self.their_body)
        assert isinstance(value, dict), "the ledger holds resources"
        return value


_OURS = text("SELECT our_id FROM agreement WHERE (source, type, their_id) = (:source, :type, :their_id)")
_THEIRS = text("""
    SELECT source, type, their_id, our_id, our_version, their_version, their_body FROM agreement
    WHERE (source, type, our_id) = (:source, :type, :our_id)
""")
_AGREED = text("""
    SELECT source, type, their_id, our_id, our_version, their_version, their_body FROM agreement
    WHERE (source, type, their_id) = (:source, :type, :their_id)
""")
# Whoever comes second waits here for the first to commit, and then reads the first one's id.
_ALLOCATE = text("""
    INSERT INTO agreement (source, type, their_id, our_id) VALUES (:source, :type, :their_id, :our_id)
    ON CONFLICT (source, type, their_id) DO NOTHING RETURNING our_id
""")
_AGREE = text("""
    INSERT INTO agreement (source, type, their_id, our_id, our_version, their_version, their_body, agreed_at)
    VALUES (:source, :type, :their_id, :our_id, :our_version, :their_version, :their_body, gateway_now())
    ON CONFLICT DO NOTHING
""")
_RENEW = text("""
    UPDATE agreement SET our_version = :our_version, their_version = :their_version, their_body = :their_body,
        agreed_at = gateway_now()
    WHERE (source, type, their_id, our_id) = (:source, :type, :their_id, :our_id)
""")


def ours(tx: Transaction, source: str, type: str, their_id: str) -> str | None:
    """Our id of their thing; None when we never met it."""
    only(tx.actor, source=source)
    row = tx.connection.execute(_OURS, {"source": source, "type": type, "their_id": their_id}).first()
    return str(row.our_id) if row else None


def ours_or_new(tx: Transaction, source: str, type: str, their_id: str) -> str:
    """Our id of their thing, allocated now if we never met it; the same for everybody ever after."""
    only(tx.actor, source=source)
    asked = {"source": source, "type": type, "their_id": their_id}
    row = tx.connection.execute(_OURS, asked).first()
    row = row or tx.connection.execute(_ALLOCATE, {**asked, "our_id": uuid4()}).first()
    row = row or tx.connection.execute(_OURS, asked).one()
    return str(row.our_id)


def theirs(tx: Transaction, source: str, type: str, our_id: str) -> Agreement | None:
    """What the source and we agreed on for our thing; None when it holds no such thing, as far as we know."""
    only(tx.actor, source=source)
    asked = {"source": source, "type": type, "our_id": uuid_of(our_id)}
    return _agreement(tx.connection.execute(_THEIRS, asked).mappings().one_or_none())


def agreed(tx: Transaction, source: str, type: str, their_id: str) -> Agreement | None:
    """What the source and we agreed on for their thing; None when we never met it."""
    only(tx.actor, source=source)
    asked = {"source": source, "type": type, "their_id": their_id}
    return _agreement(tx.connection.execute(_AGREED, asked).mappings().one_or_none())


def agree(tx: Transaction, agreement: Agreement) -> None:
    """From now on this is what both sides agreed on.

    Raises Conflict when their id stands for another thing of ours, or ours for another of theirs.
    """
    only(tx.actor, source=agreement.source)
    our_uuid = uuid_of(agreement.our_id)
    if our_uuid is None:
        raise Unprocessable("an id of this store is a UUID in lower case")
    row = {**asdict(agreement), "our_id": our_uuid}
    if tx.connection.execute(_RENEW, row).rowcount or tx.connection.execute(_AGREE, row).rowcount:
        return
    # Somebody may have allocated the very same pair in between.
    if not tx.connection.execute(_RENEW, row).rowcount:
        raise Conflict(
            f"{agreement.type}/{agreement.our_id} is not the thing that source {agreement.source} means:"
            " the ledger has one of the two paired otherwise"
        )


def _agreement(row: RowMapping | None) -> Agreement | None:
    return Agreement(**{**row, "our_id": str(row["our_id"])}) if row else None
