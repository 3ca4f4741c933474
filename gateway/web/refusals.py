"""A known caller who is refused leaves a trace: an audit row in a transaction of its own, before the answer.

The act's own transaction was rolled back with its audit row; this one says that it was tried and why it
failed.
"""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, g

from gateway.acts.refusal import record_refusal
from gateway.errors import AccessBreach, GatewayError
from gateway.web import the_gateway
from gateway.web.outcomes import answer, told
from gateway.web.request_log import log_failure, method_name, route_template

_REFUSED: Final = range(400, 500)
_DENIED: Final = frozenset({401, 403, 404, 405})


def audit_refusals(app: Flask) -> None:
    """Every 4xx that `app` answers to a known client is audited, and every answer withheld for holding
    something hidden; if it cannot be, the answer is an error.
    """
    app.after_request(_audit)


def is_refused(status: int) -> bool:
    """Whether it is the caller's request that was refused."""
    return status in _REFUSED


def is_denied(status: int) -> bool:
    """Whether the caller may not, or there is nothing that it may see; else the request was at fault."""
    return status in _DENIED


def _audit(response: Response) -> Response:
    actor = g.get("actor")
    breach = g.get("breach", False)
    if actor is None or not (is_refused(response.status_code) or breach):
        return response
    action = g.get("action") or f"{method_name()} {route_template()}"
    denied = is_denied(response.status_code)
    reason = AccessBreach.issue if breach else g.get("refusal") or str(response.status_code)
    try:
        record_refusal(the_gateway(), actor, action, g.get("target"), denied=denied, reason=reason)
    except GatewayError as error:
        log_failure(error)
        return answer(told(error))
    return response
