"""Changing a resource by a patch: JSON Patch on its JSON, FHIRPath Patch on the elements that R4 knows.

    change = read_patch(body, "application/json-patch+json")
    after = change.applied(before)                            # `before` is never altered

What comes out has the type and the id of what went in; whether R4 allows it is asked by whoever stores it.
Source: https://hl7.org/fhir/R4/http.html#patch
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from gateway.conformance.patching.emptiness import has_empty, without_empty
from gateway.conformance.patching.fhirpath_patch import fhirpath_patch
from gateway.conformance.patching.json_patch import json_patch
from gateway.errors import TooLarge, Unprocessable, UnsupportedPatch
from gateway.fhir.json_codec import MAX_BYTES, Resource, read_resource, read_untrusted, write

__all__ = ["FHIRPATH_PATCH", "JSON_PATCH", "PATCH_FORMATS", "Patch", "patch_of", "read_patch"]

JSON_PATCH: Final = "application/json-patch+json"
FHIRPATH_PATCH: Final = "application/fhir+json"
PATCH_FORMATS: Final = (JSON_PATCH, FHIRPATH_PATCH)


class Patch(Protocol):
    """Changes to one resource, understood, not yet tried."""

    def applied(self, resource: Resource) -> Resource:
        """The resource with all the changes; the one given is never altered.

        Raises Unprocessable when a change does not fit this resource.
        """


@dataclass(frozen=True, slots=True)
class OfOneResource:
    """A patch that leaves a resource what it is: its type and its id stay."""

    changes: Patch

    def applied(self, resource: Resource) -> Resource:
        """The resource with all the changes.

        Raises Unprocessable when it would be another one after them, TooLarge when it would be too large to
        be sent at once.
        """
        after = self.changes.applied(resource)
        if not has_empty(resource):
            # What was taken out of a list or an object last leaves it empty, and R4 has no empty elements.
            after = without_empty(after)
        for name in ("resourceType", "id"):
            if after.get(name) != resource.get(name):
                raise Unprocessable(
                    f"A patch cannot change {name}. Nothing was changed.",
                    expression=f"{resource['resourceType']}.{name}" if name == "id" else name,
                )
        if len(write(after)) > MAX_BYTES:
            raise TooLarge(f"After the patch the resource would be larger than {MAX_BYTES} bytes.")
        return after


def read_patch(body: bytes, media: str) -> Patch:
    """The patch in bytes that anybody may have sent, in one of PATCH_FORMATS.

    Raises UnsupportedPatch for another format, Unreadable for what is no JSON, BadRequest for what is no
    patch.
    """
    match media:
        case "application/json-patch+json":
            return OfOneResource(json_patch(read_untrusted(body)))
        case "application/fhir+json":
            return patch_of(read_resource(body))
        case _:
            raise UnsupportedPatch(f"Send a patch as {' or '.join(PATCH_FORMATS)}; no other format is read.")


def patch_of(parameters: Resource) -> Patch:
    """The FHIRPath Patch that a Parameters resource states. Raises BadRequest for what is none."""
    return OfOneResource(fhirpath_patch(parameters))
