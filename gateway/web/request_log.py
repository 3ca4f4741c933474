"""One JSON line a request, and the id by which a caller and an operator can speak of the same one.

Logged: route template, method, status, milliseconds, the request's id. Never: addresses with their
parameters, bodies, header values, names, or the message of an exception, for any of them may hold a
patient's data.
"""

from __future__ import annotations

import logging
import re
import sys
import time
import traceback
import uuid
from typing import Final

import structlog
from flask import Flask, Response, g, request

from gateway.access.request import Request, begin_request
from gateway.errors import AccessBreach
from gateway.web.doors import door_of

HEADER: Final = "X-Request-Id"
NO_ROUTE: Final = "(no such route)"

# What a caller may have echoed. Only a UUID is also logged: anything else could be a name or a number of a
# patient.
_ECHOED: Final = re.compile(r"[A-Za-z0-9._:\-]{1,64}")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_log: Final = structlog.get_logger("gateway.web")


def configure_logging() -> None:
    """Log lines of this process are JSON on standard error, one object a line, times in UTC."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def log_requests(app: Flask) -> None:
    """Every request to `app` gets an id, answers it, and is logged once."""
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(lambda _: begin_request(None))


def route_template() -> str:
    """The rule the request matched, e.g. ``/fhir/R4/<resource_type>/<logical_id>``; never its address."""
    return request.url_rule.rule if request.url_rule is not None else NO_ROUTE


def method_name() -> str:
    """The method of the request, or `other`: a method is free text, and free text is not written down."""
    return request.method if request.method in _METHODS else "other"


def log_failure(error: Exception) -> None:
    """Logs that the gateway failed: the class of the error and the places it passed, not its message."""
    places = [
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
    ]
    if breach := isinstance(error, AccessBreach):
        g.breach = True  # refusals.py writes it down
    (_log.critical if breach else _log.error)(
        "an answer held what its reader may not see and was withheld" if breach else "request failed",
        error=type(error).__name__,
        places=places[-8:],
        route=route_template(),
        request_id=g.get("request_id", ""),
    )


def _begin() -> None:
    g.started = time.perf_counter()
    asked = request.headers.get(HEADER, "")
    g.request_id = asked if _UUID.fullmatch(asked) else str(uuid.uuid4())
    begin_request(Request(uuid.UUID(g.request_id), request.remote_addr))
    g.echoed_id = asked if _ECHOED.fullmatch(asked) else g.request_id


def _end(response: Response) -> Response:
    response.headers[HEADER] = g.echoed_id
    took_ms = round((time.perf_counter() - g.started) * 1000, 1)
    actor = g.get("actor")
    _log.info(
        "request",
        method=method_name(),
        route=route_template(),
        status=response.status_code,
        ms=took_ms,
        door=door_of(request).value,
        actor=actor.kind.value if actor is not None else "",
        request_id=g.request_id,
    )
    return response
