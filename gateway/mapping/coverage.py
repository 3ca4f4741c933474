"""Which elements of real data the rules reach: counted leaf by leaf, and decided by the rules themselves.

A leaf is mapped when a rule read it, or used it to find what it read; names are never compared. Not counted:
narrative, meta, extensions that no rule of the map knows, what stands inside contained resources (each of
those is counted as a resource of its own type), and resourceType.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.fhir.json_codec import Resource
from gateway.mapping.documents import by_type, contained_in
from gateway.mapping.elements import Location, leaves
from gateway.mapping.mappings import Mappings
from gateway.mapping.paths import Each, Select, Steps
from gateway.mapping.rules import (
    BackLinkedParts,
    Block,
    Carried,
    Choice,
    Field,
    Items,
    Joint,
    LinkedParts,
    Origin,
    Rule,
    Switch,
    Values,
    walk,
)

_NOT_COUNTED = frozenset({"resourceType", "text", "meta", "contained"})


@dataclass(slots=True)
class TypeCoverage:
    """The leaves of one type: how many there are, how many a rule read, and where the others stand."""

    type: str
    resources: int = 0
    leaves: int = 0
    mapped: int = 0
    unmapped: Counter[str] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)

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
            read = _read(maps, type_name, resource, grouped)
            if read is not None:
                _count(found.setdefault(type_name, TypeCoverage(type_name)), resource, *read)
    return dict(sorted(found.items()))


def _read(
    maps: Mappings, type_name: str, resource: Resource, grouped: Mapping[str, list[Resource]]
) -> tuple[dict[Location, Origin], set[str]] | None:
    """Which rule read each leaf of a resource, and the extensions that its map knows; None without a map."""
    owned: dict[Location, Origin] = {}

    def take(at: Location, origin: Origin) -> None:
        if at[:2] == (type_name, 0):
            owned.setdefault(at[2:], origin)

    if type_name not in maps.types:
        return None
    lens = maps.for_type(type_name)
    parts = {name: held for name, held in grouped.items() if name in lens.part_types and name != type_name}
    lens.get({type_name: resource} if type_name != lens.type else {**parts, type_name: resource}, owned=take)
    return owned, _known_extensions(lens.rules.root)


def _count(
    type_coverage: TypeCoverage, resource: Resource, owned: dict[Location, Origin], known: set[str]
) -> None:
    type_coverage.resources += 1
    for at, _ in leaves(resource):
        if at[0] in _NOT_COUNTED or _is_foreign(resource, at, known):
            continue
        type_coverage.leaves += 1
        if at in owned:
            type_coverage.mapped += 1
            type_coverage.by_rule[owned[at].rule] += 1
        else:
            type_coverage.unmapped[_element(at)] += 1


def _element(at: Location) -> str:
    return ".".join(str(step) for step in at if not isinstance(step, int))


def _is_foreign(resource: Resource, at: Location, known: set[str]) -> bool:
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


def _known_extensions(block: Block) -> set[str]:
    known: set[str] = set()
    for _, rule in walk(block):
        for steps in _paths(rule):
            known |= {
                str(step.pattern["url"])
                for step in steps
                if isinstance(step, Select | Each) and isinstance(step.pattern.get("url"), str)
            }
    return known


def _paths(rule: Rule) -> list[Steps]:
    match rule:
        case Field():
            return [rule.steps, *rule.also]
        case Values() | LinkedParts():
            return [(*rule.list.holder, Each(rule.list.pattern), *rule.item)]
        case Items():
            return [(*rule.list.holder, Each(rule.list.pattern))]
        case Joint():
            return list(rule.steps)
        case Carried():
            return [rule.steps, rule.carry]
        case Switch():
            return [steps for each in rule.cases for steps, _ in each.guard.conditions]
        case Choice() | BackLinkedParts():
            return []
