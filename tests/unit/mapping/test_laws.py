"""The laws hold for every construct of the language, and tell what breaks them.

Which faults they find is shown by tests/mappings/test_mutants.py.
"""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

from gateway.errors import MappingError
from gateway.mapping import laws, write_fields
from gateway.mapping.laws.spellings import junk
from gateway.mapping.laws.words import worded
from tests.unit.mapping.small_maps import Plan, every_construct, plan_lens


def test_every_construct_of_the_language_holds_the_laws() -> None:
    laws.check(every_construct(), Plan(), cases=200)


def test_amounts_and_registered_pairs_hold_the_laws() -> None:
    lens = plan_lens(
        """
weight: {to: weight, as: quantity(kg)}
lasts: {to: visit.length, as: minutes}
rests: {to: minutesDuration, as: minutes}
number: {to: "identifier[system=urn:nhs].value", py: nhs-number}
given: {to: "note[].data", py: base64-text}
"""
    )

    laws.check(lens, Plan(), cases=150)


def test_a_broken_law_names_the_rule_its_line_and_the_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_fields, "drop_stale", lambda node, *_: node)

    with pytest.raises(MappingError) as caught:
        laws.check(every_construct().interpreted, Plan(), cases=400, shrink=False)

    first, *shown = str(caught.value).splitlines()
    assert first.startswith("plan.yaml:")
    assert "breaks the law Stale:" in first
    assert [line for line in shown if line.endswith(":") and line[:3].strip()] == [
        "  the record:",
        "  FHIR, - before and + after:",
    ]
    assert shown[-1].startswith("  this case alone: care-gateway map check plan --only ")


def test_numbers_are_told_with_all_their_digits() -> None:
    numbers = [Decimal("1.10"), Decimal("0.10000000000000000001"), Decimal("6.0E-7"), 3, "1.10"]

    assert worded({"at": numbers}) == '{"at": [1.10, 0.10000000000000000001, 6.0E-7, 3, "1.10"]}'


def test_what_one_case_finds_unreadable_is_not_the_object_of_another() -> None:
    drawn = [junk(Random(number)) for number in range(100)]
    objects = [id(value) for value in drawn if isinstance(value, dict | list)]

    assert len(set(objects)) == len(objects) > 10
