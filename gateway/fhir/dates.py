"""FHIR dates and times: the text exactly as received, and the span of moments it can mean.

A year is not midnight on 1 January: "1987" covers the whole of 1987, and no value here pretends otherwise.
Source: https://hl7.org/fhir/R4/datatypes.html#date and #dateTime and #instant
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import ClassVar, Final, Self

_DATE: Final = r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
_TIME: Final = (
    r"T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?"
    r"(?P<zone>Z|(?P<sign>[+-])(?P<zone_hour>[0-9]{2}):(?P<zone_minute>[0-9]{2}))"
)
# What certainly is a date or a moment, without asking the calendar: the days that every month has.
_PLAIN_DAY: Final = r"[1-9][0-9]{3}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|1[0-9]|2[0-8])"
_PLAIN_TIME: Final = (
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])"
)
_TICK: Final = timedelta(microseconds=1)
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


class Precision(StrEnum):
    """The smallest part that is known. SECOND includes any fraction of a second."""

    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    SECOND = "second"


@dataclass(frozen=True, slots=True)
class _Known:
    """A text, read once. Made by `parse` only. Equal means equal texts, not the same moment."""

    text: str
    precision: Precision
    _earliest: datetime
    _latest: datetime
    _rest: str = ""  # digits of a second beyond the microsecond

    _pattern: ClassVar[re.Pattern[str]]
    plain: ClassVar[re.Pattern[str]]  # matches in full what is valid whatever the calendar
    _meaning: ClassVar[str]

    @classmethod
    def is_valid(cls, text: str) -> bool:
        """Whether a text can be parsed, found out faster for most."""
        if cls.plain.fullmatch(text):
            return True
        try:
            cls.parse(text)
        except ValueError:
            return False
        return True

    @classmethod
    def parse(cls, text: str) -> Self:
        """The value of a text. Raises ValueError, without quoting it, when it is none or no real day."""
        found = cls._pattern.fullmatch(text)
        if found is None:
            raise ValueError(f"not {cls._meaning}")
        parts = found.groupdict()
        first = date(int(parts["year"]), int(parts["month"] or 1), int(parts["day"] or 1))
        if parts.get("hour") is None:
            precision = (
                Precision.DAY if parts["day"] else Precision.MONTH if parts["month"] else Precision.YEAR
            )
            return cls(text, precision, _midnight(first), _end(first, precision))
        moment, rest = _moment(first, parts)
        length = _TICK if parts["fraction"] else timedelta(seconds=1)
        return cls(text, Precision.SECOND, _in_utc(moment), _in_utc(_later(moment, length - _TICK)), rest)

    def __str__(self) -> str:
        return self.text

    def earliest(self) -> datetime:
        """The first moment it can mean, in UTC; a date without a zone is taken as a day in UTC."""
        return self._earliest

    def latest(self) -> datetime:
        """The last moment it can mean, in UTC and to the microsecond."""
        return self._latest


@dataclass(frozen=True, slots=True)
class FhirDate(_Known):
    """A FHIR `date`: a calendar day known to year, month or day. It is not a moment and has no zone."""

    _pattern = re.compile(_DATE + r")?)?", re.ASCII)
    plain = re.compile(_PLAIN_DAY + r")?)?", re.ASCII)
    _meaning = "a FHIR date (YYYY, YYYY-MM or YYYY-MM-DD)"


@dataclass(frozen=True, slots=True)
class FhirDateTime(_Known):
    """A FHIR `dateTime`: a date, or a moment to the second or finer, always with its zone."""

    _pattern = re.compile(_DATE + rf"(?:{_TIME})?)?)?", re.ASCII)
    plain = re.compile(_PLAIN_DAY + rf"(?:{_PLAIN_TIME})?)?)?", re.ASCII)
    _meaning = "a FHIR dateTime (a date, or YYYY-MM-DDThh:mm:ss with a zone)"

    def is_same_moment(self, other: _Known) -> bool:
        """Whether both are moments, and the same one, however each writes its zone and zeros."""
        both = self.precision is Precision.SECOND and other.precision is Precision.SECOND
        return both and (self._earliest, self._rest) == (other._earliest, other._rest)


@dataclass(frozen=True, slots=True)
class FhirInstant(FhirDateTime):
    """A FHIR `instant`: a moment to the second or finer, always with its zone."""

    _pattern = re.compile(_DATE + rf"{_TIME}))", re.ASCII)
    plain = re.compile(_PLAIN_DAY + rf"{_PLAIN_TIME}))", re.ASCII)
    _meaning = "a FHIR instant (YYYY-MM-DDThh:mm:ss with a zone)"


def _moment(day: date, parts: dict[str, str | None]) -> tuple[datetime, str]:
    """The moment to the microsecond, and the significant digits beyond it."""
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    fraction = parts["fraction"] or ""
    if second == 60:  # FHIR allows leap seconds, Python does not know them: the second after :59
        second, leap = 59, timedelta(seconds=1)
    else:
        leap = timedelta(0)
    moment = datetime(
        day.year,
        day.month,
        day.day,
        hour,
        minute,
        second,
        int(fraction[:6].ljust(6, "0")),
        tzinfo=_zone(parts),
    )
    return _later(moment, leap), fraction[6:].rstrip("0")


def _zone(parts: dict[str, str | None]) -> timezone:
    if parts["zone"] == "Z":
        return UTC
    hours, minutes = int(parts["zone_hour"] or 0), int(parts["zone_minute"] or 0)
    if hours > 14 or minutes > 59 or (hours == 14 and minutes):
        raise ValueError("no zone is further than 14 hours from UTC")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if parts["sign"] == "-" else offset)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _end(first: date, precision: Precision) -> datetime:
    match precision:
        case Precision.YEAR:
            last = date(first.year, 12, 31)
        case Precision.MONTH:
            following = (
                date(first.year + first.month // 12, first.month % 12 + 1, 1) if first.month < 12 else None
            )
            last = following - timedelta(days=1) if following else date(first.year, 12, 31)
        case _:
            last = first
    return datetime(last.year, last.month, last.day, 23, 59, 59, 999_999, tzinfo=UTC)


def _later(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:  # the last second of the year 9999
        return moment


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # within 14 hours of the first or the last moment that Python can say
        return _FIRST if moment.year == 1 else _LAST
