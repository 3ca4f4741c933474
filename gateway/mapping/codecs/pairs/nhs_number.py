"""An NHS number: ten digits in FHIR, read out as 3-3-4 in the record.

Only a number whose check digit holds is read or written: a mistyped one names somebody else or nobody.
Source: https://www.datadictionary.nhs.uk/attributes/nhs_number.html
"""

from __future__ import annotations

import re
from typing import Any, Final

from gateway.mapping.codecs.pair import Pair

_DIGITS: Final = re.compile(r"[0-9]{10}", re.ASCII)
_SPOKEN: Final = re.compile(r"([0-9]{3}) ([0-9]{3}) ([0-9]{4})", re.ASCII)
_MODULUS: Final = 11


def _spoken(value: Any) -> str | None:
    digits = value.replace(" ", "") if isinstance(value, str) else ""
    if not _DIGITS.fullmatch(digits) or not _is_checked(digits):
        return None
    return f"{digits[:3]} {digits[3:6]} {digits[6:]}"


def _digits(value: Any) -> str | None:
    found = _SPOKEN.fullmatch(value) if isinstance(value, str) else None
    digits = "".join(found.groups()) if found else ""
    return digits if digits and _is_checked(digits) else None


def _is_checked(digits: str) -> bool:
    weighed = sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False))
    return (_MODULUS - weighed % _MODULUS) % _MODULUS == int(digits[9])


# The numbers of the NHS's own examples; 999 begins those that are never given to anybody.
PAIR: Final = Pair("nhs-number", _spoken, _digits, ("9434765919", "943 476 5919", "9990548609", "9000000009"))
