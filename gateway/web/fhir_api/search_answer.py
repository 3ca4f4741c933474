"""How every search is answered: a searchset Bundle of stored bytes, with links from page to page.

https://hl7.org/fhir/R4/http.html#search and https://hl7.org/fhir/R4/bundle.html#searchset — a `next` link
holds one encrypted token, good for this client and this search only, and no value that was searched for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from flask import Response, g, request

from gateway.access.actors import Actor, ActorKind
from gateway.acts import read_resource
from gateway.acts.gateway import Gateway
from gateway.conformance.subsets import Subset
from gateway.errors import BadRequest, TooLarge, UnsupportedMedia
from gateway.fhir import json_codec
from gateway.store.versions import Version
from gateway.web import the_gateway
from gateway.web.fhir_api import replies
from gateway.web.fhir_api.negotiation import preferences, refuse_format
from gateway.web.fhir_api.search_parameters import COUNT, CURSOR, Asked, Total, asked
from gateway.web.headers import MAX_FORM_BYTES
from gateway.web.outcomes import FHIR_JSON
from gateway.web.request_shape import measured, whole_body
from gateway.web.spelled_pairs import Pairs, read_pairs

_FORM: Final = "application/x-www-form-urlencoded"
_BESIDE_A_CURSOR: Final = frozenset({CURSOR, COUNT, "_format", "_pretty"})


@dataclass(frozen=True, slots=True)
class Given:
    """The parameters of a search, and the cursor of the page of it that is asked for."""

    pairs: tuple[tuple[str, str], ...]
    cursor: str | None = None


def given() -> Given:
    """The search parameters of the request: of its address, and of its form when it was posted.

    A cursor carries the parameters of its search. Raises UnsupportedMedia for a body that is no form.
    """
    pairs = list(request.args.items(multi=True))
    if request.method == "POST":
        # All parameters may stand in the address: then there is no body, and nothing to name the format of.
        posted = _posted()
        for format in (value for name, value in posted if name == "_format"):
            refuse_format(format)
        pairs += posted
    return continued(the_gateway(), g.actor, pairs)


def _posted() -> Pairs:
    body = whole_body(request)
    if not request.mimetype and not body:
        return ()
    if request.mimetype != _FORM or request.mimetype_params.get("charset", "utf-8").lower() != "utf-8":
        raise UnsupportedMedia(f"Send the search parameters as {_FORM}, in UTF-8.")
    if len(body) > MAX_FORM_BYTES:
        raise TooLarge(f"A search form has at most {MAX_FORM_BYTES} bytes.")
    return read_pairs(measured(request, body))


def answer(
    types: Sequence[str],
    said: Given,
    *,
    path: str | None = None,
    within: str | None = None,
) -> Response:
    """The Bundle that answers a search over these types, or one page of it."""
    strict = preferences(request).strict
    found = searchset(the_gateway(), g.actor, types, said, strict=strict, path=path, within=within)
    return Response(found, 200, content_type=FHIR_JSON)


def searchset(
    gateway: Gateway,
    actor: Actor,
    types: Sequence[str],
    said: Given,
    *,
    strict: bool,
    path: str | None = None,
    within: str | None = None,
) -> bytes:
    """The Bundle of what `actor` finds, as JSON.

    strict   a parameter that is not served is refused, not left out; for an agency always
    """
    wanted = asked(
        types,
        said.pairs,
        # An agency is never answered more than it asked for, so what it asks must be served in every part.
        strict=strict or actor.kind is ActorKind.AGENCY,
        base_url=replies.base_url(),
        path=path,
        within=within,
        cursor=said.cursor,
    )
    head: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset"}
    links = [{"relation": "self", "url": wanted.address(replies.base_url())}]
    if wanted.only_count:
        head["total"] = read_resource.count(gateway, actor, wanted.query)
        return replies.joined({**head, "link": links}, _outcome(wanted))
    counted = wanted.total in (Total.ACCURATE, Total.ESTIMATE)
    found = read_resource.search(gateway, actor, wanted.query, total=counted)
    if found.total is not None:
        head["total"] = found.total
    elif found.page.next_cursor is None and said.cursor is None and wanted.total is not Total.NONE:
        head["total"] = len(found.page.versions)
    if found.page.next_cursor:
        links.append(
            {"relation": "next", "url": wanted.following(replies.base_url(), found.page.next_cursor)}
        )
    page, subset = found.page, wanted.subset
    entries = [*_entries(page.versions, subset, b"match"), *_entries(page.included, subset, b"include")]
    return replies.joined({**head, "link": links}, [*entries, *_outcome(wanted)])


def continued(gateway: Gateway, actor: Actor, pairs: Sequence[tuple[str, str]]) -> Given:
    """The search of these parameters; a cursor among them stands for those of its own search.

    Only how many a page has may be said anew. Raises BadRequest for a cursor that is not the actor's, or with
    anything else beside it.
    """
    cursors = [value for name, value in pairs if name == CURSOR]
    if not cursors:
        return Given(tuple(pairs))
    if len(cursors) > 1 or not _BESIDE_A_CURSOR.issuperset(name for name, _ in pairs):
        raise BadRequest("A page is asked for by its link alone, as it was given.", expression=CURSOR)
    said = read_resource.said_in(gateway, actor, cursors[0])
    counts = [pair for pair in pairs if pair[0] == COUNT]
    carried = [pair for pair in parse_qsl(said, keep_blank_values=True) if not (counts and pair[0] == COUNT)]
    return Given((*carried, *counts), cursors[0])


def _entries(versions: Iterable[Version], subset: Subset, mode: bytes) -> Iterator[bytes]:
    for version in versions:
        yield b'{"fullUrl":%b,"resource":%b,"search":{"mode":"%b"}}' % (
            replies.quoted(replies.full_url(version)),
            subset.of(replies.body_of(version)),
            mode,
        )


def _outcome(wanted: Asked) -> list[bytes]:
    if not wanted.unknown:
        return []
    return [json_codec.write({"resource": replies.outcome(*wanted.unknown), "search": {"mode": "outcome"}})]
