"""FHIR type history: GET [base]/[type]/_history.

https://hl7.org/fhir/R4/http.html#history — every version of every resource of the type that the client may
see, newest first, deletions included.
"""

from __future__ import annotations

from flask import Response

from gateway.access.policy import Interaction
from gateway.web.fhir_api import history_answer
from gateway.web.fhir_api.routes import Route


def history_type(resource_type: str) -> Response:
    """A page of the versions of one type."""
    return history_answer.answer([resource_type], f"{resource_type}/_history")


ROUTES = (Route("GET", "/<resource_type>/_history", Interaction.HISTORY_TYPE, history_type),)
