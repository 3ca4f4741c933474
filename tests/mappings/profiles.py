"""What a StructureDefinition asks of a resource, as far as a map can answer for it: a small check for tests.

Checked on snapshot elements: minimum and maximum cardinality, fixed and pattern values, and required bindings
to value sets that R4 itself lists. Slices count the items that hold the slice's pattern.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from gateway.conformance.facts import r4
from gateway.mapping.values import contains

US_CORE = "definitions/hl7.fhir.us.core-6.1.0.tgz"
SDOH_CC = "definitions/sdoh-clinicalcare-2.0.0/StructureDefinition"


@dataclass(frozen=True)
class Profile:
    """One profile: its id, and the elements of its snapshot."""

    id: str
    elements: tuple[dict[str, Any], ...]

    def violations(self, resource: dict[str, Any]) -> set[str]:
        """The ids of the elements that are too few, too many, or have another value than the profile says."""
        return {element["id"] for element in self.elements if not _holds(element, resource, self.elements)}


@cache
def profiles_of(shared_data: Path) -> dict[str, Profile]:
    """The profiles of US Core 6.1.0 and of SDOH Clinical Care, by their address."""
    found = {}
    for definition in _definitions(shared_data):
        elements = tuple(definition.get("snapshot", {}).get("element", ()))
        found[definition["url"]] = Profile(definition["id"], elements)
    return found


def _definitions(shared_data: Path) -> Iterator[dict[str, Any]]:
    with tarfile.open(shared_data / US_CORE) as package:
        for member in package.getmembers():
            if member.name.startswith("package/StructureDefinition-us-core") and member.isfile():
                file = package.extractfile(member)
                assert file is not None
                yield json.loads(file.read())
    for path in sorted((shared_data / SDOH_CC).glob("*.json")):
        yield json.loads(path.read_text())


def _holds(element: dict[str, Any], resource: dict[str, Any], elements: tuple[dict[str, Any], ...]) -> bool:
    path = element["id"].split(".")[1:]
    if not path or any(":" in step for step in path[:-1]) or "extension" in element["id"]:
        return True  # slices inside slices and extensions are not what a map fixes
    pattern = next((v for key, v in element.items() if key.startswith(("pattern", "fixed"))), None)
    sliced = ":" in path[-1]
    if sliced and pattern is None:
        return True  # told apart by a value set or a type: not counted here
    for holder in _holders(resource, path[:-1]):
        items = _items(holder, path[-1].split(":")[0])
        if sliced:
            items = [item for item in items if contains(item, pattern)]
        elif pattern is not None and not all(contains(item, pattern) for item in items):
            return False
        most = element.get("max", "*")
        if len(items) < element.get("min", 0) or (most != "*" and len(items) > int(most)):
            return False
        if not all(_is_bound(element, item) for item in items):
            return False
    return True


def _holders(node: Any, path: list[str]) -> list[Any]:
    holders = [node]
    for step in path:
        holders = [item for holder in holders for item in _items(holder, step)]
    return holders


def _items(holder: Any, name: str) -> list[Any]:
    if not isinstance(holder, dict):
        return []
    if name.endswith("[x]"):
        return [value for key, value in holder.items() if key.startswith(name[:-3]) and key != name[:-3]]
    value = holder.get(name)
    return value if isinstance(value, list) else [] if value is None else [value]


def _is_bound(element: dict[str, Any], item: Any) -> bool:
    binding = element.get("binding", {})
    if binding.get("strength") != "required" or not isinstance(item, str):
        return True
    codes = r4().codes(binding.get("valueSet", "").split("|")[0])
    return not codes or any(item in those for those in codes.values())
