"""FHIR search interaction in a compartment: GET [base]/Patient/[id]/[type]?…, and POST with _search.

https://hl7.org/fhir/R4/compartmentdefinition.html — the types and parameters are R4's own: a Task is in
nobody's compartment. `*` is every type of the compartment that is served.
"""

from __future__ import annotations

from typing import Final

from flask import Response, g

from gateway.access.policy import Interaction, gate, may
from gateway.acts import read_resource
from gateway.conformance.facts import r4
from gateway.errors import NotServed
from gateway.web import the_gateway
from gateway.web.fhir_api import search_answer
from gateway.web.fhir_api.routes import Route

_ALL: Final = "*"


def search_compartment(resource_type: str, logical_id: str, member_type: str) -> Response:
    """A page of what is in the compartment of one resource; NotFound when that is hidden or missing."""
    types = members(resource_type, member_type)
    read_resource.read(the_gateway(), g.actor, resource_type, logical_id)
    within = f"{resource_type}/{logical_id}"
    return search_answer.answer(types, search_answer.given(), path=f"{within}/{member_type}", within=within)


def members(about: str, member: str) -> list[str]:
    """The types that are searched. Raises NotServed when R4 knows no such compartment or member."""
    compartment = r4().compartments.get(about)
    if compartment is None:
        known = ", ".join(sorted(r4().compartments))
        raise NotServed(f"{about} has no compartment; R4 has those of {known}.")
    led_to = [type for type in the_gateway().served if compartment.members.get(type)]
    if member == _ALL:
        return [type for type in led_to if _may_search(type)]
    if member not in led_to:
        raise NotServed(f"R4 knows no way from a compartment of {about} to what the address names.")
    gate(g.actor, Interaction.SEARCH, member)
    return [member]


def _may_search(type: str) -> bool:
    return may(g.actor, Interaction.SEARCH, type) and not the_gateway().served[type].read_only


ROUTES = (
    Route("GET", "/<resource_type>/<logical_id>/<member_type>", Interaction.SEARCH, search_compartment),
    Route(
        "POST",
        "/<resource_type>/<logical_id>/<member_type>/_search",
        Interaction.SEARCH,
        search_compartment,
    ),
)
