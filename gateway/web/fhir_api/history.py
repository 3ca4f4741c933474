"""FHIR instance history: GET [base]/[type]/[id]/_history.

https://hl7.org/fhir/R4/http.html#history — newest first, deletions included; `_count` versions a page, and
a `next` link to the older ones. Each version is shown only if the client may see that version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, g, request

from gateway.access.policy import Interaction
from gateway.acts import read_resource
from gateway.errors import BadRequest, UnknownParameter
from gateway.fhir import json_codec
from gateway.store.versions import Version
from gateway.web import the_gateway
from gateway.web.fhir_api import replies
from gateway.web.fhir_api.routes import Route
from gateway.web.fhir_api.search_parameters import DEFAULT_COUNT, MAX_COUNT

_BEFORE: Final = "_before"
_SERVED: Final = frozenset({"_count", _BEFORE, "_format"})
_STATUS: Final = {"POST": "201 Created", "PUT": "200 OK", "DELETE": "204 No Content"}


def history(resource_type: str, logical_id: str) -> Response:
    """A page of the versions of one resource."""
    if not _SERVED.issuperset(request.args):
        raise UnknownParameter("A history is served with the parameters _count and _format only.")
    count = min(_number("_count") or DEFAULT_COUNT, MAX_COUNT)
    found = read_resource.history(
        the_gateway(), g.actor, resource_type, logical_id, count=count + 1, before=_number(_BEFORE)
    )
    shown = found[:count]
    address = f"{replies.base_url()}/{resource_type}/{logical_id}/_history"
    links = [{"relation": "self", "url": f"{address}?{urlencode({'_count': count})}"}]
    if len(found) > count:
        older = urlencode({"_count": count, _BEFORE: shown[-1].version})
        links.append({"relation": "next", "url": f"{address}?{older}"})
    head: dict[str, Any] = {"resourceType": "Bundle", "type": "history", "link": links}
    return replies.bundle(head, _entries(shown))


def _entries(versions: tuple[Version, ...]) -> Iterator[bytes]:
    for version in versions:
        url = version.type if version.method == "POST" else version.reference
        rest = {
            "request": {"method": version.method, "url": url},
            "response": {
                "status": _STATUS[version.method],
                "etag": version.etag,
                "lastModified": version.last_updated,
            },
        }
        resource = b"" if version.deleted else b',"resource":' + version.body
        yield b'{"fullUrl":%b%b,%b' % (
            replies.quoted(replies.full_url(version)),
            resource,
            json_codec.write(rest)[1:],
        )


def _number(name: str) -> int | None:
    said = request.args.get(name)
    if said is None:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,8}", said, re.ASCII):
        raise BadRequest(f"{name} must be a whole number, 1 or more.", expression=name)
    return int(said)


ROUTES = (Route("GET", "/<resource_type>/<logical_id>/_history", Interaction.HISTORY, history),)
