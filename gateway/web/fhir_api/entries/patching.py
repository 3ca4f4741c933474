"""Entries that patch one resource: a FHIRPath Patch as Parameters, or any patch as the Binary that holds it.

https://hl7.org/fhir/R4/http.html#patch — inside a Bundle only a resource can carry a JSON Patch, so a Binary
does: its contentType names the format, its data is the patch.
"""

from __future__ import annotations

from base64 import b64decode

from gateway.access.policy import Interaction
from gateway.acts.bundle_steps import Patch, Step
from gateway.acts.matching_steps import PatchMatching
from gateway.conformance import patching
from gateway.errors import BadRequest
from gateway.fhir.bundle_entries import Method
from gateway.fhir.json_codec import Resource
from gateway.web.fhir_api.entries.kind import Asking, EntryKind
from gateway.web.fhir_api.negotiation import version_named


def _patch(asking: Asking, *, resource_type: str, logical_id: str) -> Step:
    expect = version_named(asking.condition("ifMatch"))
    return Patch(resource_type, logical_id, _body(asking), patch_in, expect)


def _patch_matching(asking: Asking, *, resource_type: str) -> Step:
    expect = version_named(asking.condition("ifMatch"))
    return PatchMatching(asking.criteria(resource_type), _body(asking), patch_in, expect)


def _body(asking: Asking) -> Resource:
    body, at = asking.request.resource, f"{asking.request.path}.resource"
    if body is None or body["resourceType"] not in ("Parameters", "Binary"):
        raise BadRequest("A patch is sent as Parameters, or as the Binary that holds it.", expression=at)
    patch_in(body)  # what cannot be read is refused before anything is locked
    return body


def patch_in(body: Resource) -> patching.Patch:
    """The patch that a Parameters or a Binary holds. Raises BadRequest, UnsupportedPatch, Unreadable."""
    if body["resourceType"] == "Parameters":
        return patching.patch_of(body)
    try:
        held = b64decode(str(body.get("data", "")), validate=True)
    except ValueError:
        raise BadRequest("data must be the patch, in base64.", expression="Binary.data") from None
    return patching.read_patch(held, str(body.get("contentType", "")).partition(";")[0].strip())


_PATCH = frozenset({Method.PATCH})
_IF_MATCH = frozenset({"ifMatch"})

KINDS = (
    EntryKind(_PATCH, "<resource_type>/<logical_id>", Interaction.PATCH, _patch, conditions=_IF_MATCH),
    EntryKind(
        _PATCH,
        "<resource_type>",
        Interaction.PATCH,
        _patch_matching,
        conditions=_IF_MATCH,
        by_criteria=True,
    ),
)
