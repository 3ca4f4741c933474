"""FHIR system history: GET [base]/_history.

https://hl7.org/fhir/R4/http.html#history — every version of every type that is served to the client, newest
first, deletions included.
"""

from __future__ import annotations

from flask import Response, g

from gateway.access.policy import Interaction, SystemInteraction, may
from gateway.web import the_gateway
from gateway.web.fhir_api import history_answer
from gateway.web.fhir_api.routes import Route


def history_system() -> Response:
    """A page of the versions of all types."""
    return history_answer.answer(shown(), "_history")


def shown() -> list[str]:
    """The types whose versions the client may see."""
    return [type for type in the_gateway().served if _is_shown(type)]


def _is_shown(type: str) -> bool:
    return may(g.actor, Interaction.HISTORY_TYPE, type) and not the_gateway().served[type].read_only


ROUTES = (Route("GET", "/_history", SystemInteraction.HISTORY_SYSTEM, history_system),)
