"""Searching words and uris. Words are compared without case and accents; a uri as it stands.

Source: https://hl7.org/fhir/R4/search.html#string and #uri
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.conformance.searching.escaping import unescaped
from gateway.conformance.searching.values import StringValue, UriValue, Value, folded
from gateway.errors import BadRequest


@dataclass(frozen=True, slots=True)
class BeginsWanted:
    """Words that begin so; folded."""

    text: str

    def matches(self, value: Value) -> bool:
        """Whether the value begins so."""
        return isinstance(value, StringValue) and folded(value.text).startswith(self.text)


@dataclass(frozen=True, slots=True)
class ContainsWanted:
    """Words that hold this anywhere; folded."""

    text: str

    def matches(self, value: Value) -> bool:
        """Whether the value holds it."""
        return isinstance(value, StringValue) and self.text in folded(value.text)


@dataclass(frozen=True, slots=True)
class ExactWanted:
    """Words that are exactly these, case and accents included."""

    text: str

    def matches(self, value: Value) -> bool:
        """Whether the value is exactly this."""
        return isinstance(value, StringValue) and value.text == self.text


@dataclass(frozen=True, slots=True)
class UriWanted:
    """This very uri."""

    uri: str

    def matches(self, value: Value) -> bool:
        """Whether the value is it."""
        return isinstance(value, UriValue) and value.text == self.uri


@dataclass(frozen=True, slots=True)
class BelowWanted:
    """This uri, and every one below it."""

    uri: str

    @property
    def prefix(self) -> str:
        """What everything below begins with."""
        return self.uri.rstrip("/") + "/"

    def matches(self, value: Value) -> bool:
        """Whether the value is it, or below."""
        return isinstance(value, UriValue) and (value.text == self.uri or value.text.startswith(self.prefix))


@dataclass(frozen=True, slots=True)
class AboveWanted:
    """This uri, and every one above it."""

    uri: str

    def all(self) -> Iterator[str]:
        """The uri and those above it: each shorter by its last part, with and without a slash at the end."""
        yield self.uri
        rest = self.uri.rstrip("/")
        while "/" in rest:
            rest = rest.rpartition("/")[0].rstrip("/")
            if rest:
                yield rest
                yield f"{rest}/"

    def matches(self, value: Value) -> bool:
        """Whether the value is it, or above."""
        return isinstance(value, UriValue) and value.text in set(self.all())


StringSearch = BeginsWanted | ContainsWanted | ExactWanted
UriSearch = UriWanted | BelowWanted | AboveWanted


def read_string(name: str, modifier: str, text: str) -> StringSearch:
    """What one value of a string parameter asks for; `modifier` is "", `exact` or `contains`."""
    said = unescaped(text)
    if modifier == "exact":
        return ExactWanted(said)
    wanted = folded(said)
    if not wanted:
        raise BadRequest(f"{name} has no letters to search for", expression=name)
    return ContainsWanted(wanted) if modifier == "contains" else BeginsWanted(wanted)


def read_uri(modifier: str, text: str) -> UriSearch:
    """What one value of a uri parameter asks for; `modifier` is "", `above` or `below`."""
    said = unescaped(text)
    match modifier:
        case "above":
            return AboveWanted(said)
        case "below":
            return BelowWanted(said)
        case _:
            return UriWanted(said)
