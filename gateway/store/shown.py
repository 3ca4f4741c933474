"""What of a version its reader is shown: an agency sees the elements meant for it, everybody else all of it.

Applied where versions leave the store, so that a read, a page of a search, a history, a record and the answer
to a write all show the same. What is kept is never changed by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gateway.access.actors import ActorKind
from gateway.access.agency_view import agency_view
from gateway.fhir.json_codec import Resource, write
from gateway.fhir.references import ReferenceKind, parse_reference, relative, walk
from gateway.store.database import Transaction
from gateway.store.rows import select
from gateway.store.versions import Version, our_id

_FOLLOWED = """
    SELECT r.type, r.id FROM resource AS r
    WHERE (r.type, r.id) IN (SELECT * FROM unnest(CAST(:types AS text[]), CAST(:ids AS uuid[])))
      AND NOT r.deleted AND {rows}
"""


def shown_to(
    tx: Transaction, versions: Sequence[Version], also: frozenset[str] = frozenset()
) -> tuple[Version, ...]:
    """The versions, all of which the actor may see, as it is shown them; in the same order.

    also   references that count as followed, though they lead the actor nowhere any more
    """
    if tx.actor.kind is not ActorKind.AGENCY:
        return tuple(versions)
    references = also | followed(tx, [it.resource for it in versions if not it.deleted])
    return tuple(
        it if it.deleted else replace(it, body=write(agency_view(it.resource, references.__contains__)))
        for it in versions
    )


def followed(tx: Transaction, resources: Iterable[Resource]) -> frozenset[str]:
    """The references in the resources that lead the actor to something that it sees as it stands now."""
    named = sorted({target for resource in resources for target in _named(resource)})
    asked = [(type, uuid) for type, id in named if (uuid := our_id(id))]
    if not asked:
        return frozenset()
    found = select(tx, _FOLLOWED, {"types": [type for type, _ in asked], "ids": [id for _, id in asked]})
    return frozenset(relative(row["type"], str(row["id"])) for row in found)


def _named(resource: Resource) -> Iterator[tuple[str, str]]:
    for _, holder in walk(resource):
        reference = parse_reference(holder["reference"])
        if reference.kind is ReferenceKind.RELATIVE and reference.type and reference.id:
            yield reference.type, reference.id
