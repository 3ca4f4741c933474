"""FHIR read interaction: GET [base]/[type]/[id], and HEAD.

https://hl7.org/fhir/R4/http.html#read — ETag and Last-Modified on every answer, 304 when the client has it
already, 410 after a deletion.
"""

from __future__ import annotations

from flask import Response, g, request

from gateway.access.policy import Interaction
from gateway.acts import read_resource
from gateway.web import the_gateway
from gateway.web.fhir_api import binary, replies
from gateway.web.fhir_api.routes import Route


def read(resource_type: str, logical_id: str) -> Response:
    """The resource as it stands."""
    version = read_resource.read(the_gateway(), g.actor, resource_type, logical_id)
    if resource_type == binary.TYPE and binary.is_wanted(request):
        return binary.document(version, request)
    return replies.held(version, request)


ROUTES = (Route("GET", "/<resource_type>/<logical_id>", Interaction.READ, read),)
