"""FHIR update interaction: PUT [base]/[type]/[id], and PUT [base]/[type]?[criteria].

https://hl7.org/fhir/R4/http.html#update — version-aware with If-Match; ids are ours, so a PUT to an id that
does not exist (or is hidden) creates nothing and answers 405; a deleted resource comes back with 201. An
agency's answer on a Task must say which version it answers (428): a referral is never moved unseen.
"""

from __future__ import annotations

from flask import Response, g, request

from gateway.access.policy import Interaction
from gateway.acts.write_resource import update_matching, update_resource
from gateway.errors import BadRequest
from gateway.fhir.json_codec import Resource
from gateway.web import the_gateway
from gateway.web.fhir_api import replies
from gateway.web.fhir_api.criteria import criteria
from gateway.web.fhir_api.negotiation import body_resource, expected_version, preferences
from gateway.web.fhir_api.routes import Route


def update(resource_type: str, logical_id: str) -> Response:
    """The next version of the resource."""
    expect = expected_version(request)
    resource = body_resource(request, resource_type)
    refuse_other_id(resource, logical_id)
    kept = update_resource(the_gateway(), g.actor, resource, expect=expect)
    return replies.written(kept.version, 201 if kept.is_new else 200, preferences(request).wanted)


def refuse_other_id(resource: Resource, logical_id: str) -> None:
    """Nothing, when the resource has the id of its address. Raises BadRequest otherwise."""
    if resource.get("id") != logical_id:
        raise BadRequest(
            "The resource must carry the id of the address; it carries another one, or none.",
            expression=f"{resource['resourceType']}.id",
        )


def update_by_criteria(resource_type: str) -> Response:
    """The next version of the one resource that fits, 200; or a new one where none does, 201."""
    expect, query = expected_version(request), criteria(request, resource_type)
    resource = body_resource(request, resource_type)
    kept = update_matching(the_gateway(), g.actor, resource, query, expect=expect)
    return replies.written(kept.version, 201 if kept.is_new else 200, preferences(request).wanted)


ROUTES = (
    Route("PUT", "/<resource_type>/<logical_id>", Interaction.UPDATE, update),
    Route("PUT", "/<resource_type>", Interaction.UPDATE, update_by_criteria),
)
