"""How the laws put values into words: to compare them byte for byte, and to tell what differs."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from gateway.mapping.values import same


def worded(value: Any) -> str:
    """A value as text: equal for equal values, whatever the order of their names."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=_number)


def difference(wanted: Any, got: Any, at: str = "record") -> str:
    """The first place where two values differ, and what stands there."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        for name in {**wanted, **got}:
            if not same(wanted.get(name), got.get(name)):
                return difference(wanted.get(name), got.get(name), f"{at}.{name}")
    if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        for index, (one, two) in enumerate(zip(wanted, got, strict=True)):
            if not same(one, two):
                return difference(one, two, f"{at}[{index}]")
    return f"{at} was {worded(wanted)} and reads back as {worded(got)}"


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"Decimal {value}"
    raise TypeError(f"no JSON: {type(value).__name__}")
