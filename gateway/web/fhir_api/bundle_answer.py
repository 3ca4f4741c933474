"""The entries of a batch-response or transaction-response: how each request went, as HTTP would have said it.

https://hl7.org/fhir/R4/http.html#transaction-response
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from flask import Response, request

from gateway.acts.bundle_steps import Answered, Phase
from gateway.fhir import json_codec
from gateway.web.fhir_api import replies
from gateway.web.fhir_api.negotiation import Return, preferences
from gateway.web.outcomes import Told


def response_bundle(kind: str, entries: Iterable[bytes]) -> Response:
    """The answer to a whole Bundle, which is 200 when it was carried out at all."""
    return replies.bundle({"resourceType": "Bundle", "type": f"{kind}-response"}, entries)


def answered(given: Answered, phase: Phase) -> bytes:
    """The entry of a request that was answered; of what it wrote as much as the client wants."""
    version, wanted = given.version, preferences(request).wanted
    response: dict[str, Any] = {"status": _status(given.status)}
    body = given.body
    if version is not None:
        response |= {"etag": version.etag, "lastModified": version.last_updated}
        if phase is not Phase.READ and not version.deleted:
            url = replies.full_url(version)
            response = {
                "status": response["status"],
                "location": f"{url}/_history/{version.version}",
            } | response
            body = replies.body_of(version) if wanted is Return.REPRESENTATION else b""
            if wanted is Return.OPERATION_OUTCOME:
                response["outcome"] = replies.kept(version)
    full_url = b"" if version is None else b'"fullUrl":%b,' % replies.quoted(replies.full_url(version))
    resource = b'"resource":%b,' % body if body else b""
    return b'{%b%b"response":%b}' % (full_url, resource, json_codec.write(response))


def refused(telling: Told) -> bytes:
    """The entry of a request that was refused, and why."""
    response = {"status": _status(telling.status), "outcome": replies.outcome(*telling.issues)}
    return json_codec.write({"response": response})


def _status(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"
