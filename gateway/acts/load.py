"""Loading files as a source: what they hold becomes ours once, however often it is loaded.

Identity is (source, type, their id) through the ledger. One parcel (a Bundle, a single resource, a block of
NDJSON lines) is one transaction with one audit row. In a transaction Bundle one refused resource refuses all
of it; anywhere else it refuses only itself. Loading again after an interruption is safe: what arrived is
unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from gateway.access.actors import HERE, Actor
from gateway.acts.gateway import Gateway
from gateway.acts.link_person import link_person
from gateway.acts.load_parcels import Identity, Item, Parcel, Refusal, Survey, parcels, survey
from gateway.acts.load_references import Translation
from gateway.acts.load_settling import Fate, settle
from gateway.conformance.typed import shape_issues
from gateway.errors import BadRequest, GatewayError, StoreError, VersionConflict
from gateway.store import audit
from gateway.store.database import Transaction

_ATTEMPTS: Final = 4  # when another transaction got in the way

T = TypeVar("T")


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
    version, fate = settle(tx, here.source, item, ours, here.known.latest.get(item.identity))
    if version is not None:
        if version.type == "Patient":
            link_person(here.gateway, tx, version)
        written.references.append(version.reference)
    written.fates.append(fate)
    written.kept += [KeptReference(parcel.file, item.entry, element) for element in kept]
