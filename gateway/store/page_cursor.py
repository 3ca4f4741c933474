"""The cursor of a search: an opaque token that holds the last key seen and is good for one actor and one
query.

It grants nothing: whoever uses it is judged again on every page. It is bound so that an edited token, or one
from another client or another search, is refused rather than answered with pages that fit nothing.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from hmac import compare_digest

from gateway.access.actors import Actor
from gateway.errors import BadRequest
from gateway.store.criteria import Query

_SUM = 16
_LAST_PK = 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class LastSeen:
    """The key of the last row of a page."""

    pk: int
    last_updated: datetime


def sealed(actor: Actor, query: Query, last: LastSeen) -> str:
    """The token for the page after `last`."""
    held = f"{last.pk}.{(last.last_updated - _EPOCH) // _MICROSECOND}".encode()
    return urlsafe_b64encode(_sum(actor, query, held) + held).decode().rstrip("=")


def opened(actor: Actor, query: Query) -> LastSeen | None:
    """Where the query's cursor stands; None without one. Raises BadRequest for a token that is not theirs."""
    if query.cursor is None:
        return None
    try:
        token = urlsafe_b64decode(query.cursor.encode("ascii") + b"=" * (-len(query.cursor) % 4))
    except (NotBase64, UnicodeEncodeError) as error:
        raise _not_ours() from error
    held = token[_SUM:]
    if not compare_digest(token[:_SUM], _sum(actor, query, held)):
        raise _not_ours()
    try:  # the sum is no secret: whoever has read this file can make one over anything
        pk, _, moment = held.decode().partition(".")
        last = LastSeen(int(pk), _EPOCH + int(moment) * _MICROSECOND)
    except (ValueError, OverflowError) as error:
        raise _not_ours() from error
    if not 0 < last.pk <= _LAST_PK:
        raise _not_ours()
    return last


def _sum(actor: Actor, query: Query, held: bytes) -> bytes:
    about = [actor.kind, actor.name, actor.source, query.type, query.criteria, query.sort, query.source]
    return blake2b(held, key=blake2b(json.dumps(about).encode()).digest(), digest_size=_SUM).digest()


def _not_ours() -> BadRequest:
    return BadRequest("this page token belongs to another client or another search; start the search again")
