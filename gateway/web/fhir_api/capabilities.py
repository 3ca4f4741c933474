"""FHIR capabilities interaction: GET [base]/metadata, open to everybody.

https://hl7.org/fhir/R4/http.html#capabilities — made from the routes that are registered, the types that
are served and the policy that is enforced, so it cannot promise what the code does not do.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from typing import Any, Final

from flask import Response, request

from gateway.access.policy import TABLE, Interaction
from gateway.acts.gateway import Gateway
from gateway.conformance.patching import PATCH_FORMATS
from gateway.conformance.served_types import ServedType
from gateway.conformance.typed import authored
from gateway.errors import BadRequest
from gateway.fhir.json_codec import Resource
from gateway.web.doors import Door
from gateway.web.fhir_api import replies, search_capabilities
from gateway.web.fhir_api.routes import Route, SystemInteraction

_DISTRIBUTION: Final = "care-gateway"

# Source: https://hl7.org/fhir/R4/valueset-type-restful-interaction.html
_CODES: Final = {
    Interaction.READ: "read",
    Interaction.VREAD: "vread",
    Interaction.UPDATE: "update",
    Interaction.PATCH: "patch",
    Interaction.DELETE: "delete",
    Interaction.HISTORY: "history-instance",
    Interaction.HISTORY_TYPE: "history-type",
    Interaction.CREATE: "create",
    Interaction.SEARCH: "search-type",
}

# Source: https://hl7.org/fhir/R4/valueset-system-restful-interaction.html
_SYSTEM_CODES: Final = {
    SystemInteraction.BATCH: "batch",
    SystemInteraction.TRANSACTION: "transaction",
    SystemInteraction.SEARCH_SYSTEM: "search-system",
    SystemInteraction.HISTORY_SYSTEM: "history-system",
}


# Source: https://hl7.org/fhir/R4/http.html#capabilities
_MODES: Final = ("full", "normative", "terminology")


def capabilities_route(routes: Sequence[Route], gateway: Gateway) -> Route:
    """The route that answers what `routes` and itself can do."""
    since = datetime.now(UTC)
    # Made when it is first asked for: it is long, and most starts are asked for other things first.
    statement = cache(lambda: statement_of(routes, gateway, since))
    return Route("GET", "/metadata", SystemInteraction.CAPABILITIES, lambda: _answer(statement()), Door.OPEN)


def statement_of(routes: Sequence[Route], gateway: Gateway, since: datetime) -> Resource:
    """The CapabilityStatement of this installation; `since` is when it began to be true."""
    registered = {route.interaction for route in routes} | {route.also for route in routes if route.also}
    by_criteria = {
        route.interaction
        for route in routes
        if route.by_criteria and isinstance(route.interaction, Interaction)
    }
    in_compartments = any("<member_type>" in route.rule for route in routes)
    software = version(_DISTRIBUTION)
    return authored(
        {
            "resourceType": "CapabilityStatement",
            "name": "CareGateway",
            "title": "Care Gateway",
            "status": "active",
            "date": since.date().isoformat(),
            "kind": "instance",
            "software": {"name": "Care Gateway", "version": software},
            "implementation": {
                "description": "Care plans and referrals between hospitals, agencies and coordinators.",
                "url": gateway.fhir_base,
            },
            "fhirVersion": "4.0.1",
            "format": ["application/fhir+json", "json"],
            **_patch_formats(registered),
            "rest": [
                {
                    "mode": "server",
                    "security": {
                        "cors": False,
                        # None of R4's codes is said of a key that was handed over (valueset-restful-
                        # security-service.html), so the service has words only.
                        "service": [{"text": "Bearer key"}],
                        "description": "Authorization: Bearer, with a key from the gateway's operator.",
                    },
                    "resource": [
                        _resource(gateway, served, registered, by_criteria)
                        for served in gateway.served.values()
                    ],
                    "interaction": [
                        {"code": code}
                        for interaction, code in _SYSTEM_CODES.items()
                        if interaction in registered
                    ],
                    "searchParam": search_capabilities.common(gateway.served.values()),
                    "compartment": (
                        search_capabilities.compartments(gateway.served) if in_compartments else []
                    ),
                }
            ],
        }
    )


def _patch_formats(registered: Set[Interaction | SystemInteraction]) -> dict[str, Any]:
    return {"patchFormat": list(PATCH_FORMATS)} if Interaction.PATCH in registered else {}


def _resource(
    gateway: Gateway,
    served: ServedType,
    registered: Set[Interaction | SystemInteraction],
    by_criteria: Set[Interaction],
) -> dict[str, Any]:
    allowed = TABLE.get(served.name, {})
    offered = [
        code for interaction, code in _CODES.items() if interaction in registered and allowed.get(interaction)
    ]
    writes = {interaction for interaction in by_criteria if allowed.get(interaction)}
    return {
        "type": served.name,
        "profile": served.profile,
        **({"documentation": served.note} if served.note else {}),
        "interaction": [{"code": code} for code in offered],
        "versioning": _versioning(gateway, offered),
        "readHistory": "vread" in offered,
        "updateCreate": False,
        "conditionalCreate": "create" in offered,
        "conditionalRead": "full-support" if "read" in offered else "not-supported",
        "conditionalUpdate": Interaction.UPDATE in writes,
        "conditionalDelete": "single" if Interaction.DELETE in writes else "not-supported",
        "referencePolicy": ["literal", "logical"],
        **(search_capabilities.searched_by(served, gateway.served) if "search-type" in offered else {}),
    }


def _versioning(gateway: Gateway, offered: Collection[str]) -> str:
    """Source: https://hl7.org/fhir/R4/valueset-versioning-policy.html"""
    if "vread" not in offered:
        return "no-version"
    return "versioned-update" if gateway.require_if_match and "update" in offered else "versioned"


def _answer(statement: Resource) -> Response:
    # There is no other: what is normative in it stands in it, and of terminology nothing more is served.
    if request.args.get("mode", "full") not in _MODES:
        raise BadRequest(f"mode must be {' or '.join(_MODES)}.", expression="mode")
    return replies.value(statement)
