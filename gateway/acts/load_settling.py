"""What becomes of one loaded resource: new here, unchanged, or a new version of what we hold.

What is compared is content; a source that says the same as last time never undoes what was edited here since.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from gateway.acts.load_parcels import Item
from gateway.errors import Conflict
from gateway.fhir.compare import same
from gateway.fhir.json_codec import Resource, read_stored, write
from gateway.store import ledger, resources
from gateway.store.database import Transaction
from gateway.store.ledger import Agreement
from gateway.store.versions import Version
from gateway.sync.merge import Side, merge

_OURS_IN_META: Final = frozenset({"versionId", "lastUpdated", "source"})


class Fate(StrEnum):
    """What became of a resource that was not refused."""

    LOADED = "loaded"  # we met it for the first time
    UNCHANGED = "unchanged"  # we hold it as it is, or something newer from the same source
    CHANGED = "changed"  # a new version of what we held


def settle(
    tx: Transaction, source: str, item: Item, ours: Resource, latest: bytes | None
) -> tuple[Version | None, Fate]:
    """The version that was written, if any was, and what that makes of the item.

    ours    the item's resource under our id, with references of ours
    latest  what the source says last in this load, when it says different things about this identity
    Raises Conflict, naming the elements, when it was edited here and at its source.
    """
    held = resources.find(tx, item.identity.type, ours["id"])
    if held is None:
        created = resources.create(tx, ours, source=source, id=ours["id"])
        _agree(tx, source, item, created)
        return created, Fate.LOADED
    if not held.deleted and _is_same(ours, held.resource):
        return None, Fate.UNCHANGED
    agreed = ledger.agreed(tx, source, *item.identity)
    theirs_then = agreed.their_resource if agreed else None
    if theirs_then is not None and _is_the_sources_past(item, latest, theirs_then):
        return None, Fate.UNCHANGED
    changed = resources.update(tx, _merged(tx, held, agreed, ours), expect=held.version)
    _agree(tx, source, item, changed)
    return changed, Fate.CHANGED


def _is_the_sources_past(item: Item, latest: bytes | None, theirs_then: Resource) -> bool:
    """Whether the source says what we last agreed on, or will have come back to it by the end of this load.

    An identity that recurs with different contents would otherwise go through all of them on every load.
    """
    now = item.resource if latest is None else read_stored(latest)
    assert isinstance(now, dict), "only resources are surveyed"
    return _is_same(now, theirs_then)


def _merged(tx: Transaction, held: Version, agreed: Agreement | None, ours: Resource) -> Resource:
    """What to write over `held`: theirs, or both when somebody edited here since the last agreement.

    Raises Conflict, naming the elements, when both sides edited the same.
    """
    if held.deleted:
        raise Conflict(f"{held.reference} was deleted here and has changed at its source; decide which holds")
    if agreed is None or agreed.our_version is None:
        raise Conflict(f"{held.reference} is held here, but was never agreed on with its source")
    if agreed.our_version == held.version:
        return ours
    base = resources.vread(tx, held.type, held.id, agreed.our_version).resource
    merged = merge(Side(base, held.resource), Side(base, ours))
    if merged.conflicts:
        raise Conflict(
            f"{held.reference} was edited here and at its source: decide about {', '.join(merged.conflicts)}",
            expression=f"{held.type}.{merged.conflicts[0]}",
        )
    return merged.resource


def _agree(tx: Transaction, source: str, item: Item, version: Version) -> None:
    ledger.agree(
        tx,
        Agreement(
            source,
            *item.identity,
            version.id,
            our_version=version.version,
            their_body=write(item.resource),
        ),
    )


def _is_same(one: Resource, other: Resource) -> bool:
    return same(one, other) and _labels(one) == _labels(other)


def _labels(resource: Resource) -> dict[str, Any]:
    """Profiles, security labels and tags: they say how to treat the content, so they count as content."""
    meta = resource.get("meta")
    return {n: v for n, v in meta.items() if n not in _OURS_IN_META} if isinstance(meta, dict) else {}
