"""Searching references: to a resource by type and id, by address, by canonical, or by identifier.

Source: https://hl7.org/fhir/R4/search.html#reference
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gateway.conformance.searching.escaping import unescaped
from gateway.conformance.searching.parameters import SearchParam
from gateway.conformance.searching.token_search import TokenWanted, read_token
from gateway.conformance.searching.values import ReferenceValue, Token, Value
from gateway.errors import BadRequest
from gateway.fhir.references import ReferenceKind, parse_reference
from gateway.fhir.resource_types import R4_TYPES

_ID: Final = re.compile(r"[A-Za-z0-9\-._]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReferenceWanted:
    """A literal target. `type` None: of any type; `base` None: on this server; `version` None: any."""

    type: str | None
    id: str
    base: str | None = None
    version: str | None = None

    def matches(self, value: Value) -> bool:
        """Whether the value leads there; a canonical may look like the address of a resource."""
        if not isinstance(value, ReferenceValue) or self.version not in (None, value.version):
            return False
        if value.url is not None:
            return value.url == self.url
        return value.id == self.id and value.base == self.base and self.type in (None, value.type)

    @property
    def url(self) -> str | None:
        """The whole address, for a target elsewhere."""
        return f"{self.base}/{self.type}/{self.id}" if self.base else None


@dataclass(frozen=True, slots=True)
class UrlWanted:
    """A canonical or any other address as it stands. `version` None: any."""

    url: str
    version: str | None = None

    def matches(self, value: Value) -> bool:
        """Whether the value is that address."""
        return (
            isinstance(value, ReferenceValue)
            and value.url == self.url
            and self.version in (None, value.version)
        )


@dataclass(frozen=True, slots=True)
class AmongWanted:
    """One of many targets of this server, as `Type/id`: what a chain found."""

    references: frozenset[str]

    def matches(self, value: Value) -> bool:
        """Whether the value leads to one of them."""
        return (
            isinstance(value, ReferenceValue)
            and value.base is None
            and value.id is not None
            and f"{value.type}/{value.id}" in self.references
        )


@dataclass(frozen=True, slots=True)
class IdentifiedWanted:
    """A logical reference by the identifier that it carries."""

    token: TokenWanted

    def matches(self, value: Value) -> bool:
        """Whether the reference carries the identifier."""
        if not isinstance(value, ReferenceValue) or value.identifier is None:
            return False
        system, code = value.identifier
        return self.token.matches(Token(system=system, code=code))


ReferenceSearch = ReferenceWanted | UrlWanted | AmongWanted | IdentifiedWanted


def read_reference(param: SearchParam, modifier: str, text: str, own_base: str = "") -> ReferenceSearch:
    """What one value of a reference parameter asks for; `modifier` is "", `identifier` or a resource type.

    own_base   our own address, with a slash at its end: what stands under it is a reference of ours
    Raises BadRequest when modifier and value contradict each other.
    """
    if modifier == "identifier":
        token = read_token(param.name, "", text)
        assert isinstance(token, TokenWanted), "a token without modifier"
        return IdentifiedWanted(token)
    value = unescaped(text)
    if own_base and value.startswith(own_base):
        value = value.removeprefix(own_base)
    found = parse_reference(value)
    if found.kind in (ReferenceKind.RELATIVE, ReferenceKind.ABSOLUTE) and found.id is not None:
        if modifier in R4_TYPES and modifier != found.type:
            raise BadRequest(
                f"{param.name}:{modifier} was given a reference to another type", expression=param.name
            )
        return ReferenceWanted(found.type, found.id, found.base, found.version)
    if _ID.fullmatch(value):
        return ReferenceWanted(modifier or None, value)
    if modifier:
        raise BadRequest(f"{param.name}:{modifier} takes the id of a {modifier}", expression=param.name)
    url, _, version = value.partition("|")
    return UrlWanted(url, version or None)
