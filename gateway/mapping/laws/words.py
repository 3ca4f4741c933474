"""How a broken law is told: law, rule, file and line, then two JSONs: record, and FHIR with its changes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from difflib import ndiff
from typing import Any, Final

from gateway.mapping.laws.broken import Broken
from gateway.mapping.read_context import expression
from gateway.mapping.rules import RuleFile
from gateway.mapping.values import same

_MARK: Final = "\N{OBJECT REPLACEMENT CHARACTER}"
_NUMBER: Final = re.compile(f'"{_MARK}([^"]*)"')


def told(broken: Broken, rules: RuleFile, case: int | None = None) -> str:
    """The finding in words; lines that a put took away start with -, those it added with +."""
    origin = broken.origin
    where = f"{origin.file}:{origin.line}: {origin.rule}" if origin else f"{rules.file}: {rules.name}"
    at = f" at {expression(broken.at)}" if broken.at else ""
    lines = [f"{where}: breaks the law {broken.law}: {broken.why}{at}"]
    lines += _titled("the record", _json(broken.record))
    if not broken.before:
        lines += _titled("FHIR as created", _json(broken.after))
    else:
        lines += _titled("FHIR, - before and + after", list(_marked(broken.before, broken.after)))
    if case is not None:
        overlays = "".join(f" --overlay {name}" for name in rules.overlays)
        lines.append(f"  this case alone: care-gateway map check {rules.name}{overlays} --only {case}")
    return "\n".join(lines)


def worded(value: Any) -> str:
    """A value as text: equal for equal values, whatever the order of their names."""
    return _dumped(value, sort_keys=True)


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
    return _dumped(value, indent=1).splitlines()


def _dumped(value: Any, **options: Any) -> str:
    """JSON whose numbers have the digits that they came with; as floats they would lose some."""
    text = json.dumps(value, ensure_ascii=False, default=_number, **options)
    return _NUMBER.sub(r"\1", text)


def _number(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{_MARK}{value}"
    raise TypeError(f"no JSON: {type(value).__name__}")
