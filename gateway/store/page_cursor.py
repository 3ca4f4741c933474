"""The cursor of a search: an encrypted token that says where a walk stands, for one actor and one query.

It grants nothing: whoever uses it is judged again on every page. It is encrypted, since a place in an order
can be a name, and bound, so that an edited token, or one of another client or another search, is refused
rather than answered with pages that fit nothing. The key lives in the database: all processes share it.
"""

from __future__ import annotations

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import text

from gateway.errors import BadRequest
from gateway.store.database import Transaction
from gateway.store.matching import Began
from gateway.store.query import Query
from gateway.store.sort_values import Comparable, SortValue

_NONCE = 12
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_KEY = text("SELECT key FROM page_key LIMIT 1")

Place: TypeAlias = datetime | tuple[SortValue, ...]


@dataclass(frozen=True, slots=True)
class LastSeen:
    """The last row of a page.

    place  its place in the order: a moment where an index holds the order, else its values
    began  when the first page was asked for; the order is as of then
    """

    pk: int
    place: Place
    began: Began


def sealed(tx: Transaction, query: Query, last: LastSeen) -> str:
    """The token for the page after `last`; it carries what the query `said`."""
    held = [last.pk, _written(last.place), _digest(query), query.said]
    held += [_micros(last.began.now), last.began.snapshot]
    nonce = os.urandom(_NONCE)
    token = nonce + _cipher(tx).encrypt(nonce, json.dumps(held).encode(), _bound(tx))
    return urlsafe_b64encode(token).decode().rstrip("=")


def opened(tx: Transaction, query: Query) -> LastSeen | None:
    """Where the query's cursor stands; None without one. Raises BadRequest for a token that is not theirs."""
    if query.cursor is None:
        return None
    pk, place, digest, _, now, snapshot = _decrypted(tx, query.cursor)
    if digest != _digest(query):
        raise _not_ours()
    return LastSeen(pk, _read(query, place), Began(_moment(now), snapshot))


def carried(tx: Transaction, token: str) -> str:
    """What the query of a token `said`. Raises BadRequest for a token that is not the actor's."""
    return str(_decrypted(tx, token)[3])


def _decrypted(tx: Transaction, text: str) -> list[Any]:
    try:
        token = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        held = json.loads(_cipher(tx).decrypt(token[:_NONCE], token[_NONCE:], _bound(tx)))
    except (NotBase64, UnicodeEncodeError, InvalidTag, ValueError):
        raise _not_ours() from None
    assert isinstance(held, list), "only we can have written it"
    return held


def _not_ours() -> BadRequest:
    return BadRequest(
        "this page token belongs to another client or another search; start the search again",
        expression="_cursor",
    )


def _cipher(tx: Transaction) -> AESGCM:
    return AESGCM(bytes(tx.connection.execute(_KEY).scalar_one()))


def _bound(tx: Transaction) -> bytes:
    return json.dumps([tx.actor.kind, tx.actor.name, tx.actor.source]).encode()


def _digest(query: Query) -> str:
    asked = [query.types, query.criteria, query.source, query.within, [str(key) for key in query.sort]]
    includes = [repr(include) for include in query.includes]
    return blake2b(json.dumps([*asked, includes]).encode(), digest_size=16).hexdigest()


def _written(place: Place) -> Any:
    if isinstance(place, datetime):
        return _micros(place)
    return [[type(each.value).__name__, str(each.value)] for each in place]


def _read(query: Query, place: Any) -> Place:
    if isinstance(place, int):
        return _moment(place)
    return tuple(
        SortValue(_comparable(kind, text), key.descending)
        for (kind, text), key in zip(place, query.sort, strict=True)
    )


def _comparable(kind: str, text: str) -> Comparable | None:
    match kind:
        case "Decimal":
            return Decimal(text)
        case "str":
            return text
        case _:
            return None


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(micros: int) -> datetime:
    return _EPOCH + micros * _MICROSECOND
