"""Codes in their systems.

Source: https://hl7.org/fhir/R4/datatypes.html#CodeableConcept
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.errors import Unprocessable


@dataclass(frozen=True, slots=True, order=True)
class Coding:
    """A code within a system; `system` is empty when the sender did not name it."""

    system: str
    code: str
    display: str = ""


def codings_of(concept: Mapping[str, Any] | None) -> tuple[Coding, ...]:
    """The codings of a CodeableConcept that have a code, in their order, 0..*."""
    held = concept.get("coding") if concept else None
    return tuple(
        Coding(_text(item.get("system")), item["code"], _text(item.get("display")))
        for item in (held if isinstance(held, list) else ())
        if isinstance(item, dict) and isinstance(item.get("code"), str)
    )


def code_in(concept: Mapping[str, Any] | None, system: str) -> str | None:
    """Code of `concept` in `system`, or None when it is not coded there.

    The order of `coding` means nothing in FHIR, so "the first one" is never the answer.
    Raises Unprocessable when `system` gives two different codes.
    """
    codes = {coding.code for coding in codings_of(concept) if coding.system == system}
    if len(codes) > 1:
        raise Unprocessable(
            f"The concept has {len(codes)} different codes in {system}; at most one can be meant."
        )
    return next(iter(codes), None)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
