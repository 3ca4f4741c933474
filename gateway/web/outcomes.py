"""Every error becomes one answer here: an OperationOutcome under /fhir, an RFC 9457 problem everywhere else.

Nothing the caller sent is repeated. What went wrong inside is logged without values and told without detail.
https://hl7.org/fhir/R4/http.html#Status-Codes and https://www.rfc-editor.org/rfc/rfc9457
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from gateway.conformance.patching import PATCH_FORMATS
from gateway.errors import (
    GatewayError,
    Issue,
    MethodNotAllowed,
    PartnerError,
    SignInNeeded,
    UnsupportedPatch,
)
from gateway.fhir import json_codec
from gateway.fhir.outcome import operation_outcome
from gateway.web.request_log import log_failure

FHIR_JSON: Final = "application/fhir+json; fhirVersion=4.0"
PROBLEM_JSON: Final = "application/problem+json"
RETRY_AFTER_S: Final = 5
SCHEME: Final = 'Bearer realm="Care Gateway"'

# Issue codes for what Werkzeug refuses by itself; any other status is `invalid` below 500, else `exception`.
_ISSUE_OF_STATUS: Final = {
    404: "not-found",
    405: "not-supported",
    411: "required",
    413: "too-long",
    415: "not-supported",
    421: "security",
    429: "throttled",
}
_TEXT_OF_STATUS: Final = {
    400: "The request cannot be read.",
    404: "Nothing is served at this address; /fhir/R4/metadata and /api/docs say what is served where.",
    405: "This address exists, but not with this method; the header Allow lists those it has.",
    413: "The body is larger than the gateway reads (5 MB).",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a caller is told: the status, every issue, and headers that belong to it."""

    status: int
    issues: tuple[Issue, ...]
    headers: tuple[tuple[str, str], ...] = ()


def translate_errors(app: Flask) -> None:
    """Every error that leaves a view of `app` is answered by this file."""
    app.register_error_handler(GatewayError, _on_gateway_error)
    app.register_error_handler(HTTPException, _on_http_exception)
    app.register_error_handler(Exception, _on_surprise)


def told(error: GatewayError) -> Told:
    """What `error` means to a caller. What broke inside is told by its class, not by its message."""
    issues = error.issues
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, PartnerError):
        # Hosts, files and settings are the operator's business; the log has the class and the place.
        issues = (Issue("error", error.issue, inspect.cleandoc(type(error).__doc__ or "").splitlines()[0]),)
    headers: list[tuple[str, str]] = []
    if isinstance(error, SignInNeeded):
        headers.append(("WWW-Authenticate", SCHEME))
    if isinstance(error, MethodNotAllowed):
        headers.append(("Allow", "GET, HEAD"))
    if isinstance(error, UnsupportedPatch):
        headers.append(("Accept-Patch", ", ".join(PATCH_FORMATS)))
    if error.status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        headers.append(("Retry-After", str(RETRY_AFTER_S)))
    return Told(error.status, issues, tuple(headers))


def surprise() -> Told:
    """What a caller is told when the gateway failed in a way that nobody foresaw."""
    text = "The gateway failed on this request. Nothing was written; please report the request id."
    return Told(500, (Issue("fatal", "exception", text),))


def answer(telling: Told) -> Response:
    """The answer in the words of the door that was knocked at; every issue carries the request's id."""
    request_id = g.get("request_id", "")
    g.refusal = telling.issues[0].code
    if is_fhir(request.path):
        marked = [
            issue if issue.diagnostics else replace(issue, diagnostics=f"Request {request_id}")
            for issue in telling.issues
        ]
        response = Response(json_codec.write(operation_outcome(marked)), telling.status, mimetype=None)
        response.content_type = FHIR_JSON
    else:
        response = Response(json_codec.write(_problem(telling, request_id)), telling.status)
        response.content_type = PROBLEM_JSON
    for name, value in telling.headers:
        response.headers[name] = value
    return response


def is_fhir(path: str) -> bool:
    """Whether an address belongs to the FHIR API."""
    return path == "/fhir" or path.startswith("/fhir/")


def _problem(telling: Told, request_id: str) -> dict[str, Any]:
    first = telling.issues[0]
    return {
        "title": HTTPStatus(telling.status).phrase,
        "status": telling.status,
        "detail": _detail(telling.issues),
        "code": first.code,
        "request_id": request_id,
        "issues": _stated(telling.issues),
    }


def _detail(issues: Sequence[Issue]) -> str:
    """The first issue with its place, for whoever reads one line only, and how many more there are."""
    first, more = issues[0], len(issues) - 1
    said = f"{first.expression}: {first.text}" if first.expression else first.text
    return f"{said} ({more} more in issues)" if more else said


def _stated(issues: Sequence[Issue]) -> list[dict[str, str]]:
    return [
        {"severity": issue.severity, "code": issue.code, "text": issue.text}
        | ({"expression": issue.expression} if issue.expression else {})
        | ({"diagnostics": issue.diagnostics} if issue.diagnostics else {})
        for issue in issues
    ]


def _on_gateway_error(error: GatewayError) -> Response:
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log_failure(error)
    return answer(told(error))


def _on_http_exception(error: HTTPException) -> Response | HTTPException:
    if isinstance(error, RequestRedirect) or error.code is None or error.response is not None:
        return error
    if error.code == HTTPStatus.METHOD_NOT_ALLOWED and _names_operation(request.path):
        return answer(Told(404, (Issue("error", "not-supported", "No such operation is served here."),)))
    code = _ISSUE_OF_STATUS.get(error.code, "invalid" if error.code < 500 else "exception")
    text = _TEXT_OF_STATUS.get(error.code, f"{HTTPStatus(error.code).phrase}.")
    allowed = getattr(error, "valid_methods", None)
    headers = (("Allow", ", ".join(sorted(allowed))),) if allowed else ()
    return answer(Told(error.code, (Issue("error", code, text),), headers))


def _names_operation(path: str) -> bool:
    """Whether it is an operation's address, as in Patient/$validate: those are posted to, ids are not.

    Source: https://hl7.org/fhir/R4/operations.html
    """
    return is_fhir(path) and path.rpartition("/")[2].startswith("$")


def _on_surprise(error: Exception) -> Response:
    log_failure(error)
    return answer(surprise())
