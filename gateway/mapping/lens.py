"""A lens: FHIR resources seen as one record, and that record put back into them.

Resources are given and returned as `{"CarePlan": {…}, "Goal": [{…}, …]}`: the root resource alone, the types of its
parts as lists. What is given is never altered; what did not change is the same object in the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from gateway.errors import Issue, MappingError
from gateway.fhir.json_codec import Resource
from gateway.mapping.reading import Owned, Reading, read_block
from gateway.mapping.rules import BackLinkedParts, LinkedParts, RuleFile, walk
from gateway.mapping.values import MISSING, tidy
from gateway.mapping.write_context import Writing
from gateway.mapping.write_parts import write_resource
from gateway.mapping.writing import write_block


@dataclass(frozen=True, slots=True)
class Got:
    """A record, and what the rules did not read of its resources (all of which is kept)."""

    record: dict[str, Any]
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class Put:
    """The resources with the record in them, and the issues: severity error is a value that was not written."""

    resources: dict[str, Any]
    issues: tuple[Issue, ...]

    @property
    def refused(self) -> tuple[Issue, ...]:
        """The values that could not be expressed. A caller that cannot ignore them must not store the result."""
        return tuple(issue for issue in self.issues if issue.severity == "error")


def _new_id() -> str:
    return str(uuid4())


@dataclass(frozen=True, slots=True)
class Lens:
    """One rule file at work, both ways. Immutable: one for all threads."""

    rules: RuleFile

    @property
    def type(self) -> str:
        """The type of the root resource."""
        return self.rules.type

    @property
    def part_types(self) -> tuple[str, ...]:
        """The types of the resources that items of the record live in, besides the root."""
        parts = (
            rule.type for _, rule in walk(self.rules.root) if isinstance(rule, LinkedParts | BackLinkedParts)
        )
        return tuple(dict.fromkeys(parts))

    def get(self, resources: Mapping[str, Any], *, owned: Owned | None = None) -> Got:
        """The record that these resources hold. `owned` is told of each leaf that a rule read.

        Raises MappingError when the root resource is missing or of another type.
        """
        root, parts = self._taken(resources)
        reading = Reading(parts, owned)
        record = read_block(self.rules.root, root, (self.type, 0), reading)
        return Got(record, tuple(reading.issues))

    def put(
        self,
        record: Mapping[str, Any],
        resources: Mapping[str, Any],
        *,
        new_id: Callable[[], str] = _new_id,
    ) -> Put:
        """The resources changed as little as possible, so that they hold this record.

        In the record null, absent, [] and {} are one, and mean that there is no such value. Fields that no rule
        maps are ignored. Items of a split list that have no id get one from `new_id`.
        """
        root, parts = self._taken(resources)
        before = read_block(self.rules.root, root, (self.type, 0), Reading(parts))
        return self._written(record, root, resources, parts, before, new_id)

    def create(self, record: Mapping[str, Any], *, new_id: Callable[[], str] = _new_id) -> Put:
        """New resources that hold this record and the fixed values of its rules."""
        return self._written(record, MISSING, {}, {}, {}, new_id)

    def _written(
        self,
        record: Mapping[str, Any],
        root: Any,
        resources: Mapping[str, Any],
        parts: dict[str, list[Resource]],
        before: Mapping[str, Any],
        new_id: Callable[[], str],
    ) -> Put:
        view: dict[str, Any] = tidy(dict(record)) or {}
        writing = Writing(dict(parts), write_block, new_id, before, view)
        for kind in self.part_types:
            writing.parts[kind] = list(writing.parts.get(kind, []))
        new_root = write_resource(self.rules.root, view, root, (self.type, 0), writing)
        written = {name: inner for name, inner in writing.parts.items() if inner or name in resources}
        return Put({**resources, self.type: new_root, **written}, tuple(writing.issues))

    def _taken(self, resources: Mapping[str, Any]) -> tuple[Resource, dict[str, list[Resource]]]:
        root = resources.get(self.type)
        root = root[0] if isinstance(root, list) and len(root) == 1 else root
        if not isinstance(root, dict) or root.get("resourceType", self.type) != self.type:
            given = ", ".join(sorted(resources)) or "nothing"
            raise MappingError(f"the map {self.rules.name!r} reads one {self.type}; it was given: {given}")
        parts: dict[str, list[Resource]] = {}
        for name in self.part_types:
            part = resources.get(name)
            parts[name] = [part] if isinstance(part, dict) else [p for p in part or () if isinstance(p, dict)]
        return root, parts
