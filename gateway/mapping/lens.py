"""A lens: FHIR resources seen as one record, and that record put back into them.

Resources are given and returned as `{"CarePlan": {…}, "Goal": [{…}, …]}`: the root resource alone, the types
of its parts as lists. What is given is never altered; what did not change is the same object in the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from gateway.errors import MappingError
from gateway.fhir.json_codec import Resource
from gateway.mapping.account import reading_issues
from gateway.mapping.always import with_always
from gateway.mapping.answers import Got, Put
from gateway.mapping.read_context import Kept, Owned, Reading
from gateway.mapping.reading import read_back_links, read_block
from gateway.mapping.record_account import writing_issues
from gateway.mapping.rules import BackLinkedParts, LinkedParts, RuleFile, walk
from gateway.mapping.values import MISSING, plant, tidy
from gateway.mapping.write_context import Writing
from gateway.mapping.write_parts import write_back_links, write_resource
from gateway.mapping.writing import write_block


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

    @property
    def lone_types(self) -> tuple[str, ...]:
        """The types of parts that can be read and written without their root: those that carry the link."""
        return tuple(rule.type for rule in self._back_linked)

    @property
    def _back_linked(self) -> tuple[BackLinkedParts, ...]:
        return tuple(rule for rule in self.rules.root.rules if isinstance(rule, BackLinkedParts))

    def get(self, resources: Mapping[str, Any], *, owned: Owned | None = None) -> Got:
        """The record that these resources hold. `owned` is told of each leaf that a rule read.

        With the root missing, the parts given show their own list alone: a Task reads as `{"legs": [{…}]}`.
        Raises MappingError when there is neither.
        """
        record, _ = self.interpreted(resources, owned=owned)
        return Got(record, lambda: reading_issues(self, resources))

    def interpreted(
        self, resources: Mapping[str, Any], *, owned: Owned | None = None
    ) -> tuple[dict[str, Any], list[Kept]]:
        """The record, read by the interpreter, and what it could not read. Raises MappingError as `get`."""
        root, parts = self._taken(resources)
        reading = Reading(parts, owned)
        return self._read(root, reading), reading.issues

    def put(
        self,
        record: Mapping[str, Any],
        resources: Mapping[str, Any],
        *,
        new_id: Callable[[], str] = _new_id,
    ) -> Put:
        """The resources, changed as little as possible to hold this record; in the form they were given.

        In the record null, absent, [] and {} are one, and mean that there is no such value. Fields that no
        rule maps are reported. Items of a split list that have no id get one from `new_id`. A missing root
        stays missing.
        """
        root, parts = self._taken(resources)
        before = self._read(root, Reading(parts))
        view: dict[str, Any] = tidy(dict(record)) or {}
        writing = Writing(parts, write_block, new_id, before, view)
        written: dict[str, Any] = dict(resources)
        if root is MISSING:
            for rule in self._back_linked:
                write_back_links(rule, view, MISSING, (self.type, 0), writing)
            self._with_always(MISSING, writing)
        else:
            new_root = write_resource(self.rules.root, view, root, (self.type, 0), writing)
            new_root = self._with_always(new_root, writing)
            written[self.type] = _like(resources[self.type], [new_root])
        for name, held in writing.parts.items():
            if held or name in resources:
                written[name] = _like(resources.get(name), held)
        reported = tuple(writing.issues)
        return Put(written, reported, lambda: writing_issues(self, record, written, reported, before))

    def create(self, record: Mapping[str, Any], *, new_id: Callable[[], str] = _new_id) -> Put:
        """New resources that hold this record and the fixed values of its rules."""
        view: dict[str, Any] = tidy(dict(record)) or {}
        writing = Writing({}, write_block, new_id, {}, view)
        root = write_resource(self.rules.root, view, MISSING, (self.type, 0), writing)
        root = self._with_always(root, writing)
        parts = {name: held for name, held in writing.parts.items() if held}
        written = {self.type: root, **parts}
        reported = tuple(writing.issues)
        return Put(written, reported, lambda: writing_issues(self, record, written, reported))

    def _with_always(self, root: Any, writing: Writing) -> Any:
        if not self.rules.writes_always:
            return root
        return with_always(self.rules.root, root, (self.type, 0), writing.parts)

    def _read(self, root: Any, reading: Reading) -> dict[str, Any]:
        if root is not MISSING:
            return read_block(self.rules.root, root, (self.type, 0), reading)
        view: dict[str, Any] = {}
        for rule in self._back_linked:
            found = read_back_links(rule, MISSING, (self.type, 0), reading)
            if found:
                plant(view, rule.ours, [each.view for each in found])
        return view

    def _taken(self, resources: Mapping[str, Any]) -> tuple[Any, dict[str, list[Resource]]]:
        """The root resource (MISSING when only parts are given that can stand alone) and the parts."""
        root = resources.get(self.type, MISSING)
        root = root[0] if isinstance(root, list) and len(root) == 1 else root
        lone = root is MISSING and any(resources.get(name) for name in self.lone_types)
        usable = isinstance(root, dict) and root.get("resourceType", self.type) == self.type
        if not lone and not usable:
            given = ", ".join(sorted(resources)) or "nothing"
            raise MappingError(f"the map {self.rules.name!r} reads one {self.type}; it was given: {given}")
        parts: dict[str, list[Resource]] = {}
        for name in self.part_types:
            part = resources.get(name)
            parts[name] = [part] if isinstance(part, dict) else [p for p in part or () if isinstance(p, dict)]
        return root, parts


def _like(given: Any, held: list[Resource]) -> Any:
    """The resources in the form in which they were given: a single one as itself, else a list."""
    return held[0] if isinstance(given, dict) and len(held) == 1 else held
