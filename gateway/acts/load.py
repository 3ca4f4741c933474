"""Loading files as a source: what they hold becomes ours once, however often it is loaded.

Identity is (source, type, their id) through the ledger. One parcel (a Bundle, a single resource, a block of
NDJSON lines) is one transaction with one audit row. In a transaction Bundle one refused resource refuses all
of it; anywhere else it refuses only itself. What was edited here since the last load is merged, never
overwritten.
Loading again after an interruption is safe: what arrived already is unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

from gateway.access.actors import HERE, Actor
from gateway.acts.gateway import Gateway
from gateway.acts.link_person import link_person
from gateway.acts.load_parcels import Identity, Item, Parcel, Refusal, Survey, parcels, survey
from gateway.acts.load_references import Translation
from gateway.conformance.typed import shape_issues
from gateway.errors import BadRequest, Conflict, GatewayError, StoreError, VersionConflict
from gateway.fhir.compare import same
from gateway.fhir.json_codec import Resource, read_stored, write
from gateway.store import audit, ledger, resources
from gateway.store.database import Transaction
from gateway.store.ledger import Agreement
from gateway.store.versions import Version
from gateway.sync.merge import Side, merge

_ATTEMPTS: Final = 4  # when another transaction got in the way
_OURS_IN_META: Final = frozenset({"versionId", "lastUpdated", "source"})


T = TypeVar("T")


class Fate(StrEnum):
    """What became of a resource that was not refused."""

    LOADED = "loaded"  # we met it for the first time
    UNCHANGED = "unchanged"  # we hold it as it is, or something newer from the same source
    CHANGED = "changed"  # a new version of what we held


@dataclass(frozen=True, slots=True)
class KeptReference:
    """A reference whose target could not be found; it was stored as it stands."""

    file: Path
    entry: int | None
    element: str


@dataclass(slots=True)
class Report:
    """What a load did, entry by entry in numbers; refusals and kept references one by one."""

    loaded: int = 0
    unchanged: int = 0
    changed: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    kept_references: list[KeptReference] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Load:
    gateway: Gateway
    actor: Actor
    source: str
    known: Survey
    ids: dict[Identity, str] = field(default_factory=dict)  # looked up or allocated, in that order

    @contextmanager
    def ids_undone_with(self, undoing: AbstractContextManager[T]) -> Iterator[T]:
        """`undoing`, a transaction or savepoint; when it is undone, so is every id allocated inside."""
        mark = len(self.ids)
        try:
            with undoing as opened:
                yield opened
        except BaseException:
            while len(self.ids) > mark:
                self.ids.popitem()
            raise


@dataclass(slots=True)
class _Written:
    """What one transaction did; thrown away when it is undone."""

    fates: list[Fate] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    kept: list[KeptReference] = field(default_factory=list)


def load(
    gateway: Gateway,
    actor: Actor,
    files: Sequence[Path],
    *,
    source: str,
    surveyed: Callable[[int], None] = lambda size: None,
    progressed: Callable[[int], None] = lambda done: None,
) -> Report:
    """What loading the files in their order as `source` did. A second load of the same files writes nothing.

    surveyed, progressed  told the number of entries in all, then of each parcel as it is done
    Raises BadRequest for a source that cannot be loaded as, DatabaseUnreachable when the database goes away:
    the parcels before are committed, and loading again goes on from there.
    """
    if source == HERE:
        raise BadRequest(
            f"A load cannot be as {HERE!r}, which is what was made in this gateway; name its origin."
        )
    here = _Load(gateway, actor, source, survey(files))
    surveyed(here.known.size)
    report = Report()
    for file in files:
        for parcel in parcels(file):
            _load_parcel(here, parcel, report)
            progressed(len(parcel))
    return report


def _load_parcel(here: _Load, parcel: Parcel, report: Report) -> None:
    sound, refusals = _checked(parcel)
    if refusals and parcel.is_whole:
        report.refusals += [*refusals, *_withheld(parcel, refusals)]
        return
    for attempt in range(_ATTEMPTS):
        try:
            written = _in_one_transaction(here, parcel, sound)
            break
        except VersionConflict:  # nothing was written; the whole parcel may run again
            if attempt == _ATTEMPTS - 1:
                raise
        except _PartRefusedError as refused:
            refusals = [refused.refusal]
            report.refusals += [*refusals, *_withheld(parcel, refusals)]
            return
    report.refusals += [*refusals, *written.refusals]
    report.kept_references += written.kept
    report.loaded += written.fates.count(Fate.LOADED)
    report.unchanged += written.fates.count(Fate.UNCHANGED)
    report.changed += written.fates.count(Fate.CHANGED)


def _checked(parcel: Parcel) -> tuple[list[Item], list[Refusal]]:
    sound: list[Item] = []
    refusals = list(parcel.refusals)
    for item in parcel.items:
        issues = shape_issues(item.resource)
        refusals += [Refusal(parcel.file, item.entry, issue.expression, issue.text) for issue in issues]
        if not issues:
            sound.append(item)
    return sound, refusals


def _withheld(parcel: Parcel, refusals: Sequence[Refusal]) -> list[Refusal]:
    because = "not loaded, because another entry of the same transaction Bundle was refused"
    named = {refusal.entry for refusal in refusals}
    return [
        Refusal(parcel.file, item.entry, f"Bundle.entry[{item.entry}]", because)
        for item in parcel.items
        if item.entry not in named
    ]


class _PartRefusedError(Exception):
    """A part of a transaction Bundle is refused, so all of it is undone."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


def _in_one_transaction(here: _Load, parcel: Parcel, sound: Sequence[Item]) -> _Written:
    written = _Written()
    with here.ids_undone_with(here.gateway.database.transaction(here.actor)) as tx:
        translation = Translation(tx, here.source, parcel.named, here.known, here.ids)
        for item in sound:
            try:
                with here.ids_undone_with(tx.savepoint()):
                    _load_item(here, tx, parcel, item, translation, written)
            except (StoreError, VersionConflict):
                raise
            except GatewayError as error:
                refusal = Refusal(
                    parcel.file, item.entry, error.expression or item.identity.type, error.message
                )
                if parcel.is_whole:
                    raise _PartRefusedError(refusal) from error
                written.refusals.append(refusal)
        if written.references:  # a load that writes nothing leaves nothing behind
            audit.record(tx, "load", written.references, detail=f"as source {here.source}")
    return written


def _load_item(
    here: _Load, tx: Transaction, parcel: Parcel, item: Item, translation: Translation, written: _Written
) -> None:
    ours, kept = translation.ours(item)
    version, fate = _settle(here, tx, item, ours)
    if version is not None:
        if version.type == "Patient":
            link_person(here.gateway, tx, version)
        written.references.append(version.reference)
    written.fates.append(fate)
    written.kept += [KeptReference(parcel.file, item.entry, element) for element in kept]


def _settle(here: _Load, tx: Transaction, item: Item, ours: Resource) -> tuple[Version | None, Fate]:
    """The version that was written, if any was, and what that makes of the item."""
    held = resources.find(tx, item.identity.type, ours["id"])
    if held is None:
        created = resources.create(tx, ours, source=here.source, id=ours["id"])
        _agree(here, tx, item, created)
        return created, Fate.LOADED
    if not held.deleted and _is_same(ours, held.resource):
        return None, Fate.UNCHANGED
    agreed = ledger.agreed(tx, here.source, *item.identity)
    theirs_then = _body(agreed)
    if theirs_then is not None and _is_the_sources_past(here, item, theirs_then):
        return None, Fate.UNCHANGED
    changed = resources.update(tx, _merged(tx, held, agreed, ours), expect=held.version)
    _agree(here, tx, item, changed)
    return changed, Fate.CHANGED


def _is_the_sources_past(here: _Load, item: Item, theirs_then: Resource) -> bool:
    """Whether the source says what we last agreed on, or will have come back to it by the end of this load.

    An identity that recurs with different contents would otherwise go through all of them on every load.
    """
    latest = here.known.latest.get(item.identity)
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


def _agree(here: _Load, tx: Transaction, item: Item, version: Version) -> None:
    ledger.agree(
        tx,
        Agreement(
            here.source,
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


def _body(agreed: Agreement | None) -> Resource | None:
    if agreed is None or agreed.their_body is None:
        return None
    body = read_stored(agreed.their_body)
    return body if isinstance(body, dict) else None
