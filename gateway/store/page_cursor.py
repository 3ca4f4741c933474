"""The cursor of a search: a token (page_tokens.py) that says where a walk through what was found stands.

One of another search is refused, rather than answered with pages that fit nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any, TypeAlias

from gateway.store.database import Transaction
from gateway.store.matching import Began
from gateway.store.page_tokens import refuse_token, seal, unseal
from gateway.store.query import Query
from gateway.store.sort_values import Comparable, SortValue
from gateway.store.versions import micros, moment

_KIND = "search"

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
    held += [micros(last.began.now), last.began.snapshot]
    return seal(tx, _KIND, held)


def opened(tx: Transaction, query: Query) -> LastSeen | None:
    """Where the query's cursor stands; None without one. Raises BadRequest for a token that is not theirs."""
    if query.cursor is None:
        return None
    pk, place, digest, _, now, snapshot = unseal(tx, _KIND, query.cursor)
    if digest != _digest(query):
        raise refuse_token(tx)
    return LastSeen(pk, _read(query, place), Began(moment(now), snapshot))


def carried(tx: Transaction, token: str) -> str:
    """What the query of a token `said`. Raises BadRequest for a token that is not the actor's."""
    return str(unseal(tx, _KIND, token)[3])


def _digest(query: Query) -> str:
    asked = [query.types, query.criteria, query.source, query.within, [str(key) for key in query.sort]]
    includes = [repr(include) for include in query.includes]
    return blake2b(json.dumps([*asked, includes]).encode(), digest_size=16).hexdigest()


def _written(place: Place) -> Any:
    if isinstance(place, datetime):
        return micros(place)
    return [[type(each.value).__name__, str(each.value)] for each in place]


def _read(query: Query, place: Any) -> Place:
    if isinstance(place, int):
        return moment(place)
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
