"""Is it alive, and can it serve: what a load balancer or an orchestrator asks.

/health/live   200 while the process answers at all; restarting it would not help a database that is away
/health/ready  200 when a request could be served now, else 503

In production a probe must send the public name as Host, as everybody must.
"""

from __future__ import annotations

from flask import Blueprint, Response

from gateway.errors import GatewayError
from gateway.fhir import json_codec
from gateway.web import doors, the_gateway
from gateway.web.doors import Door


def blueprint() -> Blueprint:
    """The health checks; open, and saying nothing but yes or no."""
    health = Blueprint("health", __name__, url_prefix="/health")
    health.add_url_rule("/live", "live", _live)
    health.add_url_rule("/ready", "ready", _ready)
    doors.declare(health, Door.OPEN)
    return health


def _live() -> Response:
    return _said("alive", 200)


def _ready() -> Response:
    try:
        with the_gateway().database.transaction(the_gateway().self_actor):
            pass  # taking a connection from the pool asks the server whether it is there
    except GatewayError:
        return _said("the database does not answer", 503)
    return _said("ready", 200)


def _said(status: str, code: int) -> Response:
    return Response(json_codec.write({"status": status}), code, content_type="application/json")
