"""FHIR instance history: GET [base]/[type]/[id]/_history.

https://hl7.org/fhir/R4/http.html#history — newest first, deletions included; `_count` versions a page, and
a `next` link to the older ones. Each version is shown only if the client may see that version.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from flask import Response, g, request

from gateway.access.actors import Actor
from gateway.access.policy import Interaction
from gateway.acts import read_resource
from gateway.acts.gateway import Gateway
from gateway.conformance.subsets import read_subset_of_one
from gateway.web import the_gateway
from gateway.web.fhir_api import history_answer, replies
from gateway.web.fhir_api.routes import Route

_BEFORE: Final = "_before"


def history(resource_type: str, logical_id: str) -> Response:
    """A page of the versions of one resource."""
    return page(the_gateway(), g.actor, resource_type, logical_id, dict(request.args))


def page(
    gateway: Gateway, actor: Actor, resource_type: str, logical_id: str, asked: dict[str, str]
) -> Response:
    """The page of those versions that the parameters ask for, as `actor` sees them."""
    count, subset = history_answer.count(asked), read_subset_of_one(asked)
    found = read_resource.history(
        gateway,
        actor,
        resource_type,
        logical_id,
        count=count + 1,
        before=history_answer.number(asked, _BEFORE),
        times=history_answer.times(asked),
    )
    shown = found[:count]
    said = {name: asked[name] for name in history_answer.KEPT if name in asked}
    following = urlencode({**said, _BEFORE: shown[-1].version}) if len(found) > count else None
    address = f"{replies.base_url()}/{resource_type}/{logical_id}/_history"
    return history_answer.bundle(address, urlencode(said), following, shown, subset)


ROUTES = (Route("GET", "/<resource_type>/<logical_id>/_history", Interaction.HISTORY, history),)
