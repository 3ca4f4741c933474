"""The FHIR R4 REST API below /fhir/R4: one file per interaction, the address of its specification on top.

A route is declared once, in the file of its interaction. The access policy, the audit and the
CapabilityStatement all read that declaration.
"""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Flask, g, request

from gateway.access.policy import Interaction, gate, gate_system
from gateway.acts.gateway import Gateway
from gateway.store.versions import our_id
from gateway.web import doors
from gateway.web.doors import Door
from gateway.web.fhir_api import (
    binary,
    bundle,
    create,
    declarations,
    delete,
    history,
    history_system,
    history_type,
    patch,
    pretty,
    read,
    search_compartment,
    search_system,
    search_type,
    smart_configuration,
    update,
    vread,
)
from gateway.web.fhir_api.admission import refuse_unserved, refuse_unusable
from gateway.web.fhir_api.capabilities import capabilities_route
from gateway.web.fhir_api.negotiation import refuse_other_formats
from gateway.web.fhir_api.parameters import check_parameters
from gateway.web.fhir_api.replies import BASE
from gateway.web.fhir_api.routes import Route

_INTERACTIONS: Final = (
    read,
    vread,
    create,
    update,
    patch,
    delete,
    history,
    history_system,
    history_type,
    search_type,
    search_compartment,
    search_system,
    smart_configuration,
    bundle,
)


def blueprint(gateway: Gateway) -> Blueprint:
    """The FHIR API."""
    fhir = Blueprint("fhir", __name__, url_prefix=BASE)
    routes = _routes_by_endpoint(gateway)
    for endpoint, route in routes.items():
        fhir.add_url_rule(route.rule, endpoint, route.view, methods=[route.method])
    doors.declare(
        fhir, Door.KEY, {name: route.door for name, route in routes.items() if route.door is not Door.KEY}
    )
    fhir.after_request(pretty.pretty)
    fhir.before_request(lambda: _admit(routes[(request.endpoint or "").rpartition(".")[2]]))
    return fhir


def refuse_undeclared(app: Flask, gateway: Gateway) -> None:
    """Raises ConfigError naming each served type, and each route below /fhir, without a policy."""
    declarations.refuse_undeclared(app, _routes_by_endpoint(gateway), gateway.served)


def declared_routes() -> tuple[Route, ...]:
    """Every route but /metadata, which is made of them."""
    return tuple(route for module in _INTERACTIONS for route in module.ROUTES)


def _routes_by_endpoint(gateway: Gateway) -> dict[str, Route]:
    declared = declared_routes()
    return {route.endpoint: route for route in (*declared, capabilities_route(declared, gateway))}


def _admit(route: Route) -> None:
    """Refuses what needs neither body nor data to refuse: the type, the kind of actor, format, parameters."""
    arguments = request.view_args or {}
    id = arguments.get("logical_id")
    if isinstance(route.interaction, Interaction):
        type = arguments["resource_type"]
        refuse_unserved(type, alone=len(arguments) == 1)
        g.action = f"{route.interaction} {type}"
        if id is not None:
            refuse_unusable(type, id)
            if our_id(id) is not None:  # any other text may be a patient's number, and is not written down
                g.target = f"{type}/{id}"
        gate(g.actor, route.interaction, type)
    elif route.door is Door.KEY:
        g.action = route.interaction.value
        gate_system(g.actor, route.interaction)
    if not _reads_a_document(route, arguments.get("resource_type")):
        refuse_other_formats(request)
    pretty.refuse_unreadable(request)
    check_parameters(request, route.interaction, arguments.get("resource_type"), by_id=id is not None)


def _reads_a_document(route: Route, type: str | None) -> bool:
    """A Binary is also answered as what it holds, in whatever format that is."""
    return (
        type == binary.TYPE
        and route.interaction in (Interaction.READ, Interaction.VREAD)
        and binary.is_wanted(request)
    )
