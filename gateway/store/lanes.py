"""Durable work in lanes: a lane is (destination, ordering key), its messages are worked one by one, in order.

The lane's row holds the next sequence number, and one time, `ready_at`, that is lease and back-off alike:
nothing to do (NULL), due (past), leased or backing off (future). A worker that dies simply lets its lane
become due again. Each claim raises the lane's epoch; whoever holds an older lease can no longer acknowledge
(fencing).

Sequence numbers are given just before the transaction commits, in one statement that locks lane rows in
sorted order and holds them to the commit: so the order in a lane is the order of commits, without gaps, and
writers cannot block each other in a circle. A message with a later due time holds back those behind it in its
lane, and only those.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from gateway.access.policy import only
from gateway.errors import LeaseLost
from gateway.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work one lane until a time.

    epoch     fencing number: a later claim of the same lane has a higher one
    attempts  failures since the lane last made progress
    until     when the lease ends by the database's clock; stop sending before
    every_s   for periodic lanes: the seconds from one run to the next; None for others
    """

    destination: str
    key: str
    epoch: int
    attempts: int
    until: datetime
    every_s: int | None


@dataclass(frozen=True, slots=True)
class Message:
    """The message at the head of a lane.

    delivery_id  made when it was enqueued and the same on every attempt: receivers deduplicate by it
    payload      JSON without fractions; it holds references, never what a resource says
    attempts     how often an attempt at it failed
    """

    delivery_id: str
    destination: str
    key: str
    seq: int
    payload: dict[str, Any]
    attempts: int
    enqueued_at: datetime


_ENQUEUE = text("""
    INSERT INTO message (delivery_id, destination, key, payload, due_at, enqueued_at)
    VALUES (:delivery_id, :destination, :key, CAST(:payload AS jsonb),
            gateway_now() + make_interval(secs => :due_in_s), gateway_now())
""")
_NUMBER = text("""
    WITH fresh AS (
        SELECT id, destination, key, due_at,
               row_number() OVER (PARTITION BY destination, key ORDER BY id) AS place
        FROM message WHERE xid = pg_current_xact_id() AND seq IS NULL
    ), counted AS (
        SELECT destination, key, count(*) AS many, min(due_at) FILTER (WHERE place = 1) AS first_due
        FROM fresh GROUP BY destination, key
    ), locked AS (
        INSERT INTO lane (destination, key, next_seq, ready_at)
        SELECT destination, key, 1 + many, first_due FROM counted ORDER BY destination, key
        ON CONFLICT (destination, key) DO UPDATE
        SET next_seq = lane.next_seq + excluded.next_seq - 1,
            ready_at = coalesce(lane.ready_at, excluded.ready_at)
        RETURNING destination, key, next_seq
    )
    UPDATE message SET seq = locked.next_seq - counted.many + fresh.place - 1
    FROM fresh JOIN counted USING (destination, key) JOIN locked USING (destination, key)
    WHERE message.id = fresh.id
""")
_CLAIM = text("""
    UPDATE lane SET ready_at = gateway_now() + make_interval(secs => :lease_s), epoch = epoch + 1
    WHERE (destination, key) IN (
        SELECT destination, key FROM lane
        WHERE ready_at <= gateway_now()
          AND (CAST(:destinations AS text[]) IS NULL OR destination = ANY(CAST(:destinations AS text[])))
        ORDER BY ready_at, destination, key LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    RETURNING destination, key, epoch, attempts, ready_at AS until, every_s
""")
_HEAD = text("""
    SELECT delivery_id, destination, key, seq, payload, attempts, enqueued_at FROM message
    WHERE (destination, key) = (:destination, :key) AND due_at <= gateway_now()
      AND seq = (SELECT min(seq) FROM message WHERE (destination, key) = (:destination, :key))
""")
_FENCE = text("SELECT FROM lane WHERE (destination, key, epoch) = (:destination, :key, :epoch) FOR UPDATE")
_RECEIVED = text("""
    WITH gone AS (DELETE FROM message WHERE delivery_id = :delivery_id RETURNING *)
    INSERT INTO receipt
        (delivery_id, destination, key, seq, payload, receipt, attempts, enqueued_at, delivered_at)
    SELECT delivery_id, destination, key, seq, payload, CAST(:receipt AS jsonb), attempts, enqueued_at,
           gateway_now()
    FROM gone WHERE CAST(:receipt AS jsonb) <> '{}'
""")
_PROGRESS = text("UPDATE lane SET attempts = 0 WHERE (destination, key) = (:destination, :key)")
_FAILED = text("""
    UPDATE message SET attempts = attempts + 1, last_attempt_at = gateway_now(), last_reason = :reason,
        first_attempt_at = coalesce(first_attempt_at, gateway_now())
    WHERE (destination, key) = (:destination, :key)
      AND seq = (SELECT min(seq) FROM message WHERE (destination, key) = (:destination, :key))
""")
_POSTPONE = text("""
    UPDATE lane SET attempts = attempts + 1, epoch = epoch + 1,
        ready_at = gateway_now() + make_interval(secs => :delay_s)
    WHERE (destination, key) = (:destination, :key)
""")
# What is left decides when the lane is ready, not arithmetic; a periodic lane always comes again.
_RELEASE = text("""
    UPDATE lane SET epoch = epoch + 1, attempts = 0, ready_at = least(
        gateway_now() + make_interval(secs => every_s),
        (SELECT greatest(due_at, gateway_now()) FROM message
         WHERE (destination, key) = (:destination, :key) ORDER BY seq LIMIT 1))
    WHERE (destination, key) = (:destination, :key)
""")
_DIE = text("""
    WITH gone AS (DELETE FROM message WHERE delivery_id = :delivery_id RETURNING *)
    INSERT INTO dead_letter
        (delivery_id, destination, key, seq, payload, reason, owner, attempts, enqueued_at,
         first_attempt_at, last_attempt_at)
    SELECT delivery_id, destination, key, seq, payload, :reason, :owner, attempts + 1, enqueued_at,
           coalesce(first_attempt_at, gateway_now()), gateway_now()
    FROM gone
""")
_PERIODIC = text("""
    INSERT INTO lane (destination, key, ready_at, every_s)
    VALUES (:destination, :key, gateway_now(), :every_s)
    ON CONFLICT (destination, key) DO UPDATE SET every_s = excluded.every_s,
        ready_at = least(lane.ready_at, gateway_now() + make_interval(secs => excluded.every_s))
    WHERE lane.every_s IS DISTINCT FROM excluded.every_s
""")


def enqueue(
    tx: Transaction, destination: str, key: str, payload: Mapping[str, Any], *, due_in_s: float = 0,
    delivery_id: str | None = None,
) -> str:  # fmt: skip
    """The delivery id of a message to be sent after the commit, `due_in_s` seconds from now or later."""
    id = delivery_id or str(uuid4())
    tx.connection.execute(
        _ENQUEUE,
        {
            "delivery_id": UUID(id),
            "destination": destination,
            "key": key,
            "payload": json.dumps(payload),
            "due_in_s": due_in_s,
        },
    )
    tx.before_commit("number messages", _number)
    return id


def claim(
    tx: Transaction, *, limit: int, lease_s: float, destinations: Sequence[str] | None = None
) -> list[Lease]:
    """Leases on at most `limit` lanes that are due, longest due first; what others hold is passed over."""
    only(tx.actor)
    asked = {
        "limit": limit,
        "lease_s": lease_s,
        "destinations": None if destinations is None else list(destinations),
    }
    rows = tx.connection.execute(_CLAIM, asked).mappings()
    return [Lease(**row) for row in sorted(rows, key=lambda row: (row["destination"], row["key"]))]


def head(tx: Transaction, lease: Lease) -> Message | None:
    """The next message of the lane; None when there is none, or when it is not due yet: then `release`."""
    only(tx.actor)
    row = tx.connection.execute(_HEAD, _lane(lease)).mappings().one_or_none()
    return Message(**{**row, "delivery_id": str(row["delivery_id"])}) if row else None


def acknowledge(tx: Transaction, lease: Lease, message: Message, receipt: Mapping[str, Any]) -> None:
    """The message is done and its receipt kept (none is kept when it is empty). Raises LeaseLost."""
    _fence(tx, lease)
    done = {"delivery_id": UUID(message.delivery_id), "receipt": json.dumps(receipt)}
    tx.connection.execute(_RECEIVED, done)
    tx.connection.execute(_PROGRESS, _lane(lease))


def postpone(tx: Transaction, lease: Lease, delay_s: float, reason: str) -> None:
    """The lease ends, its failure is counted, and the lane waits `delay_s` seconds. Raises LeaseLost."""
    _fence(tx, lease)
    tx.connection.execute(_FAILED, {**_lane(lease), "reason": reason})
    tx.connection.execute(_POSTPONE, {**_lane(lease), "delay_s": delay_s})


def release(tx: Transaction, lease: Lease) -> None:
    """The lease ends; the lane is ready again when its next message or run is due. Raises LeaseLost."""
    _fence(tx, lease)
    tx.connection.execute(_RELEASE, _lane(lease))


def dead_letter(tx: Transaction, lease: Lease, message: Message, reason: str, owner: str) -> None:
    """The message leaves the lane for the dead letters of `owner`, and the lane goes on. Raises LeaseLost."""
    _fence(tx, lease)
    tx.connection.execute(_DIE, {"delivery_id": UUID(message.delivery_id), "reason": reason, "owner": owner})
    tx.connection.execute(_PROGRESS, _lane(lease))


def ensure_periodic(tx: Transaction, destination: str, key: str, every_s: int) -> None:
    """The lane comes due every `every_s` seconds from now on, without messages; call it at every start."""
    only(tx.actor)
    tx.connection.execute(_PERIODIC, {"destination": destination, "key": key, "every_s": every_s})


def _number(tx: Transaction) -> None:
    tx.connection.execute(_NUMBER)


def _fence(tx: Transaction, lease: Lease) -> None:
    only(tx.actor)
    held = tx.connection.execute(_FENCE, {**_lane(lease), "epoch": lease.epoch}).first()
    if held is None:
        raise LeaseLost(f"the lease on lane {lease.destination} has passed to another worker")


def _lane(lease: Lease) -> dict[str, str]:
    return {"destination": lease.destination, "key": lease.key}
