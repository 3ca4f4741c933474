"""Business identifiers: numbers that others gave to the same thing, each with the system it belongs to.

Source: https://hl7.org/fhir/R4/datatypes.html#Identifier
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.fhir.json_codec import Resource


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """A value within a system; `system` is empty when the sender did not say whose number it is."""

    system: str
    value: str

    def __str__(self) -> str:
        return f"{self.system}|{self.value}"


def identifiers_of(resource: Resource) -> tuple[Identifier, ...]:
    """The resource's own identifiers in their order, 0..*; without repeats, and only those with a value.

    Reads `identifier` where it repeats (most types) and where it is single (Bundle, Composition…).
    """
    held = resource.get("identifier")
    found = (_identifier(item) for item in (held if isinstance(held, list) else [held]))
    return tuple(dict.fromkeys(identifier for identifier in found if identifier is not None))


def _identifier(element: Any) -> Identifier | None:
    if not isinstance(element, dict) or not isinstance(value := element.get("value"), str):
        return None
    system = element.get("system")
    return Identifier(system if isinstance(system, str) else "", value)
