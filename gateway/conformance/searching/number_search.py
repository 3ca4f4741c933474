"""Searching numbers and quantities: a number means the range that its digits leave open.

`5.4` means from 5.35 up to, not including, 5.45. Prefixes other than `eq`, `ne` and `ap` compare the very
number. Source: https://hl7.org/fhir/R4/search.html#number and #quantity
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, assert_never

from gateway.conformance.searching.date_search import Prefix, read_prefix
from gateway.conformance.searching.escaping import split, unescaped
from gateway.conformance.searching.values import NumberValue, QuantityValue, Value
from gateway.errors import BadRequest

_NUMBER: Final = re.compile(r"[-+]?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][-+]?[0-9]{1,3})?", re.ASCII)
_TENTH: Final = Decimal("0.1")
_HALF: Final = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class NumberWanted:
    """Numbers in relation `prefix` to `number`; `low` (included) to `high` (not) is what it can mean."""

    prefix: Prefix
    number: Decimal
    low: Decimal
    high: Decimal

    def matches(self, value: Value) -> bool:
        """Whether the value, a number or a range, stands so."""
        return isinstance(value, NumberValue) and self.fits(value.low, value.high)

    def fits(self, low: Decimal | None, high: Decimal | None) -> bool:
        """Whether a range stands so; None is open."""
        within = low is not None and high is not None and self.low <= low and high < self.high
        match self.prefix:
            case Prefix.EQ:
                return within
            case Prefix.NE:
                return not within
            case Prefix.GT:
                return high is None or high > self.number
            case Prefix.LT:
                return low is None or low < self.number
            case Prefix.GE:
                return high is None or high >= self.number
            case Prefix.LE:
                return low is None or low <= self.number
            case Prefix.SA:
                return low is not None and low > self.number
            case Prefix.EB:
                return high is not None and high < self.number
            case Prefix.AP:
                return (low is None or low <= self.high) and (high is None or high >= self.low)
            case _:
                assert_never(self.prefix)


@dataclass(frozen=True, slots=True)
class QuantityWanted:
    """An amount in a unit: `system|code`, or a code or written unit (system None), or any unit (code "")."""

    number: NumberWanted
    system: str | None = None
    code: str = ""

    def matches(self, value: Value) -> bool:
        """Whether the value is such an amount in such a unit."""
        if not isinstance(value, QuantityValue) or not self.number.fits(value.low, value.high):
            return False
        if self.system is None:
            return not self.code or self.code in (value.code, value.unit)
        return value.system == self.system and value.code == self.code


def read_number(name: str, text: str) -> NumberWanted:
    """What one value of a number parameter asks for. Raises BadRequest for anything but a number."""
    prefix, rest = read_prefix(name, unescaped(text))
    if not _NUMBER.fullmatch(rest):
        raise BadRequest(
            f"{name} takes a number such as 5.4, with a prefix such as gt before it", expression=name
        )
    number = Decimal(rest)
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int), "a number that was matched is finite"
    margin = abs(number) * _TENTH if prefix is Prefix.AP else _HALF.scaleb(exponent)
    return NumberWanted(prefix, number, number - margin, number + margin)


def read_quantity(name: str, text: str) -> QuantityWanted:
    """What one value of a quantity parameter asks for: `5.4`, `5.4|system|code` or `5.4||unit`."""
    parts = split(text, "|")
    number = read_number(name, parts[0])
    if len(parts) == 1:
        return QuantityWanted(number)
    if len(parts) != 3:
        raise BadRequest(f"{name} takes number|system|code, or number||unit", expression=name)
    system, code = map(unescaped, parts[1:])
    if system and not code:
        raise BadRequest(f"{name} needs a code after the system of its unit", expression=name)
    return QuantityWanted(number, system or None, code)
