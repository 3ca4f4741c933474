"""Days: whether a text is a FHIR date, and the day of a dateTime.

Source: https://hl7.org/fhir/R4/datatypes.html#dateTime
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from gateway.fhir.dates import FhirDateTime

_looks_like_a_date = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?").fullmatch


def is_date(text: Any) -> bool:
    """Whether it is a real day, a month or a year."""
    if not isinstance(text, str) or _looks_like_a_date(text) is None:
        return False
    try:
        date.fromisoformat(f"{text}-01-01"[:10])
    except ValueError:
        return False
    return True


def day_of(text: Any) -> str | None:
    """The day of a date or a dateTime, as it is written."""
    if is_date(text):
        return str(text)
    if not isinstance(text, str):
        return None
    try:
        FhirDateTime.parse(text)
    except ValueError:
        return None
    return text[:10]
