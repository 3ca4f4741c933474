"""FHIR delete interaction: DELETE [base]/[type]/[id].

https://hl7.org/fhir/R4/http.html#delete — 204, also the second time; afterwards a read answers 410 and the
history remains.
"""

from __future__ import annotations

from flask import Response, g, request

from gateway.access.policy import Interaction
from gateway.acts.write_resource import delete_resource
from gateway.web import the_gateway
from gateway.web.fhir_api.negotiation import expected_version
from gateway.web.fhir_api.routes import Route


def delete(resource_type: str, logical_id: str) -> Response:
    """Nothing, once it is deleted; the ETag is that of the version that says so."""
    version = delete_resource(
        the_gateway(), g.actor, resource_type, logical_id, expect=expected_version(request)
    )
    response = Response(status=204)
    response.headers.remove("Content-Type")
    response.headers["ETag"] = version.etag
    return response


ROUTES = (Route("DELETE", "/<resource_type>/<logical_id>", Interaction.DELETE, delete),)
