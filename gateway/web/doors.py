"""Who may knock where: every route declares its door; with one that has none the application does not start.

A door says how a caller is known before anything else of the request is looked at. What the caller may then
see is `access/policy.py`'s business.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from flask import Blueprint, Flask, Request, current_app
from flask.sansio.app import App

from gateway.errors import ConfigError

_DOORS: Final = "care-gateway.doors"
_ALWAYS_LOCKED: Final = ("/fhir", "/api")


class Door(StrEnum):
    """How a caller is known."""

    OPEN = "open"  # anybody; nothing about a person is answered
    KEY = "key"  # a machine client's Bearer key, checked before the view runs
    SESSION = "session"  # a signed-in person; the blueprint checks its own sessions
    SIGNATURE = "signature"  # the body is signed by a partner, or the address is; the view checks it


def declare(blueprint: Blueprint, door: Door, exceptions: Mapping[str, Door] | None = None) -> None:
    """Every route of `blueprint` has `door`, but for `exceptions`: door by endpoint inside the blueprint."""
    name = blueprint.name
    doors = {name: door} | {f"{name}.{endpoint}": other for endpoint, other in (exceptions or {}).items()}
    blueprint.record(lambda state: _declared(state.app).update(doors))


def declare_endpoints(app: Flask, doors: Mapping[str, Door]) -> None:
    """Doors of routes that no blueprint of ours declares, by full endpoint name."""
    _declared(app).update(doors)


def door_of(request: Request) -> Door:
    """The door of the route that a request matched.

    A request that matched none is answered as if it had knocked at the nearest one: under /fhir and /api even
    "no such address" is said only to those who hold a key.
    """
    if request.endpoint is not None:
        door = _door(current_app, request.endpoint)
        assert door is not None, "an application with an undeclared route does not start"
        return door
    locked = any(request.path == root or request.path.startswith(f"{root}/") for root in _ALWAYS_LOCKED)
    return Door.KEY if locked else Door.OPEN


def refuse_undeclared(app: Flask) -> None:
    """Returns when every route has a door; raises ConfigError naming each one that has not."""
    undeclared = sorted({r.rule for r in app.url_map.iter_rules() if _door(app, r.endpoint) is None})
    if undeclared:
        raise ConfigError(
            "these routes do not declare who may use them (gateway/web/doors.py): " + ", ".join(undeclared)
        )


def declared_doors(app: Flask) -> Mapping[str, Door | None]:
    """The door of every route, by its rule; None where it was forgotten."""
    return {rule.rule: _door(app, rule.endpoint) for rule in app.url_map.iter_rules()}


def _door(app: App, endpoint: str) -> Door | None:
    doors = _declared(app)
    return doors.get(endpoint) or doors.get(endpoint.partition(".")[0])


def _declared(app: App) -> dict[str, Door]:
    doors: dict[str, Door] = app.extensions.setdefault(_DOORS, {})
    return doors
