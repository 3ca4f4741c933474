"""FHIR search interaction on the system: GET [base]?_type=…&…, and POST [base]/_search.

https://hl7.org/fhir/R4/http.html#search — the parameters are those that all searched types have; without
`_type` every type is searched that is served to the client.
"""

from __future__ import annotations

from flask import Response, g

from gateway.access.policy import Interaction, gate, may
from gateway.errors import BadRequest, Forbidden
from gateway.web import the_gateway
from gateway.web.fhir_api import search_answer
from gateway.web.fhir_api.routes import Route, SystemInteraction
from gateway.web.fhir_api.search_parameters import TYPE


def search_system() -> Response:
    """A page of the resources of several types that the parameters ask for."""
    said = search_answer.given()
    return search_answer.answer(searched(said), said, path="")


def searched(said: search_answer.Given) -> list[str]:
    """The types that are searched: those that are named, else all that the client may search."""
    named = [value for name, value in said.pairs if name == TYPE]
    types = _named(named) if named else [type for type in the_gateway().served if _is_searched(type)]
    if not types:
        raise Forbidden("this client may search no type")
    return types


def _named(values: list[str]) -> list[str]:
    types = [type for value in values for type in value.split(",")]
    if len(values) > 1 or not all(type in the_gateway().served for type in types):
        raise BadRequest(f"{TYPE} names types that are served, once, divided by commas.", expression=TYPE)
    for type in types:
        gate(g.actor, Interaction.SEARCH, type)
    return list(dict.fromkeys(types))


def _is_searched(type: str) -> bool:
    return may(g.actor, Interaction.SEARCH, type) and not the_gateway().served[type].read_only


ROUTES = (
    Route("GET", "/", SystemInteraction.SEARCH_SYSTEM, search_system),
    Route("POST", "/_search", SystemInteraction.SEARCH_SYSTEM, search_system),
)
