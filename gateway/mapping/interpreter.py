"""The interpreter: walks the rules of one file over resources and a record. It specifies what a lens does.

Whatever is faster must say and write what this says and writes (`laws/engines.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.fhir.json_codec import Resource
from gateway.mapping.always import with_always
from gateway.mapping.answers import Written
from gateway.mapping.read_context import Kept, Owned, Reading
from gateway.mapping.reading import read_back_links, read_block
from gateway.mapping.rules import RuleFile
from gateway.mapping.taken import Shape, given_back
from gateway.mapping.values import MISSING, plant, tidy
from gateway.mapping.write_context import Writing
from gateway.mapping.write_parts import write_back_links, write_resource
from gateway.mapping.writing import write_block


@dataclass(frozen=True, slots=True)
class Interpreter:
    """One rule file, interpreted. Immutable: one for all threads."""

    rules: RuleFile
    shape: Shape

    def get(self, resources: Mapping[str, Any]) -> dict[str, Any]:
        """The record that these resources hold. Raises MappingError when there is nothing to read."""
        record, _ = self.explained(resources)
        return record

    def explained(
        self, resources: Mapping[str, Any], owned: Owned | None = None
    ) -> tuple[dict[str, Any], list[Kept]]:
        """The record, and what could not be read. `owned` is told of each leaf that a rule read."""
        root, parts = self.shape.taken(resources)
        reading = Reading(parts, owned)
        return self._read(root, reading), reading.issues

    def put(
        self, record: Mapping[str, Any], resources: Mapping[str, Any], new_id: Callable[[], str]
    ) -> Written:
        """The resources, changed as little as possible to hold this record. Raises MappingError as `get`."""
        root, parts = self.shape.taken(resources)
        before = self._read(root, Reading(parts))
        view: dict[str, Any] = tidy(dict(record)) or {}
        writing = Writing(parts, write_block, new_id, before, view)
        if root is MISSING:
            for rule in self.shape.back_linked:
                write_back_links(rule, view, MISSING, (self.rules.type, 0), writing)
        else:
            root = write_resource(self.rules.root, view, root, (self.rules.type, 0), writing)
        root = self._with_always(root, writing.parts)
        return Written(given_back(root, writing.parts, resources, self.rules.type), writing.issues, before)

    def create(self, record: Mapping[str, Any], new_id: Callable[[], str]) -> Written:
        """New resources that hold this record and the fixed values of the rules."""
        view: dict[str, Any] = tidy(dict(record)) or {}
        writing = Writing({}, write_block, new_id, {}, view)
        root = write_resource(self.rules.root, view, MISSING, (self.rules.type, 0), writing)
        root = self._with_always(root, writing.parts)
        return Written(given_back(root, writing.parts, {}, self.rules.type), writing.issues)

    def _with_always(self, root: Any, parts: dict[str, list[Resource]]) -> Any:
        if not self.rules.writes_always:
            return root
        return with_always(self.rules.root, root, (self.rules.type, 0), parts)

    def _read(self, root: Any, reading: Reading) -> dict[str, Any]:
        if root is not MISSING:
            return read_block(self.rules.root, root, (self.rules.type, 0), reading)
        view: dict[str, Any] = {}
        for rule in self.shape.back_linked:
            found = read_back_links(rule, MISSING, (self.rules.type, 0), reading)
            if found:
                plant(view, rule.ours, [each.view for each in found])
        return view
