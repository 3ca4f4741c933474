"""Days and moments. Text goes in and text comes out; precision is never invented.

Source: https://hl7.org/fhir/R4/datatypes.html#dateTime
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from gateway.fhir.dates import FhirDate, FhirDateTime
from gateway.mapping.codecs.codec import Leaf
from gateway.mapping.values import MISSING

_DAY_LENGTH: Final = len("2026-11-22")
_SECOND: Final = len("2026-11-22T09:30:")
_FRACTION: Final = re.compile(r"\.[0-9]+")


@dataclass(frozen=True, slots=True)
class Day(Leaf):
    """A day known to year, month or day.

    Of a dateTime the day as written is read; its time stays until changed.
    """

    def read(self, value: Any) -> str | None:
        """See Codec."""
        return value[:_DAY_LENGTH] if isinstance(value, str) and FhirDateTime.is_valid(value) else None

    def write(self, value: Any, old: Any) -> Any:
        """See Codec."""
        return value if isinstance(value, str) and FhirDate.is_valid(value) else MISSING


@dataclass(frozen=True, slots=True)
class Moment(Leaf):
    """A moment, shown in UTC with its fraction of a second; dates without a time pass as they are."""

    def read(self, value: Any) -> str | None:
        """See Codec."""
        if not isinstance(value, str) or not FhirDateTime.is_valid(value):
            return None
        if "T" not in value:
            return value
        try:
            return _in_utc(value)
        except (ValueError, OverflowError):
            return None

    def write(self, value: Any, old: Any) -> Any:
        """See Codec."""
        return value if self.read(value) is not None else MISSING


def _in_utc(text: str) -> str:
    # The fraction is carried as text: Python knows microseconds, FHIR allows more digits. So is the second:
    # no zone moves it, and FHIR allows a leap second, 60, that Python does not know.
    fraction = _FRACTION.search(text)
    whole = _FRACTION.sub("", text)
    moment = datetime.fromisoformat(f"{whole[:_SECOND]}00{whole[_SECOND + 2 :]}").astimezone(UTC)
    second = whole[_SECOND : _SECOND + 2] + (fraction[0] if fraction else "")
    return f"{moment:%Y-%m-%dT%H:%M:}".rjust(_SECOND, "0") + second + "Z"
