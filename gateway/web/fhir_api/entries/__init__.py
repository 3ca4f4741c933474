"""What the entries of a batch or a transaction can ask for: one file per group of kinds.

https://hl7.org/fhir/R4/http.html#transaction
"""

from __future__ import annotations

from typing import Final

from gateway.errors import BadRequest
from gateway.web.fhir_api.entries import capabilities, histories, patching, reading, searching, writing
from gateway.web.fhir_api.entries.kind import Asking, EntryKind, Understood

__all__ = ["KINDS", "Asking", "EntryKind", "Understood", "understood"]

KINDS: Final[tuple[EntryKind, ...]] = (
    *writing.KINDS,
    *patching.KINDS,
    *reading.KINDS,
    *searching.KINDS,
    *histories.KINDS,
    *capabilities.KINDS,
)


def understood(asking: Asking) -> Understood:
    """What the entry asks for. Raises BadRequest when that is nothing that is carried out in a Bundle."""
    request = asking.request
    for kind in sorted(KINDS, key=lambda it: -it.literals):
        arguments = kind.arguments(request.method, request.address)
        if arguments is not None:
            return Understood(kind, asking, arguments)
    raise BadRequest(
        f"Nothing that a Bundle can ask for has this address with {request.method}.",
        expression=f"{request.path}.request.url",
    )
