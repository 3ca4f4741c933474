"""The type beside a reference says once more what the reference says: who has read the one has read both.

Source: https://hl7.org/fhir/R4/references-definitions.html#Reference.type
"""

from __future__ import annotations

from typing import Any

from gateway.fhir.references import parse_reference
from gateway.mapping.codecs import Codec, RecordReference
from gateway.mapping.elements import Location, locate
from gateway.mapping.paths import Name, Steps
from gateway.mapping.read_context import Reading
from gateway.mapping.rules import Origin

_REFERENCE = Name("reference")
_TYPE = Name("type")


def claim_type(
    codec: Codec | None, node: Any, steps: Steps, at: Location, origin: Origin, reading: Reading
) -> None:
    """Say that the rule of the reference at these steps read the type beside it, if both say the same."""
    if reading.owned is None or not steps or steps[-1] != _REFERENCE:
        return
    beside, there = locate(node, (*steps[:-1], _TYPE), at)
    if isinstance(beside, str) and beside == _told(codec, locate(node, steps)[0]):
        reading.claim(there, origin)


def _told(codec: Codec | None, reference: Any) -> str | None:
    """The type that the reference names; of one that names none, the only type that its rule reads."""
    named = parse_reference(reference).type if isinstance(reference, str) else None
    return named or (codec.type if isinstance(codec, RecordReference) else None)
