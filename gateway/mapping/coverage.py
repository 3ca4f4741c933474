"""Which elements of real data the rules reach: counted leaf by leaf, and decided by the rules themselves.

Every leaf is in one bucket of the account (account.py). Not counted: narrative, meta, extensions that no rule
of the map knows, what stands inside contained resources (each of those is counted as a resource of its own
type), and resourceType.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.fhir.json_codec import Resource
from gateway.mapping.account import Account, Bucket, Leaf, account
from gateway.mapping.documents import by_type, contained_in
from gateway.mapping.elements import Location
from gateway.mapping.mappings import Mappings
from gateway.mapping.readings import with_its_parts
from gateway.mapping.rule_homes import index_of, names_in

_NOT_COUNTED = frozenset({"resourceType", "text", "meta", "contained"})


@dataclass(slots=True)
class TypeCoverage:
    """The leaves of one type: how many there are in each bucket, and where those stand that no rule reads.

    unmapped, ignored   how often each element was met
    reasons             why an element was not mapped, or is ignored
    fields              how often each field of the map's record was met
    """

    type: str
    resources: int = 0
    leaves: int = 0
    buckets: Counter[Bucket] = field(default_factory=Counter)
    unmapped: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, str] = field(default_factory=dict)
    by_rule: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)

    @property
    def mapped(self) -> int:
        """The leaves that the record shows, or that equal what the map writes by itself."""
        return sum(self.buckets[each] for each in (Bucket.MAPPED, Bucket.CARRIED, Bucket.FIXED))

    @property
    def percent(self) -> float:
        """Mapped leaves of all leaves, in percent; 100 when there are none."""
        return 100 * self.mapped / self.leaves if self.leaves else 100.0


def coverage(maps: Mappings, documents: Iterable[list[Resource]]) -> dict[str, TypeCoverage]:
    """The coverage of every type that a map reads; the resources of one document may refer to each other."""
    found: dict[str, TypeCoverage] = {}
    for resources in documents:
        everything = [*resources, *(inner for each in resources for inner in contained_in(each))]
        grouped = by_type(everything)
        for resource in everything:
            type_name = str(resource.get("resourceType"))
            if type_name in maps.types:
                read, known = _read(maps, type_name, resource, grouped)
                _count(found.setdefault(type_name, TypeCoverage(type_name)), resource, read, known)
    return dict(sorted(found.items()))


def _read(
    maps: Mappings, type_name: str, resource: Resource, grouped: Mapping[str, list[Resource]]
) -> tuple[Account, frozenset[str]]:
    lens = maps.for_type(type_name)
    alone = type_name != lens.type
    given = {type_name: resource} if alone else with_its_parts(lens, resource, grouped)
    return account(lens, given), index_of(lens.rules.root).extensions


def _count(counted: TypeCoverage, resource: Resource, read: Account, known: frozenset[str]) -> None:
    counted.resources += 1
    for leaf in read.leaves:
        at = leaf.at[2:]
        if leaf.at[:2] != (counted.type, 0) or at[0] in _NOT_COUNTED or _is_foreign(resource, at, known):
            continue
        counted.leaves += 1
        counted.buckets[leaf.bucket] += 1
        _count_leaf(counted, leaf, _element(at))
    counted.fields.update({".".join(names_in(path)) for path in map(read.field_of, read.leaves) if path})


def _count_leaf(counted: TypeCoverage, leaf: Leaf, element: str) -> None:
    match leaf.bucket:
        case Bucket.UNMAPPED:
            counted.unmapped[element] += 1
            counted.reasons.setdefault(element, leaf.why)
        case Bucket.IGNORED:
            counted.ignored[element] += 1
            counted.reasons.setdefault(element, leaf.why)
        case _ if leaf.origin is not None:
            counted.by_rule[leaf.origin.rule] += 1


def _element(at: Location) -> str:
    return ".".join(str(step) for step in at if not isinstance(step, int))


def _is_foreign(resource: Resource, at: Location, known: frozenset[str]) -> bool:
    """Whether a leaf stands inside an extension that no rule of the map knows."""
    node: Any = resource
    before: str | int = ""
    for step in at:
        node = node[step]
        is_extension = before in ("extension", "modifierExtension") and isinstance(node, dict)
        if is_extension and node.get("url") not in known:
            return True
        before = step
    return False
