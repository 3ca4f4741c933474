"""`_pretty`: the same JSON, laid out for a person to read. No name, value, digit or order changes.

https://hl7.org/fhir/R4/http.html#pretty
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from flask import Request, Response, request

from gateway.errors import BadRequest
from gateway.fhir.json_codec import laid_out
from gateway.web.outcomes import FHIR_JSON

_PRETTY: Final = "_pretty"


def refuse_unreadable(request: Request) -> None:
    """Nothing, when `_pretty` says yes, no or nothing. Raises BadRequest."""
    if request.args.get(_PRETTY) not in (None, "true", "false"):
        raise BadRequest("_pretty must be true or false.", expression=_PRETTY)


def pretty(response: Response) -> Response:
    """The answer, laid out when the client asked for that."""
    # An address that cannot be read was refused, and its refusal comes through here too.
    asked = (_PRETTY, "true") in parse_qsl(request.query_string.decode("latin-1"))
    if asked and response.content_type == FHIR_JSON and response.data:
        response.data = laid_out(response.data)
    return response
