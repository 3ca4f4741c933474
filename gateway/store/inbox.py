"""The inbox: what partners sent, exactly as it came, once per source and message; and what could not be read
of it.

A message is kept in the transaction that acts on it. The same message again is seen before, and has no
effect.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from gateway.access.actors import ActorKind
from gateway.access.policy import only
from gateway.store.database import Transaction
from gateway.store.versions import instant


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A part of a message that could not be read. `position` counts the message's entries from 0."""

    source: str
    message_id: str
    position: int
    reason: str
    at: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A message as it came. `set_aside` is why it had no effect; None when it had."""

    body: bytes
    set_aside: str | None


_KEEP = text("""
    INSERT INTO inbox (source, message_id, body, content_type, received_at)
    VALUES (:source, :message_id, :body, :content_type, gateway_now())
    ON CONFLICT (source, message_id) DO NOTHING
""")
_FIND = text("""
    SELECT i.body, q.reason FROM inbox AS i
    LEFT JOIN quarantine AS q ON (q.source, q.message_id, q.position) = (i.source, i.message_id, 0)
    WHERE (i.source, i.message_id) = (:source, :message_id)
""")
_QUARANTINE = text("""
    INSERT INTO quarantine (source, message_id, position, reason, quarantined_at)
    VALUES (:source, :message_id, :position, :reason, gateway_now())
    ON CONFLICT (source, message_id, position) DO UPDATE SET reason = excluded.reason
""")
_QUARANTINED = text("""
    SELECT source, message_id, position, reason, quarantined_at FROM quarantine
    WHERE CAST(:source AS text) IS NULL OR source = :source
    ORDER BY id DESC LIMIT :limit
""")


def keep(tx: Transaction, source: str, message_id: str, body: bytes, content_type: str) -> bool:
    """True when the message is new and now kept; False when the source sent this message id before.

    Two workers with the same message: the second waits until the first commits, and then is told False.
    """
    only(tx.actor, source=source)
    row = {"source": source, "message_id": message_id, "body": body, "content_type": content_type}
    return tx.connection.execute(_KEEP, row).rowcount == 1


def kept(tx: Transaction, source: str, message_id: str) -> Kept | None:
    """The message that the source sent under this id; None when there is none."""
    only(tx.actor, source=source)
    row = tx.connection.execute(_FIND, {"source": source, "message_id": message_id}).first()
    return Kept(bytes(row.body), row.reason) if row else None


def quarantine(tx: Transaction, source: str, message_id: str, position: int, reason: str) -> None:
    """Set aside one entry of a kept message, with the reason a person can act on; no patient data in it."""
    only(tx.actor, source=source)
    row = {"source": source, "message_id": message_id, "position": position, "reason": reason}
    tx.connection.execute(_QUARANTINE, row)


def quarantined(tx: Transaction, source: str | None = None, limit: int = 100) -> list[Quarantined]:
    """What is set aside, newest first, at most `limit`; of one source or of all."""
    only(tx.actor, ActorKind.ADMIN, ActorKind.COORDINATOR, source=source)
    rows = tx.connection.execute(_QUARANTINED, {"source": source, "limit": limit})
    return [
        Quarantined(it.source, it.message_id, it.position, it.reason, instant(it.quarantined_at))
        for it in rows
    ]
