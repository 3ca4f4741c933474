"""What a search parameter finds in a resource, brought into a form that can be compared and indexed.

Source: https://hl7.org/fhir/R4/search.html#ptypes
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, TypeAlias

FIRST: Final = datetime.min.replace(tzinfo=UTC)
"""The open start of a period."""
LAST: Final = datetime.max.replace(tzinfo=UTC)
"""The open end of a period."""


@dataclass(frozen=True, slots=True)
class Token:
    """A code, Coding, Identifier, ContactPoint, boolean or string searched as a token.

    system   "" when none is known
    code     "" when there is only text, or a system without a code
    implied  the element is of type `code`: `system` is what its binding says, the resource does not carry it
    texts    what `:text` searches: a concept's text, a coding's display, an identifier's type text
    types    (system, code) of an Identifier's type, for `:of-type`
    """

    system: str = ""
    code: str = ""
    implied: bool = False
    texts: tuple[str, ...] = ()
    types: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ReferenceValue:
    """A literal or logical reference, or a canonical.

    type, id, version, base  of a literal `[base/]Type/id[/_history/version]`; None where the text has none
    url                      a canonical or any other text, without `|version`
    identifier               (system, value) of a logical reference; system "" when it has none
    """

    type: str | None = None
    id: str | None = None
    version: str | None = None
    base: str | None = None
    url: str | None = None
    identifier: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class DateValue:
    """The first and the last moment that a date, time, period or timing can mean, in UTC, both included."""

    since: datetime = FIRST
    until: datetime = LAST


@dataclass(frozen=True, slots=True)
class NumberValue:
    """A number, or all numbers from `low` to `high`; None: open on that side."""

    low: Decimal | None
    high: Decimal | None


@dataclass(frozen=True, slots=True)
class QuantityValue:
    """An amount, or all from `low` to `high` (Range, comparator), with its unit as coded and as written."""

    low: Decimal | None
    high: Decimal | None
    system: str = ""
    code: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class StringValue:
    """Words as they stand; `folded` makes them comparable."""

    text: str


@dataclass(frozen=True, slots=True)
class UriValue:
    """A uri, url, oid or canonical, as it stands."""

    text: str


@dataclass(frozen=True, slots=True)
class CompositeValue:
    """The values of each component, all found below one and the same element."""

    parts: tuple[tuple[SingleValue, ...], ...]


SingleValue: TypeAlias = (
    Token | ReferenceValue | DateValue | NumberValue | QuantityValue | StringValue | UriValue
)
Value: TypeAlias = SingleValue | CompositeValue


def folded(text: str) -> str:
    """The text without case, accents and runs of white space: `Ångström  Ö` and `angstrom o` are the same."""
    apart = unicodedata.normalize("NFKD", text)
    bare = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return " ".join(unicodedata.normalize("NFKC", bare.casefold()).split())
