"""The repository of resources: reading them as the actor may, and writing the next version under a row lock.

A write is one step of the transaction it is in, with everything that belongs to it (new_version.py). The
audit row is the act's, one per request. Hidden and missing look the same: every way in raises one NotFound.
Source: https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from gateway.access.actors import HERE
from gateway.access.policy import Interaction, gate, may_create, may_write
from gateway.conformance.searching.values import FIRST
from gateway.errors import Conflict, Gone, NotFound, PreconditionFailed, Unprocessable
from gateway.fhir.json_codec import Resource
from gateway.fhir.references import parse_reference, relative
from gateway.fhir.resource_types import R4_TYPES
from gateway.store import links
from gateway.store.database import Transaction
from gateway.store.histories import ALWAYS, Times
from gateway.store.index_rows import INDEX_FORMAT, sort_date
from gateway.store.new_version import new_version
from gateway.store.rows import select
from gateway.store.second_look import released
from gateway.store.shown import shown_to
from gateway.store.versions import ANY_VERSION, COLUMNS, Version, our_id, version_of

_READ = f"""
    SELECT {COLUMNS} FROM resource AS r
    JOIN resource_version AS v ON v.resource_pk = r.pk AND v.version = r.version
    WHERE r.type = :type AND r.id = :id AND {{rows}}
"""  # noqa: S608 (fixed text)
_VREAD = f"""
    SELECT {COLUMNS} FROM resource AS r
    JOIN resource_version AS v ON v.resource_pk = r.pk
    WHERE r.type = :type AND r.id = :id AND v.version = :version AND {{versions}}
"""  # noqa: S608 (fixed text)
_HISTORY = f"""
    SELECT {COLUMNS} FROM resource AS r
    JOIN resource_version AS v ON v.resource_pk = r.pk
    WHERE r.type = :type AND r.id = :id AND v.version < :before AND {{versions}}
"""  # noqa: S608 (fixed text)
# Rows are locked in the order in which they are returned, the same for everybody.
_LOCK = """
    SELECT r.pk, r.type, r.id, r.version, r.deleted, r.source, r.owner_org FROM resource AS r
    WHERE (r.type, r.id) IN (SELECT * FROM unnest(CAST(:types AS text[]), CAST(:ids AS uuid[]))) AND {rows}
    ORDER BY r.type, r.id FOR UPDATE OF r
"""
_INSERT = text("""
    INSERT INTO resource (type, id, version, last_updated, source, owner_org, sort_date, indexed_as)
    VALUES (:type, :id, 1, date_trunc('milliseconds', gateway_now()), :source, :owner_org, :sort_date,
            :indexed_as)
    ON CONFLICT (type, id) DO NOTHING
    RETURNING pk, last_updated
""")
# A statement of its own, so that its time is later than the lock, and than the version before.
_ADVANCE = text("""
    UPDATE resource SET version = version + 1, deleted = :deleted, sort_date = :sort_date,
        indexed_as = :indexed_as,
        last_updated = greatest(
            date_trunc('milliseconds', gateway_now()), last_updated + interval '1 millisecond')
    WHERE pk = :pk
    RETURNING version, last_updated
""")


def read(tx: Transaction, type: str, id: str) -> Version:
    """The resource as it stands. Raises NotFound, or Gone after a deletion."""
    version = find(tx, type, id)
    if version is None:
        raise _not_found(type, id)
    if version.deleted:
        raise Gone(f"{version.reference} was deleted at {version.last_updated}; its history remains")
    return version


def find(tx: Transaction, type: str, id: str) -> Version | None:
    """The resource as it stands, a deletion included; None when the actor cannot see one."""
    gate(tx.actor, Interaction.READ, type)
    uuid = our_id(id)
    found = select(tx, _READ, {"type": type, "id": uuid}) if uuid else ()
    return _out(tx, [version_of(found[0])])[0] if found else None


def vread(tx: Transaction, type: str, id: str, version: int) -> Version:
    """One version, judged by what it said itself. Raises NotFound, or Gone when it is a deletion."""
    gate(tx.actor, Interaction.VREAD, type)
    uuid = our_id(id)
    asked = {"type": type, "id": uuid, "version": version}
    found = select(tx, _VREAD, asked) if uuid and 0 < version < 2**31 else ()
    if not found:
        if find(tx, type, id) is None:
            raise _not_found(type, id)
        # The same words for a version that is hidden and for one that never was.
        raise NotFound(f"{relative(type, id)} has no such version here")
    [held] = _out(tx, [version_of(found[0])], past=True)
    if held.deleted:
        raise Gone(f"{held.reference} was deleted at {held.last_updated}; earlier versions remain")
    return held


def history(
    tx: Transaction,
    type: str,
    id: str,
    count: int = 50,
    before: int | None = None,
    times: Times = ALWAYS,
) -> tuple[Version, ...]:
    """Versions, newest first, deletions included, at most `count`, only those below version `before`.

    Raises NotFound when the actor can see none at all.
    """
    gate(tx.actor, Interaction.HISTORY, type)
    uuid = our_id(id)
    asked = {"type": type, "id": uuid, "before": before or 2**31 - 1, "count": count}
    statement = f"{_HISTORY}{times.sql} ORDER BY v.version DESC LIMIT :count"
    found = select(tx, statement, {**asked, **times.values}) if uuid else ()
    if not found and find(tx, type, id) is None:
        raise _not_found(type, id)
    return _out(tx, [version_of(row) for row in found], past=True)


def lock(tx: Transaction, references: Iterable[str]) -> dict[str, int]:
    """Version by reference of those the actor can see, which nobody else may change until this transaction
    ends.

    Locks are taken in one order for everybody, so lock all you will write before you write the first.
    """
    heads = _lock_heads(tx, references)
    return {relative(head["type"], str(head["id"])): head["version"] for head in heads}


def create(
    tx: Transaction, resource: Resource, *, source: str, owner_org: str | None = None, id: str | None = None
) -> Version:
    """Version 1 of a new resource. `id` is one the ledger allocated; without it a new one is made.

    Raises Forbidden when the actor may not create for `source`, Conflict when the id is taken or a person
    claims another person's Patient.
    """
    type = _type_of(resource)
    gate(tx.actor, Interaction.CREATE, type)
    may_create(tx.actor, source)
    uuid = uuid4() if id is None else our_id(id)
    if uuid is None:
        raise Unprocessable("an id of this store is a UUID in lower case", expression=f"{type}.id")
    _refuse_taken_links(tx, resource, source, str(uuid))
    new = {"type": type, "id": uuid, "source": source, "owner_org": our_id(owner_org)}
    new |= {"sort_date": sort_date(resource), "indexed_as": INDEX_FORMAT}
    row = tx.connection.execute(_INSERT, new).mappings().one_or_none()
    if row is None:
        raise Conflict(f"{relative(type, str(uuid))} exists already; update it instead")
    head = {**new, **row, "version": 1}
    return _out(tx, [new_version(tx, head, resource, "POST")])[0]


def update(tx: Transaction, resource: Resource, *, expect: int | None = None) -> Version:
    """The next version of the resource that `resource` names by type and id; a deleted one comes back.

    Raises NotFound, Forbidden, PreconditionFailed when it no longer is at version `expect`, and Conflict when
    a person claims another person's Patient.
    """
    type = _type_of(resource)
    head = _locked(tx, type, str(resource.get("id")), Interaction.UPDATE, expect)
    _refuse_taken_links(tx, resource, head["source"], str(head["id"]))
    head |= {"sort_date": sort_date(resource), "indexed_as": INDEX_FORMAT}
    row = tx.connection.execute(_ADVANCE, {**head, "deleted": False}).mappings().one()
    return _out(tx, [new_version(tx, {**head, **row}, resource, "PUT")])[0]


def delete(tx: Transaction, type: str, id: str, *, expect: int | None = None) -> Version:
    """The version that says it was deleted; deleting again changes nothing. History and visibility remain.

    Raises NotFound, Forbidden, and PreconditionFailed when it no longer is at version `expect`.
    """
    head = _locked(tx, type, id, Interaction.DELETE, expect)
    if head["deleted"]:
        held = find(tx, type, id)
        assert held is not None, "a locked row can be read"
        return held
    head |= {"sort_date": FIRST, "indexed_as": INDEX_FORMAT}
    row = tx.connection.execute(_ADVANCE, {**head, "deleted": True}).mappings().one()
    return _out(tx, [new_version(tx, {**head, **row}, None, "DELETE")])[0]


def _out(tx: Transaction, versions: Sequence[Version], *, past: bool = False) -> tuple[Version, ...]:
    """The versions as they leave for the actor: looked at once more, and as it is shown them."""
    return shown_to(tx, released(tx, versions, past=past))


def _refuse_taken_links(tx: Transaction, resource: Resource, source: str, id: str) -> None:
    if resource["resourceType"] == "Patient" and source == HERE:
        links.refuse_taken(tx, id, links.linked_patients(resource))


def _locked(
    tx: Transaction, type: str, id: str, interaction: Interaction, expect: int | None
) -> dict[str, Any]:
    gate(tx.actor, interaction, type)
    heads = _lock_heads(tx, [relative(type, id)])
    if not heads:
        raise _not_found(type, id)
    head = heads[0]
    may_write(tx.actor, interaction, type, head["source"])
    if expect == ANY_VERSION:
        if head["deleted"]:
            raise PreconditionFailed(f"{relative(type, id)} was deleted; If-Match asks that it is there")
    elif expect is not None and head["version"] != expect:
        raise PreconditionFailed(
            f"{relative(type, id)} is at version {head['version']}, not {expect}:"
            " read it again, then decide again"
        )
    return head


def _lock_heads(tx: Transaction, references: Iterable[str]) -> list[dict[str, Any]]:
    asked = [(it.type, uuid) for it in map(parse_reference, references) if (uuid := our_id(it.id))]
    if not asked:
        return []
    found = select(tx, _LOCK, {"types": [type for type, _ in asked], "ids": [id for _, id in asked]})
    return [dict(row) for row in found]


def _type_of(resource: Resource) -> str:
    type = resource.get("resourceType")
    if not isinstance(type, str) or type not in R4_TYPES:
        raise Unprocessable("resourceType must name a resource type of FHIR R4", expression="resourceType")
    return type


def _not_found(type: str, id: str) -> NotFound:
    # An id that none of ours can be is the caller's text, a patient's number as likely as not.
    named = relative(type, id) if our_id(id) else f"A {type} of this id"
    return NotFound(f"{named} does not exist here")
