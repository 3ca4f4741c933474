"""FHIR search interaction: GET [base]/[type]?…, and POST [base]/[type]/_search, with no value in the address.

https://hl7.org/fhir/R4/http.html#search — pages follow one another by `next` links; each is good for this
client and this search only, and shows what the client may see when it asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from flask import Response, g, request

from gateway.access.actors import ActorKind
from gateway.access.policy import Interaction
from gateway.acts import read_resource
from gateway.errors import UnsupportedMedia
from gateway.fhir import json_codec
from gateway.store.search import Page
from gateway.web import the_gateway
from gateway.web.fhir_api import replies
from gateway.web.fhir_api.negotiation import preferences
from gateway.web.fhir_api.routes import Route
from gateway.web.fhir_api.search_parameters import Asked, asked

_FORM: Final = "application/x-www-form-urlencoded"


def search_by_address(resource_type: str) -> Response:
    """A page of what the address asks for."""
    return _search(resource_type, list(request.args.items(multi=True)))


def search_by_form(resource_type: str) -> Response:
    """A page of what address and form together ask for."""
    # All parameters may stand in the address: then there is no body, and nothing to name the format of.
    if request.mimetype != _FORM and (request.mimetype or request.get_data()):
        raise UnsupportedMedia(f"Send the search parameters as {_FORM}.")
    return _search(resource_type, [*request.args.items(multi=True), *request.form.items(multi=True)])


def _search(resource_type: str, pairs: list[tuple[str, str]]) -> Response:
    # An agency is never answered more than it asked for, so what it asks must be served in every part.
    strict = preferences(request).strict or g.actor.kind is ActorKind.AGENCY
    wanted = asked(resource_type, pairs, strict=strict, base_url=replies.base_url())
    head: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset"}
    links = [{"relation": "self", "url": wanted.address(replies.base_url())}]
    if wanted.only_count:
        head["total"] = read_resource.count(the_gateway(), g.actor, wanted.query)
        return replies.bundle({**head, "link": links}, _outcome(wanted))
    page = read_resource.search(the_gateway(), g.actor, wanted.query)
    if page.next_cursor:
        links.append({"relation": "next", "url": wanted.address(replies.base_url(), page.next_cursor)})
    return replies.bundle({**head, "link": links}, [*_matches(page), *_outcome(wanted)])


def _matches(page: Page) -> Iterator[bytes]:
    for version in page.versions:
        yield b'{"fullUrl":%b,"resource":%b,"search":{"mode":"match"}}' % (
            replies.quoted(replies.full_url(version)),
            version.body,
        )


def _outcome(wanted: Asked) -> list[bytes]:
    if not wanted.unknown:
        return []
    return [json_codec.write({"resource": replies.outcome(*wanted.unknown), "search": {"mode": "outcome"}})]


ROUTES = (
    Route("GET", "/<resource_type>", Interaction.SEARCH, search_by_address),
    Route("POST", "/<resource_type>/_search", Interaction.SEARCH, search_by_form),
)
