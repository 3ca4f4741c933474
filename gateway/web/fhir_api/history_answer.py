"""How every history is asked for and answered: a history Bundle, newest first, with links from page to page.

https://hl7.org/fhir/R4/http.html#history — `_since` takes versions made then or later, `_at` those that were
current at some moment of it, `_count` as many as a page holds. A `next` link of a type's history holds one
encrypted token, good for this client and this history only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from flask import Response, g, request

from gateway.access.actors import Actor
from gateway.acts import read_resource
from gateway.acts.gateway import Gateway
from gateway.conformance.searching.date_search import DateWanted, Prefix, read_date
from gateway.conformance.subsets import Subset, read_subset_of_one
from gateway.errors import BadRequest
from gateway.fhir import json_codec
from gateway.store.histories import Times
from gateway.store.versions import Version
from gateway.web import the_gateway
from gateway.web.fhir_api import replies
from gateway.web.fhir_api.search_parameters import CURSOR, DEFAULT_COUNT, MAX_COUNT

KEPT: Final[tuple[str, ...]] = ("_count", "_since", "_at", "_summary", "_elements")
"""The parameters that the answer follows, for its links."""

_BESIDE_A_CURSOR: Final = frozenset({CURSOR, "_format", "_pretty"})
_STATUS: Final = {"POST": "201 Created", "PUT": "200 OK", "DELETE": "204 No Content"}


def answer(types: Sequence[str], path: str) -> Response:
    """A page of the history of these types, whose address is `path` below the base."""
    return page(the_gateway(), g.actor, types, path, dict(request.args))


def page(gateway: Gateway, actor: Actor, types: Sequence[str], path: str, asked: dict[str, str]) -> Response:
    """The page of that history that the parameters ask for, as `actor` sees it."""
    cursor = asked.get(CURSOR)
    if cursor is not None:
        if not _BESIDE_A_CURSOR.issuperset(asked):
            raise BadRequest("A page is asked for by its link alone, as it was given.", expression=CURSOR)
        said = read_resource.said_in_history(gateway, actor, cursor)
        asked = dict(parse_qsl(said, keep_blank_values=True))
    said = urlencode({name: asked[name] for name in KEPT if name in asked})
    shown = read_subset_of_one(asked)
    found = read_resource.history_of(
        gateway, actor, types, times(asked), count=count(asked), said=said, cursor=cursor
    )
    address = f"{replies.base_url()}/{path}"
    following = urlencode({CURSOR: found.next_cursor}) if found.next_cursor else None
    return bundle(address, said, following, found.versions, shown)


def bundle(
    address: str, said: str, following: str | None, versions: Iterable[Version], shown: Subset
) -> Response:
    """The history Bundle of these versions; `following` is what the link to the next page asks for."""
    links = [{"relation": "self", "url": f"{address}?{said}" if said else address}]
    if following is not None:
        links.append({"relation": "next", "url": f"{address}?{following}"})
    head: dict[str, Any] = {"resourceType": "Bundle", "type": "history", "link": links}
    return replies.bundle(head, _entries(versions, shown))


def times(asked: dict[str, str]) -> Times:
    """What `_since` and `_at` ask for. Raises BadRequest for what is no date or time."""
    since, at = (_date(asked, name) for name in ("_since", "_at"))
    return Times(since.since if since else None, (at.since, at.until) if at else None)


def count(asked: dict[str, str]) -> int:
    """How many versions a page has."""
    return min(number(asked, "_count") or DEFAULT_COUNT, MAX_COUNT)


def number(asked: dict[str, str], name: str) -> int | None:
    """The number that a parameter says. Raises BadRequest when it is none."""
    said = asked.get(name)
    if said is None:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,8}", said, re.ASCII):
        raise BadRequest(f"{name} must be a whole number, 1 or more.", expression=name)
    return int(said)


def _date(asked: dict[str, str], name: str) -> DateWanted | None:
    if name not in asked:
        return None
    wanted = read_date(name, asked[name])
    if wanted.prefix is not Prefix.EQ or asked[name][:1].isalpha():
        raise BadRequest(f"{name} takes a date or a time without a prefix.", expression=name)
    return wanted


def _entries(versions: Iterable[Version], shown: Subset) -> Iterator[bytes]:
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
        resource = b"" if version.deleted else b',"resource":' + shown.of(replies.body_of(version))
        yield b'{"fullUrl":%b%b,%b' % (
            replies.quoted(replies.full_url(version)),
            resource,
            json_codec.write(rest)[1:],
        )
