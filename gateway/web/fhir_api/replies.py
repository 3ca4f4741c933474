"""What the FHIR API answers: stored bytes as they are, with the headers that R4 asks for.

https://hl7.org/fhir/R4/http.html#versioning and https://hl7.org/fhir/R4/http.html#ops
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from flask import Request, Response, g
from werkzeug.http import http_date, parse_date, parse_etags

from gateway.acts.gateway import FHIR_API
from gateway.conformance.subsets import read_subset_of_one
from gateway.errors import Issue
from gateway.fhir import json_codec
from gateway.fhir.json_codec import Resource
from gateway.fhir.outcome import operation_outcome
from gateway.store.versions import Version
from gateway.web import the_gateway
from gateway.web.fhir_api.negotiation import Return
from gateway.web.outcomes import FHIR_JSON

BASE: Final = FHIR_API


def base_url() -> str:
    """Where others reach this API, without a trailing slash."""
    return the_gateway().fhir_base


def full_url(version: Version) -> str:
    """The address of the resource, whatever its version."""
    return f"{base_url()}/{version.reference}"


def body_of(version: Version) -> bytes:
    """The bytes of the resource, for the actor of this request and nobody else. Raises AccessBreach."""
    return version.for_reader(g.actor).body


def held(version: Version, request: Request) -> Response:
    """The stored version, or 304 when the client says that it has it already."""
    response = Response(status=200, content_type=FHIR_JSON)
    since = parse_date(request.headers.get("If-Modified-Since"))
    if is_known(version, request.headers.get("If-None-Match"), since):
        response.status_code = 304
        response.headers.remove("Content-Type")
    else:
        response.data = read_subset_of_one(request.args).of(body_of(version))
    return _versioned(response, version)


def is_known(version: Version, none_match: str | None, since: datetime | None) -> bool:
    """Whether a client has the version, going by the ETags or the moment that it says it has."""
    if none_match is not None:
        return parse_etags(none_match).contains_weak(str(version.version))
    if since is None:
        return False
    # An HTTP date has whole seconds. Whoever names the second of a first version has that one; of a later
    # version nobody can tell whether the one before it was written in the same second: it counts as changed.
    moment = _moment(version)
    return (moment.replace(microsecond=0) if version.version == 1 else moment) <= since


def written(version: Version, status: int, wanted: Return) -> Response:
    """The answer to a write: as much of the resource as the client wants, and where the new version is."""
    response = Response(status=status, content_type=FHIR_JSON)
    match wanted:
        case Return.MINIMAL:
            response.headers.remove("Content-Type")
        case Return.REPRESENTATION:
            response.data = body_of(version)
        case Return.OPERATION_OUTCOME:
            response.data = json_codec.write(kept(version))
    response.headers["Location"] = f"{full_url(version)}/_history/{version.version}"
    return _versioned(response, version)


def kept(version: Version) -> Resource:
    """The OperationOutcome that says what became of a write."""
    text = f"{version.reference} is kept as version {version.version}."
    return outcome(Issue("information", "informational", text))


def value(resource: Resource, status: int = 200) -> Response:
    """A resource that was made for this answer and is stored nowhere."""
    return Response(json_codec.write(resource), status, content_type=FHIR_JSON)


def bundle(head: Resource, entries: Iterable[bytes]) -> Response:
    """A Bundle made of `head` (everything but its entries) and entries that are JSON already, in their order.

    Bodies go out as the bytes that were stored: nothing is parsed and written anew, so no digit can change.
    """
    return Response(joined(head, entries), 200, content_type=FHIR_JSON)


def joined(head: Resource, entries: Iterable[bytes]) -> bytes:
    """The same Bundle as JSON."""
    opening = json_codec.write(head)[:-1]
    inside = b",".join(entries)
    return opening + (b',"entry":[' + inside + b"]}" if inside else b"}")


def quoted(text: str) -> bytes:
    """The text as a JSON string."""
    return json_codec.write(text)


def outcome(*issues: Issue) -> Resource:
    """An OperationOutcome whose every issue names this request."""
    return operation_outcome(
        [
            Issue(
                issue.severity,
                issue.code,
                issue.text,
                issue.expression,
                issue.diagnostics or f"Request {g.request_id}",
            )
            for issue in issues
        ]
    )


def _versioned(response: Response, version: Version) -> Response:
    response.headers["ETag"] = version.etag
    response.headers["Last-Modified"] = http_date(_moment(version))
    return response


def _moment(version: Version) -> datetime:
    return datetime.fromisoformat(version.last_updated)
