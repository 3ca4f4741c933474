"""The criteria of a write that names no id, read from its address.

https://hl7.org/fhir/R4/http.html#cond-update — all of them are understood, or the write is refused: what was
left out would let it reach another resource. No criteria never mean "everything".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from flask import Request

from gateway.store.search import Query
from gateway.web.fhir_api import replies
from gateway.web.fhir_api.search_parameters import criteria_of

_ABOUT_THE_ANSWER: Final = frozenset({"_format", "_pretty"})


def criteria(request: Request, type: str) -> Query:
    """What the address asks for. Raises PreconditionFailed for nothing, BadRequest for what is not served."""
    return criteria_among(type, request.args.items(multi=True))


def criteria_among(type: str, pairs: Iterable[tuple[str, str]]) -> Query:
    """What the parameters of an address ask for. Raises as `criteria` does."""
    asked = [pair for pair in pairs if pair[0] not in _ABOUT_THE_ANSWER]
    return criteria_of(type, asked, base_url=replies.base_url())
