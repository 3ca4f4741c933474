"""What keeps the application from starting: a served type, or a route of the FHIR API, without a policy.

The routes declare their interaction (routes.py); gateway/access/policy.py says who may do it. A route that is
registered below /fhir beside those declarations is refused as well: nothing would ask the policy about it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from flask import Flask

from gateway.access.policy import NEVER_SERVED, SYSTEM, TABLE, Interaction
from gateway.errors import ConfigError
from gateway.web.fhir_api.routes import Route

_BELOW = "/fhir"
_BLUEPRINT = "fhir."


def refuse_undeclared(app: Flask, routes: Mapping[str, Route], served: Collection[str]) -> None:
    """Returns when the policy speaks of all that is served; raises ConfigError naming everything else.

    routes   the declared routes by endpoint inside the blueprint
    """
    problems = [*_types_without_policy(routes, served), *_routes_without_policy(app, routes)]
    if problems:
        raise ConfigError(
            "access is not declared (gateway/access/policy.py) for: " + "; ".join(sorted(problems))
        )


def _types_without_policy(routes: Mapping[str, Route], served: Collection[str]) -> Iterator[str]:
    asked = {it.interaction for it in routes.values() if isinstance(it.interaction, Interaction)}
    for type in served:
        if type in NEVER_SERVED:
            yield f"{type}, which can never be served: {NEVER_SERVED[type]}"
        elif type not in TABLE:
            yield f"{type}, which is served and has no row"
        else:
            yield from (f"{interaction} of {type}" for interaction in asked if interaction not in TABLE[type])


def _routes_without_policy(app: Flask, routes: Mapping[str, Route]) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        if rule.rule != _BELOW and not rule.rule.startswith(f"{_BELOW}/"):
            continue
        route = routes.get(rule.endpoint.removeprefix(_BLUEPRINT))
        if route is None or not rule.endpoint.startswith(_BLUEPRINT):
            yield f"{rule.rule}, which declares no interaction"
        elif isinstance(route.interaction, Interaction):
            if "<resource_type>" not in rule.rule:
                yield f"{route.method} {rule.rule}, which names no type to {route.interaction}"
        elif route.interaction not in SYSTEM:
            yield f"{route.method} {rule.rule}, since nobody is said to be allowed {route.interaction}"
