"""Answers kept under a client's Idempotency-Key, so that a repeated request has one effect and one answer.

Keys belong to the client that sent them. The answer is kept in the transaction of the act it answers.
Source: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import text

from gateway.errors import Conflict, Unprocessable
from gateway.store.database import Transaction


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was answered the first time, to be sent again as it was."""

    status: int
    headers: dict[str, str]
    body: bytes


_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:number)")
_FIND = text("""
    SELECT fingerprint, status, headers, body FROM kept_answer
    WHERE (actor_kind, actor_name, key) = (:kind, :name, :key)
""")
_KEEP = text("""
    INSERT INTO kept_answer (actor_kind, actor_name, key, fingerprint, status, headers, body, kept_at)
    VALUES (:kind, :name, :key, :fingerprint, :status, CAST(:headers AS jsonb), :body, gateway_now())
""")


def replayed(tx: Transaction, key: str, fingerprint: bytes) -> KeptAnswer | None:
    """The answer this client already had for this key; None when the request is new and may be worked on.

    fingerprint  a hash of method, address and body
    Raises Conflict while the first request with this key is still being worked on, Unprocessable when the key
    was used for another request. The key stays taken until this transaction ends.
    """
    about = _client(tx, key)
    if not tx.connection.execute(_TRY_LOCK, {"number": _number(about)}).scalar_one():
        raise Conflict("a request with this Idempotency-Key is being worked on; ask again in a moment")
    row = tx.connection.execute(_FIND, about).first()
    if row is None:
        return None
    if bytes(row.fingerprint) != fingerprint:
        raise Unprocessable(
            "this Idempotency-Key was used for another request; use a new one for each request"
        )
    return KeptAnswer(row.status, dict(row.headers), bytes(row.body))


def keep(
    tx: Transaction, key: str, fingerprint: bytes, status: int, headers: Mapping[str, str], body: bytes
) -> None:
    """Keep the answer; `replayed` was called first in this transaction and gave None."""
    answer = {
        "fingerprint": fingerprint,
        "status": status,
        "headers": json.dumps(dict(headers)),
        "body": body,
    }
    tx.connection.execute(_KEEP, {**_client(tx, key), **answer})


def _client(tx: Transaction, key: str) -> dict[str, str]:
    return {"kind": tx.actor.kind.value, "name": tx.actor.name, "key": key}


def _number(about: dict[str, str]) -> int:
    name = json.dumps(about, sort_keys=True).encode()
    return int.from_bytes(blake2b(name, digest_size=8, person=b"idempotency").digest(), "big", signed=True)
