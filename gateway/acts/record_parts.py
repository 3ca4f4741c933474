"""Which stored resources one record shows, and the one ETag over all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

from gateway.care.referral_legs import is_leg
from gateway.errors import PreconditionFailed, VersionConflict
from gateway.fhir.json_codec import Resource
from gateway.fhir.references import ReferenceKind, parse_reference
from gateway.records import RecordKind
from gateway.store import resources
from gateway.store.database import Transaction
from gateway.store.search import Query, search
from gateway.store.versions import Version

_AT_ONCE: Final = 100  # values of one search parameter
_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Parts:
    """The resources of one record as they stand: the root, whose id is the record's, and the others."""

    kind: RecordKind
    root: Version
    others: tuple[Version, ...] = ()

    @property
    def versions(self) -> tuple[Version, ...]:
        return (self.root, *self.others)

    @property
    def references(self) -> list[str]:
        return [version.reference for version in self.versions]

    @property
    def etag(self) -> str:
        """A strong ETag that changes when any part does, a part is added, or one is no longer shown."""
        lines = sorted(f"{version.reference}@{version.version}\n" for version in self.versions)
        return f'"{sha256("".join(lines).encode()).hexdigest()[:32]}"'

    def resources(self) -> dict[str, Any]:
        """Fresh resources as a lens takes them: the root by its type, other parts as lists by theirs."""
        shown: dict[str, Any] = {self.kind.root: self.root.resource}
        return shown | {type: [v.resource for v in self.others if v.type == type] for type in self.kind.parts}


def collect(tx: Transaction, kind: RecordKind, id: str) -> Parts:
    """The parts that the actor sees of the record `id`. Raises NotFound, or Gone after its deletion."""
    root = resources.read(tx, kind.root, id)
    return next(iter(collect_all(tx, kind, [root])))


def collect_all(tx: Transaction, kind: RecordKind, roots: Sequence[Version]) -> list[Parts]:
    """The parts of each record with one of these roots, in the order given."""
    find = _FINDERS.get(kind.name)
    return [Parts(kind, root) for root in roots] if find is None else find(tx, kind, roots)


def hold(tx: Transaction, kind: RecordKind, id: str, if_match: str | None = None) -> Parts:
    """The parts of a record, locked until the transaction ends, so that what is decided on them stays true.

    Raises NotFound, Gone, and PreconditionFailed when `if_match` is not the record's ETag under the locks.
    """
    parts = collect(tx, kind, id)
    for _ in range(_TRIES):
        resources.lock(tx, parts.references)
        held = collect(tx, kind, id)
        if held.references == parts.references:
            return _matched(held, if_match)
        parts = held  # a part joined while we waited: lock that one as well
    raise VersionConflict(f"{parts.root.reference} is changing too fast; try again in a moment")


def _matched(held: Parts, if_match: str | None) -> Parts:
    sent = {tag.strip().removeprefix("W/") for tag in (if_match or "*").split(",")}
    if "*" not in sent and held.etag not in sent:
        raise PreconditionFailed(
            f"{held.root.reference} was changed since it was read: read it again, then decide again"
        )
    return held


def _with_goals(tx: Transaction, kind: RecordKind, roots: Sequence[Version]) -> list[Parts]:
    """Care plans with the goals that their `goal[]` names and the actor sees."""
    named = {root.id: list(_goal_ids(root.resource)) for root in roots}
    goals = {
        goal.id: goal for goal in _search_by(tx, "Goal", "_id", (id for ids in named.values() for id in ids))
    }
    return [
        Parts(kind, root, tuple(goals[id] for id in dict.fromkeys(named[root.id]) if id in goals))
        for root in roots
    ]


def _goal_ids(plan: Resource) -> Iterator[str]:
    for link in plan.get("goal") or ():
        reference = parse_reference(str(link.get("reference", "")))
        if reference.kind is ReferenceKind.RELATIVE and reference.type == "Goal" and reference.id:
            yield reference.id


def _with_legs(tx: Transaction, kind: RecordKind, roots: Sequence[Version]) -> list[Parts]:
    """Requests with the Tasks that ask somebody to fulfil them, in the order in which they were made."""
    tasks = list(_search_by(tx, "Task", "focus", (root.reference for root in roots)))
    legs: dict[str, list[Version]] = {root.id: [] for root in roots}
    for task in tasks:
        resource = task.resource
        focus = parse_reference(str(resource["focus"]["reference"]))
        if is_leg(resource) and focus.id in legs:
            legs[focus.id].append(task)
    return [replace(Parts(kind, root), others=tuple(legs[root.id])) for root in roots]


def _search_by(tx: Transaction, type: str, parameter: str, values: Iterable[str]) -> Iterator[Version]:
    remaining = iter(dict.fromkeys(values))
    while some := list(islice(remaining, _AT_ONCE)):
        query = Query.of(type, [(parameter, ",".join(some))], count=_AT_ONCE)
        page = search(tx, query)
        yield from page.versions
        while page.next_cursor is not None:
            page = search(tx, replace(query, cursor=page.next_cursor))
            yield from page.versions


_FINDERS: Final[Mapping[str, Callable[[Transaction, RecordKind, Sequence[Version]], list[Parts]]]] = (
    MappingProxyType({"care_plan": _with_goals, "referral": _with_legs})
)
