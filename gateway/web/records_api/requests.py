"""What a request to the records API says: its body, its conditions, its key for repeats, its questions."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from flask import Request
from werkzeug.http import parse_options_header

from gateway.acts.once import Once
from gateway.acts.read_record import Wanted
from gateway.care.referral import State
from gateway.errors import BadRequest, PreconditionRequired, UnknownParameter, Unreadable, UnsupportedMedia
from gateway.fhir.json_codec import read_untrusted
from gateway.web.request_shape import whole_body

MOST: Final = 100
USUAL: Final = 50
_JSON: Final = frozenset({"application/json"})
_PATCH: Final = frozenset({"application/merge-patch+json", "application/json"})
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
_ETAGS: Final = re.compile(r'\*|(?:W/)?"[\x21\x23-\x7e]*"(?:\s*,\s*(?:W/)?"[\x21\x23-\x7e]*")*', re.ASCII)
_COUNT: Final = re.compile(r"[0-9]{1,4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Listing:
    """Which page of which records is asked for."""

    wanted: Wanted
    count: int
    cursor: str | None


def body_of(request: Request, *, patch: bool = False) -> dict[str, Any]:
    """The JSON object in the body. Raises UnsupportedMedia, TooLarge, Unreadable with line and column."""
    media, _ = parse_options_header(request.headers.get("Content-Type", ""))
    read = _PATCH if patch else _JSON
    if media not in read:
        raise UnsupportedMedia(f"Send the body as {' or '.join(sorted(read))}; no other format is read.")
    return _object(whole_body(request))


def body_if_any(request: Request) -> dict[str, Any]:
    """The same where a body may be left out: then an empty object."""
    return body_of(request) if whole_body(request) else {}


def if_match(request: Request) -> str | None:
    """The ETags in If-Match, or None without the header. Raises BadRequest when it cannot be read."""
    said = request.headers.get("If-Match")
    if said is None:
        return None
    if _ETAGS.fullmatch(said.strip()) is None:
        raise BadRequest("If-Match must be the ETag of the record as a read gave it, in quotes.")
    return said.strip()


def required_if_match(request: Request) -> str:
    """The ETags in If-Match. Raises PreconditionRequired without them."""
    said = if_match(request)
    if said is None:
        raise PreconditionRequired(
            "Send If-Match with the ETag of the record as it was read, so that nobody's change is lost."
        )
    return said


def once_of(request: Request) -> Once | None:
    """The client's Idempotency-Key with a hash of the request; None without the header."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if _KEY.fullmatch(key) is None:
        raise BadRequest("Idempotency-Key must be 1 to 255 visible ASCII characters without spaces.")
    said = b"\n".join([request.method.encode(), request.path.encode(), whole_body(request)])
    return Once(key, sha256(said).digest())


def listing_of(request: Request, filters: frozenset[str]) -> Listing:
    """The page that the query asks for. Raises UnknownParameter, BadRequest for an unreadable value."""
    known = filters | {"count", "cursor"}
    for name in request.args:
        if name not in known:
            # What was sent is not repeated: whatever stands where a name should might be a person's.
            near = difflib.get_close_matches(name[:64], known, n=1)
            meant = f"did you mean {near[0]!r}? Known" if near else "known"
            raise UnknownParameter(f"A parameter is not known here; {meant} are: {', '.join(sorted(known))}.")
    asked = {name: request.args[name] for name in filters & request.args.keys()}
    if "state" in asked and asked["state"] not in set(State):
        raise BadRequest(f"state must be one of: {', '.join(State)}.")
    return Listing(Wanted(**asked), _count(request.args), request.args.get("cursor"))


def _count(arguments: Mapping[str, str]) -> int:
    said = arguments.get("count", str(USUAL))
    if _COUNT.fullmatch(said) is None or not 1 <= int(said) <= MOST:
        raise BadRequest(f"count must be a whole number from 1 to {MOST}.")
    return int(said)


def _object(body: bytes) -> dict[str, Any]:
    value = read_untrusted(body)
    if not isinstance(value, dict):
        raise Unreadable("The body must be one JSON object.")
    return value
