"""The published examples, resource by resource: files of one resource, and the resources inside Bundles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.fhir.json_codec import Resource, read_untrusted

DEFINITIONS = "definitions"
LARGEST = 64 * 1024 * 1024


def published(folder: Path, *types: str) -> Iterator[tuple[str, Resource]]:
    """Every resource of these types with a name that finds it again: file, and position inside a Bundle."""
    for file in sorted(folder.rglob("*.json")):
        if DEFINITIONS in file.relative_to(folder).parts:
            continue
        name = str(file.relative_to(folder))
        yield from _of_types(name, read_untrusted(file.read_bytes(), max_bytes=LARGEST), types)


def differences(before: Any, after: Any, path: str = "") -> set[str]:
    """The paths at which two JSON values differ, also by type (1 and 1.0 and true) and by order of a list."""
    if isinstance(before, dict) and isinstance(after, dict):
        return {
            place
            for key in before.keys() | after.keys()
            for place in differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
        }
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return {
            place
            for index, (was, now) in enumerate(zip(before, after, strict=True))
            for place in differences(was, now, f"{path}[{index}]")
        }
    return set() if type(before) is type(after) and str(before) == str(after) else {path}


def _of_types(name: str, resource: Any, types: tuple[str, ...]) -> Iterator[tuple[str, Resource]]:
    if not isinstance(resource, dict):
        return
    if resource.get("resourceType") in types:
        yield name, resource
    if resource.get("resourceType") == "Bundle":
        for position, entry in enumerate(resource.get("entry", [])):
            yield from _of_types(f"{name}#entry[{position}]", entry.get("resource"), types)
