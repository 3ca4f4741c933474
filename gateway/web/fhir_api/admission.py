"""Which addresses of types and ids there are at all: decided before a body is read or data is looked at.

https://hl7.org/fhir/R4/http.html#general
"""

from __future__ import annotations

import re
from typing import Final

from gateway.errors import MethodNotAllowed, NotFound, NotServed
from gateway.fhir.resource_types import R4_TYPES
from gateway.web import the_gateway

_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def refuse_unserved(type: str, *, alone: bool = False) -> None:
    """Nothing, when the type has an address here. Raises NotServed.

    alone  nothing follows the type in the address: then `metadata` has one, for reading; MethodNotAllowed
    """
    served = the_gateway().served
    if type in served:
        return
    if alone and type == "metadata":
        raise MethodNotAllowed("What the server can do is only read: GET metadata.")
    # Only a name of R4 is repeated: any other text in an address could be anything, a patient's name too.
    known = (
        f"{type} is not served here"
        if type in R4_TYPES
        else "What the address names is no resource type of R4"
    )
    raise NotServed(f"{known}; served are: {', '.join(sorted(served))}.")


def refuse_unusable(type: str, id: str) -> None:
    """Nothing, when the text can be the id of something. Raises NotServed for an operation, NotFound."""
    if id.startswith("$"):
        raise NotServed(f"No operation of {type} is served here.")
    if id == "_history":
        raise NotServed(f"A history is read: GET {type}/_history, or {type}/<id>/_history.")
    if id == "_search":
        raise NotServed(f"Search with GET {type}?<parameters>, or with POST {type}/_search and a form.")
    if not _ID.fullmatch(id):
        raise NotFound(f"Nothing of type {type} has such an id.")
