"""The codes of a value set, by system, where the package lists them all.

A set stays open (None) when R4 leaves its codes to others, as it does with mime types, time zones, units and
currencies, or when a part of it cannot be worked out: half a list would refuse what is right.
Source: https://hl7.org/fhir/R4/valueset.html#compositions
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from gateway.conformance.distil.package import Package
from gateway.conformance.distil.types import unversioned

Coded: TypeAlias = frozenset[tuple[str, str]]

_PARENTS: Final = frozenset({"parent", "subsumedBy"})


@dataclass(frozen=True, slots=True)
class Terminology:
    """The value sets and code systems of a package. `under_way` breaks the circle of sets that include."""

    package: Package
    under_way: list[str] = field(default_factory=list)

    def codes(self, value_set: str) -> dict[str, list[str]] | None:
        """The codes of the value set by system, sorted; None when the set is open or not known."""
        expanded = self._expanded(value_set)
        if expanded is None:
            return None
        by_system: dict[str, list[str]] = {}
        for system, code in sorted(expanded):
            by_system.setdefault(system, []).append(code)
        return by_system

    def _expanded(self, url: str) -> Coded | None:
        definition = self.package.definitions["ValueSet"].get(unversioned(url))
        if definition is None or url in self.under_way or "compose" not in definition:
            return None
        self.under_way.append(url)
        try:
            return self._composed(definition["compose"])
        finally:
            self.under_way.pop()

    def _composed(self, compose: Mapping[str, Any]) -> Coded | None:
        included = [self._included(part) for part in compose.get("include", ())]
        excluded = [self._included(part) for part in compose.get("exclude", ())]
        known = [part for part in included if part is not None]
        gone = [part for part in excluded if part is not None]
        if len(known) < len(included) or len(gone) < len(excluded):
            return None
        return frozenset().union(*known) - frozenset().union(*gone)

    def _included(self, part: Mapping[str, Any]) -> Coded | None:
        """The codes that an include or exclude names: all of its conditions at once."""
        conditions: list[Coded | None] = [
            self._expanded(unversioned(url)) for url in part.get("valueSet", ())
        ]
        if "system" in part:
            conditions.append(self._of_system(part))
        known = [condition for condition in conditions if condition is not None]
        if not known or len(known) < len(conditions):
            return None
        return known[0].intersection(*known[1:])

    def _of_system(self, part: Mapping[str, Any]) -> Coded | None:
        system = str(part["system"])
        if "concept" in part:
            return frozenset((system, str(concept["code"])) for concept in part["concept"])
        definition = self.package.definitions["CodeSystem"].get(system)
        if definition is None or definition.get("content") != "complete":
            return None
        ancestors = _ancestors(definition)
        codes: set[str] = set(ancestors)
        for condition in part.get("filter", ()):
            passing = _passing(condition, ancestors)
            if passing is None:
                return None
            codes &= passing
        return frozenset((system, code) for code in codes)


def _passing(condition: Mapping[str, Any], ancestors: Mapping[str, frozenset[str]]) -> set[str] | None:
    """The codes that a filter lets through; None for a filter that asks for more than the hierarchy."""
    value = str(condition["value"])
    if condition["property"] not in ("concept", "code"):
        return None
    below = {code for code, above in ancestors.items() if value in above}
    match condition["op"]:
        case "is-a":
            return below | {value}
        case "descendent-of":
            return below
        case "is-not-a":
            return set(ancestors) - below - {value}
        case "=":
            return {value}
        case "in":
            return {each.strip() for each in value.split(",")}
        case "not-in":
            return set(ancestors) - {each.strip() for each in value.split(",")}
        case _:
            return None


def _ancestors(code_system: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Each code with all codes above it: those it is nested in, and those that its properties name."""
    parents: dict[str, set[str]] = {}
    for code, above in _concepts(code_system.get("concept", ()), None):
        parents.setdefault(code, set()).update(above)
    found: dict[str, frozenset[str]] = {}
    for code in parents:
        seen: set[str] = set()
        waiting = list(parents[code])
        while waiting:
            above_it = waiting.pop()
            if above_it not in seen:
                seen.add(above_it)
                waiting += parents.get(above_it, ())
        found[code] = frozenset(seen)
    return found


def _concepts(concepts: Any, parent: str | None) -> Iterator[tuple[str, set[str]]]:
    for concept in concepts:
        named = {
            str(held["valueCode"])
            for held in concept.get("property", ())
            if held["code"] in _PARENTS and "valueCode" in held
        }
        yield str(concept["code"]), named | ({parent} if parent else set())
        yield from _concepts(concept.get("concept", ()), str(concept["code"]))
