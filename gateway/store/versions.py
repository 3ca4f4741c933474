"""One version of one resource, as it was written and as it is read ever after."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.access.actors import Actor
from gateway.errors import AccessBreach, Gone, Unprocessable
from gateway.fhir.json_codec import Resource, read_stored
from gateway.fhir.references import relative
from gateway.fhir.systems import OURS

SOURCE_URI: Final = f"{OURS}source/"
"""`meta.source` of every stored resource is this plus the name of its source."""

ANY_VERSION: Final = 0
"""What a writer expects who only asks that the resource is there: versions begin at 1."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Version:
    """A stored version.

    last_updated  instant in UTC with milliseconds: 2026-03-01T09:30:00.125Z
    body          the resource as JSON, with id and meta as stored; empty when this version is a deletion
    source        whose row it is: a partner, the name given to a load, or `here`; the same for all versions
    method        POST, PUT or DELETE, as a history Bundle says it
    author        name of the actor that wrote it
    patients      ids of the Patients that this version is about
    shown_to      the actor for whom it left the store (second_look.py); None while it has not
    """

    type: str
    id: str
    version: int
    last_updated: str
    body: bytes
    source: str
    owner_org: str | None
    deleted: bool
    method: str
    author: str
    patients: tuple[UUID, ...] = ()
    shown_to: Actor | None = field(default=None, repr=False, compare=False)

    def for_reader(self, actor: Actor) -> Version:
        """This version, if it left the store for that very actor. Raises AccessBreach otherwise."""
        if self.shown_to != actor:
            raise AccessBreach(
                f"a {self.type} was about to be shown to somebody whom it was not selected for"
            )
        return self

    @property
    def resource(self) -> Resource:
        """The resource as a fresh value, the caller's to change. Raises Gone for a deletion."""
        if self.deleted:
            raise Gone(f"{self.reference} was deleted at {self.last_updated}; its history remains")
        value = read_stored(self.body)
        assert isinstance(value, dict), "only resources are stored"
        return value

    @property
    def reference(self) -> str:
        """`CarePlan/<id>`, without the version."""
        return relative(self.type, self.id)

    @property
    def etag(self) -> str:
        """`W/"3"`. Source: https://hl7.org/fhir/R4/http.html#versioning"""
        return f'W/"{self.version}"'


COLUMNS: Final = """r.type, r.id, v.version, v.at, v.body, r.source, r.owner_org, v.method, v.author,
    v.patients"""
"""What a statement over `resource r` and `resource_version v` selects for `version_of`."""


def version_of(row: Mapping[str, Any]) -> Version:
    """The version that a row of COLUMNS holds."""
    return Version(
        type=row["type"],
        id=str(row["id"]),
        version=row["version"],
        last_updated=instant(row["at"]),
        body=bytes(row["body"] or b""),
        source=row["source"],
        owner_org=str(row["owner_org"]) if row["owner_org"] else None,
        deleted=row["body"] is None,
        method=row["method"],
        author=row["author"],
        patients=tuple(row["patients"]),
    )


def stamped(resource: Resource, *, id: str, version: int, last_updated: str, source: str) -> Resource:
    """The resource with our id and meta; everything else, and the order of all elements, as it was.

    Raises Unprocessable when `meta` is there and no object.
    """
    meta = resource.get("meta") or {}
    if not isinstance(meta, dict):
        raise Unprocessable("meta must be an object", expression=f"{resource['resourceType']}.meta")
    stamp = {"versionId": str(version), "lastUpdated": last_updated, "source": SOURCE_URI + source}
    ours = {"id": id, "meta": {**meta, **stamp}}
    if ours.keys() <= resource.keys():
        return {**resource, **ours}
    missing = {name: value for name, value in ours.items() if name not in resource}
    whole: Resource = {}
    for name, value in resource.items():
        whole[name] = value
        if name == "resourceType":
            whole |= missing
    return {**whole, **ours}


def micros(moment: datetime) -> int:
    """A moment as a page token holds it: whole microseconds since 1970, UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(micros: int) -> datetime:
    """The moment that a page token holds, in UTC."""
    return _EPOCH + micros * _MICROSECOND


def instant(moment: datetime) -> str:
    """A moment as a FHIR instant in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def our_id(text: str | None) -> UUID | None:
    """The id as a UUID; None when it is no id of ours. FHIR ids are case-sensitive: one spelling only."""
    return UUID(text) if text is not None and _UUID.fullmatch(text) else None
