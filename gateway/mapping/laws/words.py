"""How a broken law is told: law, rule, file and line, then two JSONs: record, and FHIR with its changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from difflib import ndiff
from typing import Any

from gateway.mapping.laws.broken import Broken, Law
from gateway.mapping.read_context import expression
from gateway.mapping.rules import RuleFile
from gateway.mapping.values import same


def told(broken: Broken, rules: RuleFile, case: int | None = None) -> str:
    """The finding in words; lines that a put took away start with -, those it added with +."""
    origin = broken.origin
    where = f"{origin.file}:{origin.line}: {origin.rule}" if origin else f"{rules.file}: {rules.name}"
    at = f" at {expression(broken.at)}" if broken.at else ""
    lines = [f"{where}: breaks the law {broken.law}: {broken.why}{at}"]
    lines += _titled("the record", _json(broken.record))
    if broken.law is Law.CREATE_GET:
        lines += _titled("FHIR as created", _json(broken.after))
    else:
        lines += _titled("FHIR, - before and + after", list(_marked(broken.before, broken.after)))
    if case is not None:
        lines.append(f"  this case alone: care-gateway map check {rules.name} --only {case}")
    return "\n".join(lines)


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


def _titled(title: str, lines: list[str]) -> list[str]:
    return [f"  {title}:", *(f"    {line}" for line in lines)]


def _marked(before: Any, after: Any) -> Iterator[str]:
    for line in ndiff(_json(before), _json(after)):
        if not line.startswith("?"):
            yield line.rstrip()


def _json(value: Any) -> list[str]:
    return json.dumps(value, indent=1, ensure_ascii=False, default=_number).splitlines()


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return _Digits(value)
    raise TypeError(f"no JSON: {type(value).__name__}")


class _Digits(float):
    """A number that is written with the digits that it came with."""

    def __new__(cls, value: Decimal) -> _Digits:
        made = super().__new__(cls, value)
        made.digits = str(value)
        return made

    digits: str

    def __repr__(self) -> str:
        return self.digits
