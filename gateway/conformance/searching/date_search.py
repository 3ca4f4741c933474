"""Searching dates and times: every value is the span of moments that it can mean.

Source: https://hl7.org/fhir/R4/search.html#date and #prefix
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, assert_never

from gateway.conformance.searching.escaping import unescaped
from gateway.conformance.searching.values import FIRST, LAST, DateValue, Value
from gateway.errors import BadRequest
from gateway.fhir.dates import FhirDateTime

_APPROXIMATELY: Final = 0.1


class Prefix(StrEnum):
    """How a found value relates to the one asked for."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    LT = "lt"
    GE = "ge"
    LE = "le"
    SA = "sa"
    EB = "eb"
    AP = "ap"


@dataclass(frozen=True, slots=True)
class DateWanted:
    """Spans that stand in relation `prefix` to the span from `since` to `until`, both included."""

    prefix: Prefix
    since: datetime
    until: datetime

    def matches(self, value: Value) -> bool:
        """Whether the value stands so."""
        if not isinstance(value, DateValue):
            return False
        within = self.since <= value.since and value.until <= self.until
        match self.prefix:
            case Prefix.EQ:
                return within
            case Prefix.NE:
                return not within
            case Prefix.GT:
                return value.until > self.until
            case Prefix.LT:
                return value.since < self.since
            case Prefix.GE:
                return within or value.until > self.until
            case Prefix.LE:
                return within or value.since < self.since
            case Prefix.SA:
                return value.since > self.until
            case Prefix.EB:
                return value.until < self.since
            case Prefix.AP:
                return value.since <= self.until and value.until >= self.since
            case _:
                assert_never(self.prefix)


def read_date(name: str, text: str, now: datetime | None = None) -> DateWanted:
    """What one value of a date parameter asks for; `now` is what `ap` measures from.

    Raises BadRequest for a prefix or a date that does not exist.
    """
    prefix, rest = read_prefix(name, unescaped(text))
    try:
        since, until = _meant(rest)
    except ValueError as error:
        raise BadRequest(f"{name} cannot be read: {error}", expression=name) from None
    if prefix is Prefix.AP:
        margin = abs((now or datetime.now(UTC)) - since) * _APPROXIMATELY
        since, until = _moved(since, -margin), _moved(until, margin)
    return DateWanted(prefix, since, until)


def read_prefix(name: str, text: str) -> tuple[Prefix, str]:
    """The prefix of a value, `eq` when it has none, and the rest. Raises BadRequest for an unknown one."""
    if not text[:2].isalpha():
        return Prefix.EQ, text
    try:
        return Prefix(text[:2]), text[2:]
    except ValueError:
        known = ", ".join(Prefix)
        raise BadRequest(f"{name} takes the prefixes {known}", expression=name) from None


# Unlike a dateTime: without seconds or zone as well. A plus sign in an address arrives as a blank.
_MINUTES: Final = re.compile(
    r"(?P<minutes>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2})(?P<seconds>:[0-9]{2}(?:\.[0-9]+)?)?"
    r"(?P<zone>Z|[+ -][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)


def _meant(text: str) -> tuple[datetime, datetime]:
    """The first and the last moment that a date or time can mean, in UTC. Raises ValueError.

    A time may be given to the minute, and without a zone: then it is one in UTC.
    """
    found = _MINUTES.fullmatch(text)
    if found is None:
        known = FhirDateTime.parse(text)
        return known.earliest(), known.latest()
    zone = (found["zone"] or "Z").replace(" ", "+")
    seconds = [found["seconds"]] if found["seconds"] else [":00", ":59"]
    moments = [FhirDateTime.parse(f"{found['minutes']}{second}{zone}") for second in seconds]
    return moments[0].earliest(), moments[-1].latest()


def _moved(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return FIRST if by < timedelta(0) else LAST
