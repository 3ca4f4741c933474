"""FHIR patch interaction: PATCH [base]/[type]/[id], and PATCH [base]/[type]?[criteria].

https://hl7.org/fhir/R4/http.html#patch — JSON Patch and FHIRPath Patch (https://hl7.org/fhir/R4/fhirpatch.html),
version-aware with If-Match. A patch that cannot be read is 400; one that does not fit the resource, or whose
result R4 does not allow, is 422, and nothing is written.
"""

from __future__ import annotations

from flask import Response, g, request

from gateway.access.policy import Interaction
from gateway.acts.write_resource import patch_matching, patch_resource
from gateway.web import the_gateway
from gateway.web.fhir_api import replies
from gateway.web.fhir_api.criteria import criteria
from gateway.web.fhir_api.negotiation import body_patch, expected_version, preferences
from gateway.web.fhir_api.routes import Route


def patch(resource_type: str, logical_id: str) -> Response:
    """The next version of the resource: what it was, with the patch applied."""
    expect = expected_version(request)
    change = body_patch(request)
    kept = patch_resource(the_gateway(), g.actor, resource_type, logical_id, change, expect=expect)
    return replies.written(kept.version, 200, preferences(request).wanted)


def patch_by_criteria(resource_type: str) -> Response:
    """The next version of the one resource that fits: what it was, with the patch applied."""
    expect, query = expected_version(request), criteria(request, resource_type)
    kept = patch_matching(the_gateway(), g.actor, query, body_patch(request), expect=expect)
    return replies.written(kept.version, 200, preferences(request).wanted)


ROUTES = (
    Route("PATCH", "/<resource_type>/<logical_id>", Interaction.PATCH, patch),
    Route("PATCH", "/<resource_type>", Interaction.PATCH, patch_by_criteria),
)
