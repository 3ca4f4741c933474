"""Dead letters: messages that could not be delivered, each with an owner, until someone replays or resolves
it.

None is ever removed. Their payloads hold references, never what a resource says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from gateway.access.actors import ActorKind
from gateway.access.policy import only
from gateway.errors import Conflict, NotFound
from gateway.store.database import Transaction
from gateway.store.lanes import enqueue


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that left its lane undelivered. `owner` is who has to do something about it."""

    id: int
    delivery_id: str
    destination: str
    key: str
    payload: dict[str, Any]
    reason: str
    owner: str
    attempts: int
    enqueued_at: datetime
    first_attempt_at: datetime
    last_attempt_at: datetime


_OPEN = text("""
    SELECT id, delivery_id, destination, key, payload, reason, owner, attempts, enqueued_at, first_attempt_at,
           last_attempt_at
    FROM dead_letter WHERE replayed_at IS NULL AND resolved_at IS NULL ORDER BY id
""")
_REPLAYED = text("""
    UPDATE dead_letter SET replayed_at = gateway_now()
    WHERE id = :id AND replayed_at IS NULL AND resolved_at IS NULL
    RETURNING destination, key, payload, delivery_id
""")
_RESOLVED = text("""
    UPDATE dead_letter SET resolved_at = gateway_now(), resolution = :resolution
    WHERE id = :id AND replayed_at IS NULL AND resolved_at IS NULL RETURNING id
""")
_EXISTS = text("SELECT id FROM dead_letter WHERE id = :id")


def dead_letters(tx: Transaction) -> list[DeadLetter]:
    """All that still wait for someone, oldest first."""
    only(tx.actor, ActorKind.ADMIN, ActorKind.COORDINATOR)
    rows = tx.connection.execute(_OPEN).mappings()
    return [DeadLetter(**{**row, "delivery_id": str(row["delivery_id"])}) for row in rows]


def replay(tx: Transaction, dead_letter_id: int) -> str:
    """The delivery id under which it is sent again, the same as before, at the end of its lane.

    Raises Conflict when it was replayed or resolved already: one dead letter is replayed once.
    """
    only(tx.actor, ActorKind.ADMIN, ActorKind.COORDINATOR)
    row = tx.connection.execute(_REPLAYED, {"id": dead_letter_id}).mappings().one_or_none()
    if row is None:
        raise _no_longer_open(tx, dead_letter_id)
    delivery_id = str(row["delivery_id"])
    return enqueue(tx, row["destination"], row["key"], row["payload"], delivery_id=delivery_id)


def resolve(tx: Transaction, dead_letter_id: int, resolution: str) -> None:
    """It needs no delivery any more, and `resolution` says why. Raises Conflict when it is not open."""
    only(tx.actor, ActorKind.ADMIN, ActorKind.COORDINATOR)
    row = tx.connection.execute(_RESOLVED, {"id": dead_letter_id, "resolution": resolution}).first()
    if row is None:
        raise _no_longer_open(tx, dead_letter_id)


def _no_longer_open(tx: Transaction, dead_letter_id: int) -> Conflict | NotFound:
    if tx.connection.execute(_EXISTS, {"id": dead_letter_id}).first() is None:
        return NotFound(f"there is no dead letter {dead_letter_id}")
    return Conflict(f"dead letter {dead_letter_id} was already replayed or resolved")
