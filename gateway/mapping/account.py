"""The account of a reading: what became of every leaf of the resources. Each is in exactly one bucket.

A leaf is a primitive value; `null` keeps step in a list and is none. The record shows the mapped ones; the
fixed ones equal what the map itself writes; the ignored ones are left unread by a rule that says why; all
others are kept in FHIR and reported as not mapped, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.errors import Issue
from gateway.mapping.elements import Location, leaves, locate
from gateway.mapping.read_context import Kept, Lossy, expression
from gateway.mapping.rule_homes import RecordPath, RecordPaths, index_of
from gateway.mapping.rules import BackLinkedParts, Carried, Field, LinkedParts, Origin
from gateway.mapping.set_aside import fixed_leaves, ignored_by, rides_along
from gateway.mapping.unread import NO_RULE, Instance, instances, reason
from gateway.mapping.values import dig, same

if TYPE_CHECKING:
    from gateway.mapping.lens import Lens


class Bucket(StrEnum):
    """What became of a leaf."""

    MAPPED = "mapped"
    FIXED = "fixed"
    CARRIED = "carried"
    IGNORED = "ignored"
    UNMAPPED = "unmapped"


class Leaf(NamedTuple):
    """One leaf: its place and value, its bucket, the rule that speaks for it, and why it was not read."""

    at: Location
    value: Any
    bucket: Bucket
    origin: Origin | None = None
    why: str = ""
    kept: Kept | None = None

    @property
    def element(self) -> str:
        """The place as FHIRPath."""
        return expression(self.at)


class Account:
    """Every leaf of the resources of one reading, in their order, and the record that was read.

    The reading is done at once; what follows from it is worked out when somebody looks.
    """

    def __init__(self, lens: Lens, resources: Mapping[str, Any]) -> None:
        self._lens = lens
        self._claims: dict[Location, Origin] = {}

        def claim(at: Location, origin: Origin) -> None:
            self._claims.setdefault(at, origin)

        self.record, self._kept = lens.interpreter.explained(resources, claim)
        self._given = dict(_given(resources))
        self.homes = index_of(lens.rules.root).homes

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """Every leaf with its bucket."""
        judge = _Judge(self._lens, self.record, self._given, self._read, self._kept_at)
        return tuple(judge.leaf(value, at) for at, value in self._places if value is not None)

    def of(self, bucket: Bucket) -> tuple[Leaf, ...]:
        """The leaves in one bucket."""
        return tuple(leaf for leaf in self.leaves if leaf.bucket is bucket)

    def field_of(self, leaf: Leaf) -> RecordPath:
        """The record field that a leaf was read into; nothing for a leaf that was not read."""
        if leaf.bucket not in (Bucket.MAPPED, Bucket.CARRIED) or leaf.origin is None:
            return ()
        return self._fields.get(leaf.at) or self.homes[leaf.origin].ours

    def issues(self) -> tuple[Issue, ...]:
        """One finding for each thing that was not read: what a rule stumbled on once, else leaf by leaf.

        Before them what was read, and lost something in translation.
        """
        lossy = (each.issue for each in self._kept if isinstance(each, Lossy))
        return (*lossy, *_issues(self.leaves))

    @cached_property
    def _places(self) -> list[tuple[Location, Any]]:
        return [found for at, node in self._given.items() for found in leaves(node, at)]

    @cached_property
    def _kept_at(self) -> dict[Location, Kept]:
        real = ((_real(self._given, each.at), each) for each in self._kept if not isinstance(each, Lossy))
        return {place: replace(each, at=place) for place, each in real}

    @cached_property
    def _claimed(self) -> list[tuple[Location, Location, Origin]]:
        """What was read, as (place, place as the rule walked it, rule), in the order of the record."""
        held = {at for at, _ in self._places}
        read = _without_lost_links(self._claims, self._kept_at)
        return [(at if at in held else _real(self._given, at), at, origin) for at, origin in read.items()]

    @cached_property
    def _read(self) -> dict[Location, Origin]:
        return {place: origin for place, _, origin in self._claimed}

    @cached_property
    def _fields(self) -> dict[Location, RecordPath]:
        paths, homes = RecordPaths(), self.homes
        return {
            place: paths.path(homes[origin], at) for place, at, origin in self._claimed if origin in homes
        }


def account(lens: Lens, resources: Mapping[str, Any]) -> Account:
    """What became of every leaf when the lens reads these resources. Raises MappingError as `get`."""
    return Account(lens, resources)


def reading_issues(lens: Lens, resources: Mapping[str, Any]) -> tuple[Issue, ...]:
    """What a reading did not read of its resources, all of it: everything named here is kept in FHIR."""
    return account(lens, resources).issues()


def _given(resources: Mapping[str, Any]) -> Iterator[tuple[Location, Any]]:
    for name, held in resources.items():
        for number, resource in enumerate(held if isinstance(held, list) else [held]):
            yield (name, number), resource


def _real(given: Mapping[Location, Any], at: Location) -> Location:
    """The place as the resource has it: where a single object stands for a list of one, it has no number."""
    node: Any = given.get(at[:2])
    place = list(at[:2])
    for step in at[2:]:
        if step == 0 and isinstance(node, dict):
            continue
        if isinstance(step, int) and not (isinstance(node, list) and step < len(node)):
            return at
        if isinstance(step, str) and not (isinstance(node, dict) and step in node):
            return at
        node = node[step]
        place.append(step)
    return tuple(place)


def _without_lost_links(
    claims: dict[Location, Origin], kept: Mapping[Location, Kept]
) -> Mapping[Location, Origin]:
    """A link is read to find what it names; when that is not shown, neither is the link."""
    if not kept:
        return claims
    return {at: origin for at, origin in claims.items() if not _is_lost(at, origin, kept)}


def _is_lost(at: Location, origin: Origin, kept: Mapping[Location, Kept]) -> bool:
    holders = (kept.get(at[:cut]) for cut in range(2, len(at)))
    return any(found is not None and found.origin == origin for found in holders)


def _issues(leaves: tuple[Leaf, ...]) -> Iterator[Issue]:
    told: set[int] = set()
    for leaf in leaves:
        if leaf.bucket is not Bucket.UNMAPPED:
            continue
        if leaf.kept is None:
            rule = f"I190 rule {leaf.origin}" if leaf.origin else "I190"
            yield Issue("information", "informational", f"not mapped, kept: {leaf.why}", leaf.element, rule)
        elif id(leaf.kept) not in told:
            told.add(id(leaf.kept))
            yield leaf.kept.issue


class _Judge:
    """Decides the bucket of each leaf, once for one reading."""

    def __init__(
        self,
        lens: Lens,
        record: Mapping[str, Any],
        given: Mapping[Location, Any],
        read: Mapping[Location, Origin],
        kept: Mapping[Location, Kept],
    ) -> None:
        self._lens, self._record = lens, record
        self._given, self._read, self._kept = given, read, kept
        index = index_of(lens.rules.root)
        self._homes, self._known = index.homes, index.extensions
        self._shown: dict[Location, set[int]] = {}
        for at, origin in read.items():
            lists = index.homes[origin].lists if origin in index.homes else ()
            self._shown.setdefault(at[:2], set()).update(id(rule) for rule in lists)
        self._instances = list(self._all_instances())
        self._fixed = {
            place
            for each in self._instances
            for fixed in (*each.block.fixed, *each.block.always)
            for place in fixed_leaves(fixed, each.node, each.at)
        }

    def leaf(self, value: Any, at: Location) -> Leaf:
        """The leaf at a place with its bucket."""
        origin = self._read.get(at)
        if origin is not None and not self._says_otherwise(origin, at):
            return Leaf(at, value, self._read_bucket(origin, at), origin)
        if origin is not None:
            return Leaf(
                at, value, Bucket.UNMAPPED, origin, "the record says this once for all, and otherwise"
            )
        if at[2:] == ("resourceType",):
            return Leaf(at, value, Bucket.FIXED, why="the type that the map is for")
        if at in self._fixed:
            return Leaf(at, value, Bucket.FIXED, why="the map's fixed value")
        around = self._around(at)
        ignored = ignored_by(around, at)
        if ignored is not None:
            return Leaf(at, value, Bucket.IGNORED, ignored.origin, ignored.because)
        kept = self._kept_around(at) if self._kept else None
        if kept is not None:
            return Leaf(at, value, Bucket.UNMAPPED, kept.origin, kept.why, kept)
        return self._unread(value, at, around)

    def _says_otherwise(self, origin: Origin, at: Location) -> bool:
        """Whether a copied element does not say what the record says for the whole: nothing shows it then."""
        rule = self._homes[origin].rule if origin in self._homes else None
        if not isinstance(rule, Field) or not rule.copied:
            return False
        value, _ = locate(self._given[at[:2]], rule.steps)
        return not same(rule.codec.read(value), dig(self._record, rule.ours))

    def _read_bucket(self, origin: Origin, at: Location) -> Bucket:
        home = self._homes.get(origin)
        if home is None or not isinstance(home.rule, Carried):
            return Bucket.MAPPED
        return Bucket.CARRIED if rides_along(home.rule, self._around(at), at) else Bucket.MAPPED

    def _around(self, at: Location) -> list[Instance]:
        return [each for each in self._instances if at[: len(each.at)] == each.at]

    def _kept_around(self, at: Location) -> Kept | None:
        around = (self._kept.get(at[:cut]) for cut in range(len(at), 1, -1))
        return next((found for found in around if found is not None), None)

    def _unread(self, value: Any, at: Location, around: list[Instance]) -> Leaf:
        if at[:2] not in self._shown:
            return Leaf(at, value, Bucket.UNMAPPED, why=self._why_not_shown(str(at[0])))
        found = reason(around, at, self._given[at[:2]], self._known)
        bucket = Bucket.MAPPED if found.says_the_same else Bucket.UNMAPPED
        return Leaf(at, value, bucket, found.origin, "" if found.says_the_same else found.why)

    def _why_not_shown(self, type_name: str) -> str:
        if type_name == self._lens.type:
            return NO_RULE
        if type_name not in self._lens.part_types:
            return f"the map {self._lens.rules.name!r} takes no {type_name}"
        return "no list of the record shows this resource: nothing links it, or it is not one of ours"

    def _all_instances(self) -> Iterator[Instance]:
        """The objects that the record shows; of a record read without its root, those of its parts."""
        root = (self._lens.type, 0)
        return instances(self._lens.rules.root, self._given.get(root), root, self._parts)

    def _parts(self, rule: LinkedParts | BackLinkedParts) -> Iterator[tuple[Location, Any]]:
        for at, rules in self._shown.items():
            if at[0] == rule.type and id(rule) in rules:
                yield at, self._given[at]
