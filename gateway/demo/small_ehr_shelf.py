"""What the small EHR holds: every version of every resource, in one SQLite file of its own.

It is another system on purpose: its ids are counters, its versions restart per resource, and it knows
nothing of the gateway.
"""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.fhir.json_codec import read_stored, write

SCHEMA = """
create table if not exists version (
  type text not null, id text not null, version integer not null, updated text not null,
  deleted integer not null default 0, body blob not null, primary key (type, id, version)
);
create table if not exists head (
  type text not null, id text not null, version integer not null, updated text not null,
  deleted integer not null default 0, primary key (type, id)
);
create index if not exists head_by_time on head (type, updated, id);
"""


@dataclass(frozen=True, slots=True)
class Held:
    """One version of one resource as the small EHR holds it; `updated` is in UTC with milliseconds."""

    type: str
    id: str
    version: int
    updated: str
    deleted: bool
    body: bytes

    @property
    def resource(self) -> dict[str, Any]:
        value = read_stored(self.body)
        assert isinstance(value, dict)
        return value


class Shelf:
    """Keeps resources durably; one writer at a time."""

    def __init__(self, path: Path, prefix: str) -> None:
        self._prefix = prefix
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file; what was answered is already in it."""
        self._db.close()

    def held(self, type_: str, id_: str, version: int | None = None) -> Held | None:
        """The given version, or the newest; a deleted one is returned with `deleted` set."""
        with self._lock:
            row = self._db.execute(
                "select type, id, version, updated, deleted, body from version"
                " where type = ? and id = ? and (? is null or version = ?) order by version desc limit 1",
                (type_, id_, version, version),
            ).fetchone()
        return Held(row[0], row[1], row[2], row[3], bool(row[4]), row[5]) if row else None

    def history(self, type_: str, id_: str) -> list[Held]:
        """Every version, the newest first."""
        with self._lock:
            rows = self._db.execute(
                "select type, id, version, updated, deleted, body from version"
                " where type = ? and id = ? order by version desc",
                (type_, id_),
            ).fetchall()
        return [Held(r[0], r[1], r[2], r[3], bool(r[4]), r[5]) for r in rows]

    def newest(self, type_: str) -> list[Held]:
        """The newest version of each resource of a type, the longest unchanged first."""
        with self._lock:
            rows = self._db.execute(
                "select v.type, v.id, v.version, v.updated, v.deleted, v.body from head h"
                " join version v on v.type = h.type and v.id = h.id and v.version = h.version"
                " where h.type = ? and not h.deleted order by h.updated, h.id",
                (type_,),
            ).fetchall()
        return [Held(r[0], r[1], r[2], r[3], bool(r[4]), r[5]) for r in rows]

    def put(
        self, resource: dict[str, Any], id_: str | None = None, *, expect: int | None = None
    ) -> Held | None:
        """Store a new version and return it; None when `expect` is no longer the newest version."""
        with self._lock:
            type_ = str(resource["resourceType"])
            id_ = id_ or self._next_id(type_)
            before = self.held(type_, id_)
            if expect is not None and (before is None or before.version != expect):
                return None
            return self._append(type_, id_, before, resource, deleted=False)

    def delete(self, type_: str, id_: str) -> Held | None:
        """Mark as deleted; None when there is nothing to delete."""
        with self._lock:
            before = self.held(type_, id_)
            if before is None or before.deleted:
                return None
            return self._append(type_, id_, before, before.resource, deleted=True)

    def _append(
        self, type_: str, id_: str, before: Held | None, resource: dict[str, Any], *, deleted: bool
    ) -> Held:
        version = before.version + 1 if before else 1
        updated = _later_than(before.updated if before else None)
        meta = {**resource.get("meta", {}), "versionId": str(version), "lastUpdated": updated}
        body = write({**resource, "id": id_, "meta": meta})
        self._db.execute("begin immediate")
        self._db.execute(
            "insert into version (type, id, version, updated, deleted, body) values (?, ?, ?, ?, ?, ?)",
            (type_, id_, version, updated, deleted, body),
        )
        self._db.execute(
            "insert into head (type, id, version, updated, deleted) values (?, ?, ?, ?, ?)"
            " on conflict (type, id) do update set"
            " version = excluded.version, updated = excluded.updated, deleted = excluded.deleted",
            (type_, id_, version, updated, deleted),
        )
        self._db.execute("commit")
        return Held(type_, id_, version, updated, deleted, body)

    def _next_id(self, type_: str) -> str:
        [count] = self._db.execute("select count(*) from head where type = ?", (type_,)).fetchone()
        return f"{self._prefix}-{count + 1001}"


def _later_than(before: str | None) -> str:
    """Now, or a millisecond after the version before, so that two versions never share an instant."""
    now = datetime.now(UTC)
    if before is not None:
        now = max(now, datetime.fromisoformat(before) + timedelta(milliseconds=1))
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
