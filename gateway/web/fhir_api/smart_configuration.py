"""SMART App Launch discovery: GET [base]/.well-known/smart-configuration, open to everybody.

https://hl7.org/fhir/smart-app-launch/conformance.html — 404 for as long as there is no token endpoint to
point at: clients then know that they need a key from the operator.
"""

from __future__ import annotations

from flask import Response

from gateway.errors import NotFound
from gateway.web.doors import Door
from gateway.web.fhir_api.routes import Route, SystemInteraction


def smart_configuration() -> Response:
    """Nothing yet. Raises NotFound."""
    raise NotFound("There is no token endpoint here yet; a client key comes from the gateway's operator.")


ROUTES = (
    Route(
        "GET",
        "/.well-known/smart-configuration",
        SystemInteraction.SMART_CONFIGURATION,
        smart_configuration,
        Door.OPEN,
    ),
)
