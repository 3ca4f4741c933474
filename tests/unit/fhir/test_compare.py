"""When two resources say the same."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.fhir.compare import changed_elements, same


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (Decimal("1.10"), Decimal("1.1")),
        (1, Decimal("1.0")),
        ("2026-01-01T12:00:00Z", "2026-01-01T13:00:00.000+01:00"),
        (None, []),
        ([{}], None),
        ({"extension": []}, None),
        ({"a": 1, "b": None}, {"a": 1}),
        ([{"when": "2026-01-01T12:00:00Z"}], [{"when": "2026-01-01T12:00:00+00:00"}]),
    ],
)
def test_spelling_is_no_change(a: Any, b: Any) -> None:
    assert same({"resourceType": "Goal", "x": a}, {"resourceType": "Goal", "x": b})


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (True, 1),
        (True, False),
        ("1", 1),
        ("2026-01-01", "2026-01-01T00:00:00Z"),
        ("2026", "2026-01-01"),
        ([1, 2], [2, 1]),
        ([None, 1], [1]),
        ("", None),
        (False, None),
        (0, None),
    ],
)
def test_another_value_is_a_change(a: Any, b: Any) -> None:
    assert changed_elements({"resourceType": "Goal", "x": a}, {"resourceType": "Goal", "x": b}) == {"x"}


def test_id_meta_and_generated_narrative_are_no_content() -> None:
    ours = {
        "resourceType": "Goal",
        "id": "1",
        "meta": {"versionId": "3"},
        "text": {"status": "generated", "div": "a"},
    }

    assert same(ours, {"resourceType": "Goal", "id": "2", "text": {"status": "generated", "div": "b"}})
    assert same(ours, {"resourceType": "Goal"})


def test_narrative_that_a_person_wrote_is_content() -> None:
    a = {"resourceType": "Goal", "text": {"status": "additional", "div": "a"}}

    assert changed_elements(a, {"resourceType": "Goal"}) == {"text"}


def test_what_belongs_to_an_element_counts_as_the_element() -> None:
    a = {"resourceType": "Patient", "birthDate": "1987", "_birthDate": {"extension": [{"url": "x"}]}}

    assert changed_elements(a, {"resourceType": "Patient", "birthDate": "1987"}) == {"birthDate"}


def test_two_types_are_never_the_same() -> None:
    assert not same({"resourceType": "Goal"}, {"resourceType": "Task"})
