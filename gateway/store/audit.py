"""The audit: one row per request, written in the request's own transaction, sealed into a hash chain soon
after.

If the row cannot be written the transaction fails, so nothing happens unrecorded. Rows are appended
unchained, since a chain would make every request wait for the one before. One lane seals them within seconds,
in (transaction id, row) order and only below the oldest running transaction, so that no row can turn up
before a sealed one. A trigger refuses every other change. A chain cannot show that its end was cut off: keep
`Verdict.head` elsewhere. Rows hold references and element paths, never what a resource says; what was
searched for may name somebody and stands here only, in no log. A column that is NULL adds nothing to the
hash: rows that were sealed before a column existed still verify, and filling it in later shows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final
from uuid import UUID

from sqlalchemy import RowMapping, text

from gateway.access.actors import ActorKind
from gateway.access.policy import only
from gateway.access.request import current_request
from gateway.store.database import Transaction
from gateway.store.versions import Version, our_id

GENESIS: Final = bytes(32)
_BATCH: Final = 1_000
_SEALING: Final = 0x6361_7265_6175  # "careau": any fixed number, as long as nothing else locks it


@dataclass(frozen=True, slots=True)
class Fault:
    """The first row that is not as it was sealed. `seq` is its place in the chain, `row` its id."""

    seq: int
    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking the chain showed.

    checked   sealed rows that are as they were
    unsealed  rows not yet in the chain
    head      the last good hash, as hex; keep it elsewhere to notice a cut tail later
    fault     the first bad row; None when all are good
    """

    checked: int
    unsealed: int
    head: str
    fault: Fault | None


_RECORD = text("""
    INSERT INTO audit (at, actor_kind, actor_name, actor_source, organisation, action, outcome, detail,
                       entities, versions, patients, query, request_id, address)
    VALUES (gateway_now(), :kind, :name, :source, :organisation, :action, :outcome, :detail,
            CAST(:entities AS text[]), CAST(:versions AS integer[]), CAST(:patients AS uuid[]),
            :query, CAST(:request_id AS uuid), :address)
    RETURNING id
""")
# Whom resources are about that are only named: as they stand now.
_ABOUT = text("""
    SELECT DISTINCT about.patient_id
    FROM unnest(CAST(:types AS text[]), CAST(:ids AS uuid[])) AS named (type, id)
    JOIN resource AS r ON r.type = named.type AND r.id = named.id
    JOIN resource_patient AS about ON about.resource_pk = r.pk
""")
COLUMNS: Final = """id, CAST(xid AS text) AS xid, at, actor_kind, actor_name, actor_source, organisation,
    action, outcome, detail, entities, versions, patients, query, request_id, address"""
_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_LAST = text("SELECT seq, hash FROM audit WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1")
_UNSEALED = text(f"""
    SELECT {COLUMNS} FROM audit
    WHERE seq IS NULL AND xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY audit.xid, id LIMIT :limit
""")  # noqa: S608 (fixed text)
_SEAL = text("UPDATE audit SET seq = :seq, prev_hash = :prev_hash, hash = :hash WHERE id = :id")
_SEALED = text(f"""
    SELECT seq, prev_hash, hash, {COLUMNS} FROM audit WHERE seq > :after ORDER BY seq LIMIT :limit
""")  # noqa: S608 (fixed text)
_COUNT_UNSEALED = text("SELECT count(*) FROM audit WHERE seq IS NULL")


def record(
    tx: Transaction,
    action: str,
    references: Iterable[str | Version],
    *,
    outcome: str = "success",
    detail: str = "",
    query: str | None = None,
) -> int:
    """The id of the new row: who (the transaction's actor), what, on which resources, with which outcome.

    action      a verb and a noun, e.g. `read CarePlan`, `send referral`
    references  `Type/id`, or the version that was shown or written
    outcome     `success`, `denied` or `failed`
    detail      a reason in words; never an identifier, a name or a payload
    query       what was searched for, as it was sent; may hold anything
    """
    named = list(references)
    versions = [it.version if isinstance(it, Version) else None for it in named]
    actor, request = tx.actor, current_request()
    row = {
        "kind": actor.kind.value,
        "name": actor.name,
        "source": actor.source,
        "organisation": actor.organisation,
        "action": action,
        "outcome": outcome,
        "detail": detail,
        "entities": [it.reference if isinstance(it, Version) else it for it in named],
        "versions": versions if any(versions) else None,
        "patients": _patients(tx, named) or None,
        "query": query,
        "request_id": request.id if request else None,
        "address": request.address if request else None,
    }
    id: int = tx.connection.execute(_RECORD, row).scalar_one()
    return id


def _patients(tx: Transaction, named: Iterable[str | Version]) -> list[UUID]:
    """Whom these are about, sorted. Versions know it; the others are looked up, if they exist."""
    found: set[UUID] = set()
    asked: list[tuple[str, UUID]] = []
    for it in named:
        if isinstance(it, Version):
            found.update(it.patients)
        else:
            type, _, id = it.partition("/")
            if (uuid := our_id(id)) is not None:
                asked.append((type, uuid))
    if asked:
        about = {"types": [type for type, _ in asked], "ids": [id for _, id in asked]}
        found.update(tx.connection.execute(_ABOUT, about).scalars())
    return sorted(found)


def seal(tx: Transaction, limit: int = _BATCH) -> int:
    """How many rows joined the chain, at most `limit`; 0 when none can yet. One sealer works at a time."""
    only(tx.actor)
    tx.connection.execute(_LOCK, {"key": _SEALING})
    last = tx.connection.execute(_LAST).first()
    seq, previous = (last.seq, bytes(last.hash)) if last else (0, GENESIS)
    sealed = []
    for row in tx.connection.execute(_UNSEALED, {"limit": limit}).mappings():
        seq, hash = seq + 1, _hash(previous, row)
        sealed.append({"id": row["id"], "seq": seq, "prev_hash": previous, "hash": hash})
        previous = hash
    if sealed:
        tx.connection.execute(_SEAL, sealed)
    return len(sealed)


def verify(tx: Transaction) -> Verdict:
    """Whether every sealed row is as it was, naming the first that is not. Reads all rows once."""
    only(tx.actor, ActorKind.ADMIN)
    previous, expected = GENESIS, 1
    fault = None
    for row in _sealed_rows(tx):
        fault = _fault(row, expected, previous)
        if fault is not None:
            break
        previous, expected = bytes(row["hash"]), expected + 1
    unsealed = tx.connection.execute(_COUNT_UNSEALED).scalar_one()
    return Verdict(expected - 1, unsealed, previous.hex(), fault)


def _fault(row: RowMapping, expected: int, previous: bytes) -> Fault | None:
    if row["seq"] != expected:
        return Fault(expected, row["id"], f"rows {expected} to {row['seq'] - 1} of the chain are missing")
    if bytes(row["prev_hash"]) != previous:
        return Fault(expected, row["id"], "it does not follow the row before it")
    if bytes(row["hash"]) != _hash(previous, row):
        return Fault(expected, row["id"], "its content is not what was sealed")
    return None


def _sealed_rows(tx: Transaction) -> Iterator[RowMapping]:
    after = 0
    while rows := tx.connection.execute(_SEALED, {"after": after, "limit": _BATCH}).mappings().all():
        yield from rows
        after = rows[-1]["seq"]


def _hash(previous: bytes, row: RowMapping) -> bytes:
    """SHA-256 over the hash before and the row's canonical JSON: sorted keys, no spaces, UTF-8."""
    content = {name: row[name] for name in _HASHED} | {
        "at": row["at"].astimezone(UTC).isoformat("T", "microseconds")
    }
    content |= {name: _plain(row[name]) for name in _HASHED_IF_SAID if row[name] is not None}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(previous + canonical.encode()).digest()


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return [_plain(it) for it in value] if isinstance(value, list) else value


_HASHED: Final = (
    "id", "xid", "actor_kind", "actor_name", "actor_source", "organisation", "action", "outcome", "detail",
    "entities",
)  # fmt: skip
_HASHED_IF_SAID: Final = ("versions", "patients", "query", "request_id", "address")
