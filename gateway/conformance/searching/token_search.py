"""Searching tokens: by code, system, text, identifier type or value set.

Source: https://hl7.org/fhir/R4/search.html#token
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.conformance.facts import r4
from gateway.conformance.searching.escaping import split, unescaped
from gateway.conformance.searching.values import Token, Value, folded
from gateway.errors import BadRequest


class TokenModifier(StrEnum):
    """What changes how a token is compared. `not` and `missing` belong to the whole criterion."""

    TEXT = "text"
    OF_TYPE = "of-type"
    IN = "in"
    NOT_IN = "not-in"


@dataclass(frozen=True, slots=True)
class TokenWanted:
    """`code` (system None), `system|code`, `|code` (system ""), `system|` (code "")."""

    system: str | None
    code: str

    def matches(self, value: Value) -> bool:
        """Whether the value is meant. An implied system counts as said and as not said."""
        if not isinstance(value, Token) or (self.code and value.code != self.code):
            return False
        if self.system is None or value.system == self.system:
            return bool(value.code) or not self.code
        return self.system == "" and value.implied


@dataclass(frozen=True, slots=True)
class TextWanted:
    """Words that a token's text begins with, folded."""

    text: str

    def matches(self, value: Value) -> bool:
        """Whether one of the value's texts begins so."""
        return isinstance(value, Token) and any(folded(text).startswith(self.text) for text in value.texts)


@dataclass(frozen=True, slots=True)
class TypedWanted:
    """An identifier of a type: `system|code|value`."""

    system: str
    code: str
    value: str

    def matches(self, value: Value) -> bool:
        """Whether the value is an identifier of that type and value."""
        return (
            isinstance(value, Token)
            and value.code == self.value
            and any(code == self.code and system == self.system for system, code in value.types)
        )


@dataclass(frozen=True, slots=True)
class SetWanted:
    """A code of a value set: (system, code) pairs."""

    codes: frozenset[tuple[str, str]]

    def matches(self, value: Value) -> bool:
        """Whether the value is one of the set's."""
        return isinstance(value, Token) and (value.system, value.code) in self.codes


TokenSearch = TokenWanted | TextWanted | TypedWanted | SetWanted


def read_token(name: str, modifier: str, text: str) -> TokenSearch:
    """What one value of a token parameter asks for. Raises BadRequest for a value that cannot be read."""
    parts = [unescaped(part) for part in split(text, "|")]
    match modifier:
        case TokenModifier.TEXT:
            return TextWanted(folded(unescaped(text)))
        case TokenModifier.OF_TYPE:
            if len(parts) != 3 or not all(parts[1:]):
                raise BadRequest(f"{name}:of-type takes system|code|value", expression=name)
            return TypedWanted(*parts)
        case TokenModifier.IN | TokenModifier.NOT_IN:
            return SetWanted(_codes(name, unescaped(text)))
    if len(parts) == 1:
        return TokenWanted(None, parts[0])
    system, code = parts[0], "|".join(parts[1:])
    if not system and not code:
        raise BadRequest(f"{name} has neither system nor code", expression=name)
    return TokenWanted(system, code)


def _codes(name: str, value_set: str) -> frozenset[tuple[str, str]]:
    by_system: Mapping[str, frozenset[str]] | None = r4().codes(value_set)
    if by_system is None:
        raise BadRequest(
            f"{name}: the value set that was named is not loaded here; R4's own required ones are",
            expression=name,
        )
    return frozenset((system, code) for system, codes in by_system.items() for code in codes)
