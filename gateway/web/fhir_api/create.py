"""FHIR create interaction: POST [base]/[type].

https://hl7.org/fhir/R4/http.html#create — the server makes the id, an id in the body is ignored.
https://hl7.org/fhir/R4/http.html#ccreate — with If-None-Exist: no match creates, one match is answered,
several are refused with 412. An empty condition is refused too: it would match everything.
"""

from __future__ import annotations

from flask import Response, g, request

from gateway.access.policy import Interaction
from gateway.acts.write_resource import create_resource
from gateway.web import the_gateway
from gateway.web.fhir_api import replies
from gateway.web.fhir_api.negotiation import body_resource, only_if_none_exists, preferences
from gateway.web.fhir_api.routes import Route
from gateway.web.fhir_api.search_parameters import condition


def create(resource_type: str) -> Response:
    """The new resource, 201; or the one that fits If-None-Exist already, 200."""
    unless = only_if_none_exists(request)
    query = None if unless is None else condition(resource_type, unless, base_url=replies.base_url())
    resource = body_resource(request, resource_type)
    kept = create_resource(the_gateway(), g.actor, resource, unless=query)
    return replies.written(kept.version, 201 if kept.is_new else 200, preferences(request).wanted)


ROUTES = (Route("POST", "/<resource_type>", Interaction.CREATE, create),)
