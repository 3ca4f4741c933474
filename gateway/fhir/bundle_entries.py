"""What the entries of a batch or a transaction ask for, read strictly: a request each, or the reason why not.

The address of an entry is relative to the base it was posted to, or absolute below that very base. Nothing in
it is repaired: what R4 does not call an address of this server is refused, and nothing sent is repeated.
Source: https://hl7.org/fhir/R4/bundle.html#bundle-request and https://hl7.org/fhir/R4/http.html#transaction
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from gateway.errors import BadRequest, TooLarge
from gateway.fhir.json_codec import Resource

MAX_ENTRIES: Final = 500

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_NEVER: Final = re.compile(r"[\x00-\x20\x7f<>\"\\^`{}#]")  # no sign of an address, or a fragment
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNFIT: Final = re.compile(r"[\x00-\x1f\x7f/\\]")


class BundleKind(StrEnum):
    """The two kinds of Bundle that ask for something to be done."""

    BATCH = "batch"
    TRANSACTION = "transaction"


class Method(StrEnum):
    """Source: https://hl7.org/fhir/R4/valueset-http-verb.html"""

    GET = "GET"
    HEAD = "HEAD"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True)
class Address:
    """What an entry is about, below the base: `Patient/9` is ("Patient", "9").

    query   what stands after the question mark, as it was written; None without one
    pairs   the same as parameters, decoded
    """

    segments: tuple[str, ...]
    query: str | None = None
    pairs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class EntryRequest:
    """One entry as the request that it stands for; what it does not say is None. `position` counts from 0.

    conditions   ifMatch, ifNoneMatch, ifModifiedSince and ifNoneExist, those that were given
    """

    position: int
    method: Method
    address: Address
    conditions: Mapping[str, str]
    full_url: str | None = None
    resource: Resource | None = None

    @property
    def path(self) -> str:
        """Where it stands: `Bundle.entry[3]`."""
        return path_of(self.position)


CONDITIONS: Final = ("ifMatch", "ifNoneMatch", "ifModifiedSince", "ifNoneExist")


def path_of(position: int) -> str:
    """The FHIRPath of an entry."""
    return f"Bundle.entry[{position}]"


def kind_of(bundle: Resource) -> BundleKind:
    """Whether it is a batch or a transaction. Raises BadRequest for every other type of Bundle."""
    try:
        return BundleKind(str(bundle.get("type")))
    except ValueError:
        raise BadRequest(
            "Only a Bundle of type batch or transaction can be posted to the base; any other is a resource:"
            " POST Bundle.",
            expression="Bundle.type",
        ) from None


def listed_entries(bundle: Resource) -> list[Any]:
    """What stands in `entry`, unread. Raises BadRequest when it is no list, TooLarge for too many."""
    held = bundle.get("entry", [])
    if not isinstance(held, list):
        raise BadRequest("This must be a list.", expression="Bundle.entry")
    if len(held) > MAX_ENTRIES:
        raise TooLarge(
            f"The Bundle has {len(held)} entries; at most {MAX_ENTRIES} are carried out at once: divide it.",
            expression="Bundle.entry",
        )
    return held


def entry_request(position: int, entry: Any, base: str) -> EntryRequest:
    """The request that an entry stands for, `base` being our own address without a slash at its end.

    Raises BadRequest that names the element at fault.
    """
    path = path_of(position)
    asked = _part(entry, path)
    said = asked.get("request")
    if said is None:
        raise BadRequest("An entry of a batch or a transaction says what it asks for.", expression=path)
    for name in ("search", "response"):
        if name in asked:
            raise BadRequest("An entry that asks for something holds no answer.", expression=f"{path}.{name}")
    request, within = _part(said, f"{path}.request"), f"{path}.request"
    resource = asked.get("resource")
    if resource is not None and not (
        isinstance(resource, dict) and isinstance(resource.get("resourceType"), str)
    ):
        raise BadRequest("This must be a resource.", expression=f"{path}.resource")
    full_url = _text(asked, "fullUrl", path)
    if full_url is not None and "/_history/" in full_url:
        raise BadRequest("A fullUrl names no version.", expression=f"{path}.fullUrl")
    conditions = {name: text for name in CONDITIONS if (text := _text(request, name, within)) is not None}
    return EntryRequest(
        position,
        _method(_text(request, "method", within), f"{within}.method"),
        address_of(_text(request, "url", within), base, f"{within}.url"),
        conditions,
        full_url=full_url,
        resource=resource,
    )


def address_of(url: str | None, base: str, expression: str) -> Address:
    """What `url` means below `base`. Raises BadRequest when it is no address there."""
    if url is None:
        raise BadRequest("This element is required and missing.", expression=expression)
    below = _below(url, base)
    path, asks, query = below.partition("?")
    segments = tuple(_segment(text) for text in path.split("/")) if path else ()
    if _NEVER.search(below) or _BAD_ESCAPE.search(below) or None in segments:
        raise BadRequest(
            "This must be an address below the base of this server, percent-encoded and without a fragment,"
            " such as Patient/<id> or Patient?identifier=system|value.",
            expression=expression,
        )
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict")
    except ValueError:
        raise BadRequest("The parameters of this address are not UTF-8.", expression=expression) from None
    return Address(tuple(text or "" for text in segments), query if asks else None, tuple(pairs))


def _below(url: str, base: str) -> str:
    """The part of `url` below the base; a fragment alone, which is none, for what stands elsewhere."""
    if url == base:
        return ""
    if url.startswith((f"{base}/", f"{base}?")):
        return url.removeprefix(base).removeprefix("/")
    relative = url.removeprefix("/")  # many clients write it so, and mean the base
    return "#" if relative.startswith("/") or _SCHEME.match(relative) else relative


def _segment(text: str) -> str | None:
    try:
        segment = unquote(text, errors="strict")
    except UnicodeDecodeError:
        return None
    return None if segment in ("", ".", "..") or _UNFIT.search(segment) else segment


def _method(text: str | None, expression: str) -> Method:
    try:
        return Method(str(text))
    except ValueError:
        raise BadRequest(f"This must be one of {', '.join(Method)}.", expression=expression) from None


def _part(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadRequest("This must be an object.", expression=path)
    return value


def _text(part: Mapping[str, Any], name: str, path: str) -> str | None:
    text = part.get(name)
    if not isinstance(text, str | None):
        raise BadRequest("This must be a string.", expression=f"{path}.{name}")
    return text
