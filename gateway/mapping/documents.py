"""Resources as people hand them over: one resource, a Bundle, or an object of resources by type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.fhir.json_codec import JSON, Resource
from gateway.fhir.references import rewrite


def resources_in(value: JSON) -> list[Resource]:
    """Every resource of a document, in order; of a Bundle its entries, with `urn:` references made relative.

    A document that holds no resource gives an empty list. Contained resources stay where they are.
    """
    if isinstance(value, list):
        return [resource for item in value for resource in resources_in(item)]
    if not isinstance(value, dict):
        return []
    if value.get("resourceType") == "Bundle":
        return _entries(value)
    if isinstance(value.get("resourceType"), str):
        return [value]
    return [resource for name, held in value.items() for resource in _of_type(name, held)]


def contained_in(resource: Resource) -> list[Resource]:
    """The resources contained in one."""
    held = resource.get("contained")
    return [each for each in held if isinstance(each, dict)] if isinstance(held, list) else []


def by_type(resources: list[Resource]) -> dict[str, list[Resource]]:
    """The resources as lists by type, in order."""
    grouped: dict[str, list[Resource]] = {}
    for resource in resources:
        grouped.setdefault(str(resource.get("resourceType")), []).append(resource)
    return grouped


def _of_type(name: str, held: Any) -> Iterator[Resource]:
    for resource in held if isinstance(held, list) else [held]:
        if isinstance(resource, dict) and resource.get("resourceType") == name:
            yield resource


def _entries(bundle: Mapping[str, Any]) -> list[Resource]:
    entries = [entry for entry in bundle.get("entry") or () if isinstance(entry, dict)]
    names: dict[str, str] = {}
    resources: list[Resource] = []
    for entry in entries:
        # Some publishers inline the resource in the entry.
        resource = entry.get("resource", entry if "resourceType" in entry else None)
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            continue
        url = entry.get("fullUrl")
        if isinstance(url, str) and url.startswith("urn:"):
            resource = resource if "id" in resource else {**resource, "id": url.rpartition(":")[2]}
            names[url] = f"{resource['resourceType']}/{resource['id']}"
        resources.append(resource)
    # Source: https://hl7.org/fhir/R4/bundle.html#references
    return [rewrite(resource, lambda text: names.get(text, text)) for resource in resources]
