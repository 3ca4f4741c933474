"""Quantities: an amount with its unit in FHIR, a bare number in the record.

Only an amount whose unit is certain is read: a UCUM code (or the same text as unit, with no code beside it),
and no comparator, since "< 5 kg" is not 5 kg. Anything else is kept and not shown.
Source: https://hl7.org/fhir/R4/datatypes.html#Quantity and https://ucum.org/ucum
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from gateway.mapping.codecs.codec import Part
from gateway.mapping.values import MISSING, is_number

UCUM: Final = "http://unitsofmeasure.org"

_SHOWN: Final = ("value", "unit", "system", "code")
# What is no longer true when the amount changes.
_OF_THE_VALUE: Final = ("_value", "comparator", "_comparator")

# How many minutes one of each UCUM unit of time has; "s" is a sixtieth.
_MINUTES: Final[Mapping[str, int]] = {"min": 1, "h": 60, "d": 1440, "wk": 10080}
_SECONDS_IN_A_MINUTE: Final = 60


def _unit_of(quantity: Any) -> str:
    """The UCUM unit of a quantity that says exactly so much, or nothing."""
    if not isinstance(quantity, dict) or not is_number(quantity.get("value")) or "comparator" in quantity:
        return ""
    if quantity.get("system", UCUM) != UCUM:
        return ""
    unit = quantity.get("code", quantity.get("unit"))
    return unit if isinstance(unit, str) else ""


def _with_value(quantity: dict[str, Any], value: Any) -> dict[str, Any]:
    return {**{name: child for name, child in quantity.items() if name not in _OF_THE_VALUE}, "value": value}


class _Quantity:
    """What the codecs of a quantity share."""

    __slots__ = ()

    def clear(self, old: Any) -> Any:
        """See Codec."""
        return MISSING

    def parts(self, value: Any) -> tuple[Part, ...]:
        """See Codec."""
        return tuple((name,) for name in _SHOWN if name in value) if isinstance(value, dict) else ((),)

    def identity(self, value: Any) -> Any:
        """See Codec."""
        return value


@dataclass(frozen=True, slots=True)
class QuantityIn(_Quantity):
    """The number of a Quantity in one UCUM unit."""

    unit: str

    def read(self, value: Any) -> Any:
        """See Codec."""
        return value["value"] if _unit_of(value) == self.unit else None

    def write(self, value: Any, old: Any) -> Any:
        """See Codec."""
        if not is_number(value):
            return MISSING
        if _unit_of(old) == self.unit:
            return _with_value(old, value)
        return {"value": value, "unit": self.unit, "system": UCUM, "code": self.unit}


@dataclass(frozen=True, slots=True)
class Minutes(_Quantity):
    """Whole minutes: a Duration in s, min, h, d or wk, or (`bare`) a whole number of minutes.

    A Duration of half a minute has no number of whole minutes and is not read.
    """

    bare: bool = False

    def read(self, value: Any) -> int | None:
        """See Codec."""
        if self.bare:
            return _whole(value, 1) if is_number(value) else None
        unit = _unit_of(value)
        if unit == "s":
            return _whole(Decimal(value["value"]) / _SECONDS_IN_A_MINUTE, 1)
        return _whole(value["value"], _MINUTES[unit]) if unit in _MINUTES else None

    def write(self, value: Any, old: Any) -> Any:
        """See Codec."""
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            return MISSING
        if self.bare:
            return value
        unit = _unit_of(old)
        if unit in _MINUTES and value % _MINUTES[unit] == 0:
            return _with_value(old, value // _MINUTES[unit])
        return {"value": value, "unit": "min", "system": UCUM, "code": "min"}


def _whole(value: Any, factor: int) -> int | None:
    minutes = Decimal(value) * factor
    return int(minutes) if minutes >= 0 and minutes == minutes.to_integral_value() else None
