"""Codes in their systems.

Source: https://hl7.org/fhir/R4/datatypes.html#CodeableConcept
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
