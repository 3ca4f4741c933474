"""A request with an Idempotency-Key has one effect: sent again, it is answered as it was the first time.

The answer is kept in the transaction of the act, so there is no moment in which one exists without the other.
Source: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.acts.record_view import Shown
from gateway.fhir.json_codec import read_stored, write
from gateway.fhir.references import relative
from gateway.store import audit, idempotency
from gateway.store.database import Transaction

_KEPT = 200  # what is kept is the record; the door that answers knows its own status


@dataclass(frozen=True, slots=True)
class Once:
    """The client's key, and a hash of everything else it sent: method, address and body."""

    key: str
    fingerprint: bytes


def replayed(tx: Transaction, once: Once | None, type: str) -> Shown | None:
    """What was answered to the same request before; None when this one is new and may be worked on.

    That a record is shown once more is audited, as any showing of it is. `type` is its root's.

    Raises Conflict while the first is still being worked on, Unprocessable when the key was another's.
    """
    kept = idempotency.replayed(tx, once.key, once.fingerprint) if once else None
    if kept is None:
        return None
    record = read_stored(kept.body)
    assert isinstance(record, dict), "only records are kept"
    audit.record(tx, "repeat answer", (relative(type, str(record["id"])),))
    return Shown(str(record["id"]), record, kept.headers["ETag"], replayed=True)


def remember(tx: Transaction, once: Once | None, shown: Shown) -> Shown:
    """The same answer, kept for whoever sends the request again."""
    if once is not None:
        idempotency.keep(tx, once.key, once.fingerprint, _KEPT, {"ETag": shown.etag}, write(shown.record))
    return shown
