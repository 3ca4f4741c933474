"""FHIR delete interaction: DELETE [base]/[type]/[id], and DELETE [base]/[type]?[criteria].

https://hl7.org/fhir/R4/http.html#delete — 204, also the second time and where there is nothing; afterwards a
read answers 410 and the history remains. By criteria one resource is deleted at most: several are refused
(412), and none is 204 too.
"""

from __future__ import annotations

from flask import Response, g, request

from gateway.access.policy import Interaction
from gateway.acts.write_resource import delete_matching, delete_resource
from gateway.store.versions import Version
from gateway.web import the_gateway
from gateway.web.fhir_api.criteria import criteria
from gateway.web.fhir_api.negotiation import expected_version
from gateway.web.fhir_api.routes import Route


def delete(resource_type: str, logical_id: str) -> Response:
    """Nothing, once it is not there; the ETag is that of the version that says so."""
    version = delete_resource(
        the_gateway(), g.actor, resource_type, logical_id, expect=expected_version(request)
    )
    return _gone(version)


def delete_by_criteria(resource_type: str) -> Response:
    """Nothing, once the one resource that fits is deleted, or where there is none."""
    expect, query = expected_version(request), criteria(request, resource_type)
    return _gone(delete_matching(the_gateway(), g.actor, query, expect=expect))


def _gone(version: Version | None) -> Response:
    response = Response(status=204)
    response.headers.remove("Content-Type")
    if version is not None:
        response.headers["ETag"] = version.etag
    return response


ROUTES = (
    Route("DELETE", "/<resource_type>/<logical_id>", Interaction.DELETE, delete),
    Route("DELETE", "/<resource_type>", Interaction.DELETE, delete_by_criteria),
)
