"""What a lens is given, and the form in which it gives back: `{"CarePlan": {…}, "Goal": [{…}, …]}`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.errors import MappingError
from gateway.fhir.json_codec import Resource
from gateway.mapping.rules import BackLinkedParts, LinkedParts, RuleFile, walk
from gateway.mapping.values import MISSING


@dataclass(frozen=True, slots=True)
class Shape:
    """Which resources a map takes: one of its root type, and any number of its parts.

    part_types    the types of the resources that items of the record live in, besides the root
    back_linked   the lists whose parts carry the link, and so can be read and written without their root
    """

    map: str
    type: str
    part_types: tuple[str, ...]
    back_linked: tuple[BackLinkedParts, ...]

    @classmethod
    def of(cls, rules: RuleFile) -> Shape:
        """The shape of a rule file."""
        parts = (rule.type for _, rule in walk(rules.root) if isinstance(rule, LinkedParts | BackLinkedParts))
        lone = tuple(rule for rule in rules.root.rules if isinstance(rule, BackLinkedParts))
        return cls(rules.name, rules.type, tuple(dict.fromkeys(parts)), lone)

    def taken(self, resources: Mapping[str, Any]) -> tuple[Any, dict[str, list[Resource]]]:
        """The root resource (MISSING when only parts are given that can stand alone) and the parts.

        Raises MappingError when there is neither.
        """
        root = resources.get(self.type, MISSING)
        root = root[0] if isinstance(root, list) and len(root) == 1 else root
        lone = root is MISSING and any(resources.get(rule.type) for rule in self.back_linked)
        usable = isinstance(root, dict) and root.get("resourceType", self.type) == self.type
        if not lone and not usable:
            given = ", ".join(sorted(resources)) or "nothing"
            raise MappingError(f"the map {self.map!r} reads one {self.type}; it was given: {given}")
        parts: dict[str, list[Resource]] = {}
        for name in self.part_types:
            part = resources.get(name)
            parts[name] = [part] if isinstance(part, dict) else [p for p in part or () if isinstance(p, dict)]
        return root, parts


def given_back(
    root: Any, parts: Mapping[str, list[Resource]], given: Mapping[str, Any], type_name: str
) -> dict[str, Any]:
    """The resources in the form in which they were given: a single one as itself, else a list."""
    written: dict[str, Any] = dict(given)
    if root is not MISSING:
        written[type_name] = _like(given.get(type_name, root), [root])
    for name, held in parts.items():
        if held or name in given:
            written[name] = _like(given.get(name), held)
    return written


def _like(given: Any, held: list[Resource]) -> Any:
    return held[0] if isinstance(given, dict) and len(held) == 1 else held
