"""Running the cases of `tests:`: what a map does is compared with what its author wrote beside the rules.

A map with overlays runs the overlays' own cases only: those of the map itself describe it without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from marshmallow import Schema

from gateway.errors import Issue, MappingError
from gateway.fhir.json_codec import write
from gateway.mapping.inline_case import InlineCase
from gateway.mapping.inline_resources import BadCase, element, resources_of, with_numbers
from gateway.mapping.lens import Lens
from gateway.mapping.values import is_hollow, is_number, same
from gateway.records import RECORDS

_TEST_ID: Final = "new-{}"


@dataclass(frozen=True, slots=True)
class InlineResult:
    """What came of one case: nothing in `faults` when it holds, else a sentence for each difference."""

    case: InlineCase
    faults: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the map did what the case says."""
        return not self.faults

    def __str__(self) -> str:
        return "\n".join(f"{self.case}: {fault}" for fault in self.faults) or f"{self.case}: ok"


def run_inline_tests(lens: Lens, schema: Schema | None = None) -> tuple[InlineResult, ...]:
    """Every case of a map, run in order.

    schema   of the record; says which texts of `put` are numbers. Without: that of the record's name.
    """
    rules = lens.rules
    if schema is None and rules.record in RECORDS:
        schema = RECORDS[rules.record].schema()
    cases = [case for case in rules.tests if not rules.overlays or case.file != rules.file]
    return tuple(run_case(lens, case, schema) for case in cases)


def run_case(lens: Lens, case: InlineCase, schema: Schema | None) -> InlineResult:
    """One case. Never raises: what goes wrong is the result."""
    try:
        return InlineResult(case, tuple(_faults(lens, case, schema)))
    except (BadCase, MappingError) as problem:
        return InlineResult(case, (str(problem),))


def _faults(lens: Lens, case: InlineCase, schema: Schema | None) -> list[str]:
    faults: list[str] = []
    issues: list[Issue] = []
    record: dict[str, Any] = {}
    resources: dict[str, Any] | None = None
    if case.fhir is not None:
        resources = resources_of(case.fhir, lens)
        got = lens.get(resources)
        record = got.record
        issues += got.issues
        if case.expect is not None:
            faults += _differences(case.expect, record, "record")
        if case.identical:
            back = lens.put(record, resources)
            if back.refused or write(back.resources) != write(resources):
                faults.append("putting the unchanged record back changed the resources")
    if case.put is not None:
        faults += _put(lens, case, _patched(record, with_numbers(case.put, schema)), resources, issues)
    said = " | ".join(f"{issue.text} {issue.diagnostics}" for issue in issues)
    faults += [f"no finding says {words!r}; they say: {said}" for words in case.issues if words not in said]
    return faults


def _put(
    lens: Lens,
    case: InlineCase,
    record: dict[str, Any],
    resources: dict[str, Any] | None,
    issues: list[Issue],
) -> list[str]:
    numbers = iter(range(1, 1000))

    def new_id() -> str:
        return _TEST_ID.format(next(numbers))

    put = (
        lens.create(record, new_id=new_id)
        if resources is None
        else lens.put(record, resources, new_id=new_id)
    )
    issues += put.issues
    refusals = " | ".join(issue.text for issue in put.refused)
    if case.refuses is None and refusals:
        return [f"the record was refused: {refusals}"]
    if case.refuses is not None and case.refuses not in refusals:
        return [f"no refusal says {case.refuses!r}; they say: {refusals or 'nothing'}"]
    faults: list[str] = []
    if resources is None and case.refuses is None and case.expect is not None:
        faults += _differences(case.expect, lens.get(put.resources).record, "record")
    for path, wanted in (case.gives or {}).items():
        faults += _differences(wanted, element(path, put.resources, lens), path)
    return faults


def _patched(record: Any, changes: Any) -> Any:
    """The record with the changes. Source: RFC 7396 (JSON merge patch)"""
    if not isinstance(changes, dict):
        return changes
    patched = dict(record) if isinstance(record, dict) else {}
    for name, change in changes.items():
        if change is None:
            patched.pop(name, None)
        else:
            patched[name] = _patched(patched.get(name), change)
    return patched


def _differences(wanted: Any, got: Any, at: str) -> list[str]:
    """Where what is there lacks what is wanted; names that are not wanted may be there too."""
    if isinstance(wanted, Mapping):
        if not isinstance(got, Mapping):
            return [] if is_hollow(wanted) and is_hollow(got) else [_fault(at, wanted, got)]
        found = [_differences(inner, got.get(name), f"{at}.{name}") for name, inner in wanted.items()]
        return [fault for faults in found for fault in faults]
    if isinstance(wanted, list):
        if not isinstance(got, list) or len(got) != len(wanted):
            return [] if is_hollow(wanted) and is_hollow(got) else [_fault(at, wanted, got)]
        pairs = enumerate(zip(wanted, got, strict=True))
        found = [_differences(one, two, f"{at}[{number}]") for number, (one, two) in pairs]
        return [fault for faults in found for fault in faults]
    return [] if same(wanted, got) or _is_number_of(wanted, got) else [_fault(at, wanted, got)]


def _is_number_of(text: Any, number: Any) -> bool:
    """Whether a text of YAML (1.10 is text there) names this number."""
    if not (isinstance(text, str) and is_number(number)):
        return False
    try:
        return bool(Decimal(text) == number)
    except InvalidOperation:
        return False


def _fault(at: str, wanted: Any, got: Any) -> str:
    return f"{at} should be {_worded(wanted)} and is {_worded(got)}"


def _worded(value: Any) -> str:
    return "absent" if is_hollow(value) else repr(value)
