"""FHIR vread interaction: GET [base]/[type]/[id]/_history/[vid], and HEAD.

https://hl7.org/fhir/R4/http.html#vread — a version is judged by what it said itself; the one that says
"deleted" answers 410.
"""

from __future__ import annotations

import re
from typing import Final

from flask import Response, g, request

from gateway.access.policy import Interaction
from gateway.acts import read_resource
from gateway.errors import NotFound
from gateway.web import the_gateway
from gateway.web.fhir_api import binary, replies
from gateway.web.fhir_api.routes import Route

_VERSION: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


def vread(resource_type: str, logical_id: str, version_id: str) -> Response:
    """One version, as it was."""
    number = version_number(resource_type, version_id)
    version = read_resource.vread(the_gateway(), g.actor, resource_type, logical_id, number)
    if resource_type == binary.TYPE and binary.is_wanted(request):
        return binary.document(version, request)
    return replies.held(version, request)


def version_number(resource_type: str, version_id: str) -> int:
    """The number that a version id is here. Raises NotFound for any other text: none is called that."""
    if not _VERSION.fullmatch(version_id):
        raise NotFound(f"No {resource_type} has a version of that name.")
    return int(version_id)


ROUTES = (Route("GET", "/<resource_type>/<logical_id>/_history/<version_id>", Interaction.VREAD, vread),)
