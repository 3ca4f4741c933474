"""How facts are worded on the coordinator's screens: dates, names and states as people say them.

The person's banner follows the field's convention: SURNAME, Given (Title), Born 03-Mar-1941 (85y). What is
not known says so; nothing is left blank by accident.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from gateway.fhir.systems import NHS_NUMBER

NOT_KNOWN: Final = "Not known"
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STATES: Final = {
    "active": "Active",
    "completed": "Finished",
    "on-hold": "On hold",
    "revoked": "Withdrawn",
    "entered-in-error": "Entered in error",
    "in-progress": "Under way",
    "not-started": "Not started",
    "received": "Received, no answer yet",
    "sent": "Sent, not yet received",
    "accepted": "Accepted",
    "rejected": "Declined",
    "no-show": "Did not attend",
    "cancel-requested": "Asked to withdraw, not yet confirmed",
    "expired": "No answer in time",
    "noshow": "Did not attend",
    "needs-action": "Not answered yet",
    "finished": "Finished",
    "fulfilled": "Took place",
    "onleave": "On leave",
    "resolved": "Over",
    "refuted": "Ruled out",
}


def day(text: str | None) -> str:
    """A FHIR date or dateTime as `03-Mar-1941`, `Mar-1941` or `1941`: as precise as it was given."""
    if not text:
        return NOT_KNOWN
    parts = text[:10].split("-")
    if len(parts) > 1:
        parts[1] = _MONTHS[int(parts[1]) - 1]
    return "-".join(reversed(parts))


def time(text: str | None) -> str:
    """A FHIR dateTime as `30-Nov-2026 10:00 UTC`, in the zone in which it was given."""
    if not text or "T" not in text:
        return day(text)
    clock = text.partition("T")[2]
    zone = clock[clock.index("+") :] if "+" in clock else clock[clock.index("-") :] if "-" in clock else ""
    shown = zone if zone.strip("+-0:") else "UTC"
    return f"{day(text)} {clock[:5]} {shown}"


def age(born: str | None, today: date) -> str:
    """`85y`, or `87y or 88y` when only the year (or month) of birth is known; empty when nothing is."""
    if not born:
        return ""
    year, *rest = (int(part) for part in born.split("-"))
    years = today.year - year
    if len(rest) == 2:
        return f"{years - ((today.month, today.day) < tuple(rest))}y"
    if len(rest) == 1 and rest[0] != today.month:
        return f"{years - (today.month < rest[0])}y"
    return f"{years - 1}y or {years}y"


def name(person: Mapping[str, Any]) -> str:
    """`OKAFOR, Ada (Mrs)` from the official or else the first name; its own text when it is not in parts."""
    names = person.get("names") or []
    official = [each for each in names if each.get("use") in ("official", "usual")]
    chosen = (official or names or [{}])[0]
    family, given = chosen.get("family"), " ".join(chosen.get("given") or [])
    if not family and not given:
        return chosen.get("text") or "Name not known"
    title = " ".join(chosen.get("prefix") or [])
    worded = ", ".join(part for part in ((family or "").upper(), given) if part)
    return f"{worded} ({title})" if title else worded


def nhs_number(person: Mapping[str, Any]) -> str:
    """`999 000 0018`, with a word when nobody has verified it."""
    for identifier in person.get("identifiers") or []:
        if identifier.get("system") == NHS_NUMBER and identifier.get("value"):
            digits = identifier["value"]
            grouped = f"{digits[:3]} {digits[3:6]} {digits[6:]}"
            return grouped if identifier.get("verified") else f"{grouped} (not verified)"
    return NOT_KNOWN


def state(code: str | None) -> str:
    """A status in words; an unknown one as it stands, never hidden."""
    if not code:
        return "Status not known"
    plain = code.replace("_", "-")
    return _STATES.get(plain, plain.replace("-", " ").capitalize())


def progress(achievement: Mapping[str, Any] | None, text: str | None = None) -> str:
    """How far a goal was reached; FHIR's own codes come without a display as a rule, and are worded here."""
    named = {key: value for key, value in (achievement or {}).items() if key != "code"}
    code = (achievement or {}).get("code")
    return concept(named, text) or (state(code) if code else NOT_KNOWN)


def concept(coding: Mapping[str, Any] | None, text: str | None = None) -> str | None:
    """What a coded fact is called: somebody's own words first, then the code's display, then the code."""
    coding = coding or {}
    return text or coding.get("text") or coding.get("display") or coding.get("code")
