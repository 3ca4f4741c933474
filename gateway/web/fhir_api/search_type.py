"""FHIR search interaction on a type: GET [base]/[type]?…, and POST [base]/[type]/_search.

https://hl7.org/fhir/R4/http.html#search — posted, no value stands in the address.
"""

from __future__ import annotations

from flask import Response

from gateway.access.policy import Interaction
from gateway.web.fhir_api import search_answer
from gateway.web.fhir_api.routes import Route


def search_type(resource_type: str) -> Response:
    """A page of the resources of one type that the parameters ask for."""
    return search_answer.answer([resource_type], search_answer.given())


ROUTES = (
    Route("GET", "/<resource_type>", Interaction.SEARCH, search_type),
    Route("POST", "/<resource_type>/_search", Interaction.SEARCH, search_type),
)
