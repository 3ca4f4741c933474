"""The same said otherwise: other offsets, more zeros, versioned references, synonyms; and the unreadable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any, Final

from gateway.mapping.codecs import Codes
from gateway.mapping.rules import RuleFile, walk

_RELATIVE: Final = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]+\Z")
_UTC: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z\Z")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d\Z")
_OFFSETS: Final = (0, 60, 120, 330, -300, -570, 840)
_JUNK: Final[tuple[Any, ...]] = (
    "not-of-this-table",
    "tomorrow",
    7,
    Decimal("0.10"),
    True,
    "",
    None,
    {"xOdd": 1},
    [],
)


def synonyms(rules: RuleFile) -> dict[str, list[str]]:
    """For each FHIR code of a table the other codes that read the same; itself when there are none."""
    found: dict[str, list[str]] = {}
    for _, rule in walk(rules.root):
        codec = getattr(rule, "codec", None)
        if isinstance(codec, Codes):
            for theirs, ours in codec.ours_of.items():
                others = [each for each, word in codec.ours_of.items() if word == ours and each != theirs]
                found[theirs] = others or [theirs]
    return found


def respelt(value: Any, random: Random, alike: Mapping[str, list[str]]) -> Any:
    """A primitive as another system may write the same."""
    match value:
        case bool():
            return value
        case int():
            return Decimal(f"{value}.0") if random.random() < 0.5 else Decimal(f"{value}0E-1")
        case Decimal():
            return _number(value, random)
        case str():
            return _text(value, random, alike)
    return value


def junk(random: Random) -> Any:
    """A value that most rules cannot read; nobody else's, so that it can be altered."""
    return deepcopy(random.choice(_JUNK))


def _number(value: Decimal, random: Random) -> Decimal:
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int), "JSON has no NaN"
    return Decimal((sign, (*digits, *(0,) * (more := random.randint(1, 3))), exponent - more))


def _text(value: str, random: Random, alike: Mapping[str, list[str]]) -> str:
    if value in alike:
        return random.choice(alike[value])
    if _RELATIVE.match(value):
        return f"{value}/_history/{random.randint(1, 3)}"
    if found := _UTC.match(value):
        return _zoned(found[1], found[2] or "", random.choice(_OFFSETS))
    if _DAY.match(value):
        return f"{value}T23:30:00-05:00"
    return value


def _zoned(moment: str, fraction: str, minutes: int) -> str:
    try:
        there = datetime.fromisoformat(f"{moment}+00:00").astimezone(timezone(timedelta(minutes=minutes)))
    except OverflowError:
        return f"{moment}{fraction}Z"
    text = there.isoformat()
    return f"{text[:19]}{fraction}{text[19:]}"
