"""The name of a search parameter, taken apart: modifier, chain and reverse chain.

`subject:Patient.name:exact` is a chain from `subject` to `name:exact`; `_has:Observation:patient:code` asks
what points here. Source: https://hl7.org/fhir/R4/search.html#chaining and #has
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.errors import BadRequest, UnknownParameter
from gateway.fhir.resource_types import R4_TYPES

HAS: Final = "_has"
MAX_LINKS: Final = 4


@dataclass(frozen=True, slots=True)
class Plain:
    """`name` or `name:modifier`."""

    name: str
    modifier: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """`name[:Type].rest`: what the reference leads to meets `rest`."""

    name: str
    type: str
    rest: str


@dataclass(frozen=True, slots=True)
class Reverse:
    """`_has:Type:name:rest`: something of `type` that points here by `name` meets `rest`."""

    type: str
    name: str
    rest: str


def read_name(text: str) -> Plain | Chain | Reverse:
    """The parts of a parameter's name. Raises BadRequest when it has too many links, or no shape at all."""
    if text.count(".") + text.count(f"{HAS}:") > MAX_LINKS:
        raise BadRequest(f"a chain has at most {MAX_LINKS} links")
    if text.startswith(f"{HAS}:") or text == HAS:
        parts = text.split(":", 3)
        if len(parts) != 4 or not all(parts) or parts[1] not in R4_TYPES:
            raise UnknownParameter("_has is written _has:Type:reference:parameter", expression=HAS)
        return Reverse(parts[1], parts[2], parts[3])
    first, dot, rest = text.partition(".")
    name, colon, modifier = first.partition(":")
    if colon and not modifier:
        raise UnknownParameter("a colon is followed by a modifier")
    if dot:
        return Chain(name, modifier, rest)
    return Plain(name, modifier)
