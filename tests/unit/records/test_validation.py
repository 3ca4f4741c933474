"""What clients are told about a record that does not fit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.records import RECORDS, validate

PLAN: dict[str, Any] = {"person": "p-1", "status": "active"}


def problems(kind: str, record: dict[str, Any], **kwargs: Any) -> dict[str, str]:
    return {issue.expression: issue.text for issue in validate(RECORDS[kind], record, **kwargs)}


def test_a_record_that_fits_has_no_problem() -> None:
    assert problems("care_plan", PLAN | {"activities": [{"title": "Walk", "status": "in-progress"}]}) == {}


def test_every_problem_is_told_with_the_path_of_its_field() -> None:
    record = {"status": "activ", "activities": [{"title": "Walk"}, {"status": "done", "cost": {}}]}

    found = problems("care_plan", record)

    assert set(found) == {"person", "status", "activities[1].status", "activities[1].cost.amount"}
    assert found["person"] == "is required"
    assert found["activities[1].status"].startswith("must be one of: not-started, scheduled")


def test_a_misspelt_field_is_told_which_one_was_meant() -> None:
    found = problems("care_plan", PLAN | {"titel": "Home again", "activities": [{"instruction": "Daily"}]})

    assert found == {
        "titel": "unknown field; did you mean 'title'?",
        "activities[0].instruction": "unknown field; did you mean 'instructions'?",
    }


def test_a_fragment_need_not_be_complete() -> None:
    assert problems("care_plan", {"title": "Home again"}, partial=True) == {}


def test_null_means_absent_except_where_a_value_is_required() -> None:
    assert problems("care_plan", PLAN | {"title": None, "goals": None}) == {}
    assert "person" in problems("care_plan", PLAN | {"person": None})


def test_what_the_source_left_out_is_not_held_against_who_writes_now() -> None:
    before = {"names": [{"family": "Okafor"}], "identifiers": [{"value": "17"}]}
    record = before | {"gender": "female"}

    assert problems("person", record, before=before) == {}
    assert problems("person", record) == {"identifiers[0].system": "is required"}


def test_read_only_fields_may_come_along() -> None:
    assert (
        problems("care_plan", PLAN | {"id": "x", "version": "3", "updated_at": "2026-11-22T09:00:00Z"}) == {}
    )


def test_a_goal_inside_a_plan_belongs_to_the_person_of_the_plan() -> None:
    goal = {"id": "g", "description": "Climb the stairs", "status": "active"}

    assert problems("care_plan", PLAN | {"goals": [goal]}) == {}
    assert "goals[0].person" in problems("care_plan", PLAN | {"goals": [goal | {"person": "p-1"}]})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("birth_date", "1987-13"),
        ("birth_date", "05/06/1987"),
        ("birth_date", 1987),
        ("active", "yes"),
        ("active", 1),
        ("deceased", "perhaps"),
        ("preferred_name", "  "),
        ("birth_order", True),
        ("birth_order", 0),
        ("managing_organisation", "Organization/1"),
        ("general_practitioners", ["17"]),
        ("telecoms", [{"kind": "phone", "value": "1", "rank": "1"}]),
        ("names", {"family": "Okafor"}),
        ("names", ["Okafor"]),
    ],
)
def test_a_value_is_checked_and_never_converted(field: str, value: Any) -> None:
    assert any(place.startswith(field) for place in problems("person", {field: value}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("birth_date", "1987"),
        ("birth_date", "1987-06"),
        ("birth_date", "1987-06-05"),
        ("deceased", False),
        ("deceased", "2026-11"),
        ("deceased", "2026-11-22T09:30:00+01:00"),
        ("managing_organisation", "urn:uuid:5f0c"),
        ("managing_organisation", "#here"),
        ("general_practitioners", ["Practitioner/17", "https://ehr.example/fhir/Organization/2"]),
    ],
)
def test_dates_keep_their_precision_and_references_their_form(field: str, value: Any) -> None:
    assert problems("person", {field: value}) == {}


def test_a_number_keeps_its_digits_and_is_no_text() -> None:
    goal = {"person": "p-1", "description": "Lose weight", "status": "active"}

    assert problems("goal", goal | {"targets": [{"value": Decimal("1.10"), "unit": "kg"}]}) == {}
    assert problems("goal", goal | {"targets": [{"value": 80}]}) == {}
    assert "targets[0].value" in problems("goal", goal | {"targets": [{"value": "80"}]})
    assert "targets[0].value" in problems("goal", goal | {"targets": [{"value": Decimal("NaN")}]})


@pytest.mark.parametrize(
    ("kind", "record", "field"),
    [
        (
            "care_plan",
            {"activities": [{"product_text": "Frame", "product_resource": "Medication/1"}]},
            "activities[0].product",
        ),
        ("care_plan", {"activities": [{"request": "Task/1", "title": "Walk"}]}, "activities[0].title"),
        ("goal", {"targets": [{"value": 80, "text": "less"}]}, "targets[0].text"),
        ("person", {"multiple_birth": True, "birth_order": 2}, "birth_order"),
        ("referral", {"needed_by": "2026-12-01", "needed_at": "2026-12-01"}, "needed_at"),
    ],
)
def test_what_fhir_cannot_hold_together_is_refused(kind: str, record: dict[str, Any], field: str) -> None:
    assert field in problems(kind, record, partial=True)


def test_messages_never_repeat_a_value() -> None:
    record = {"birth_date": "Ngozi Okafor", "gender": "Ngozi Okafor", "names": "Ngozi Okafor"}

    assert not any("Okafor" in text for text in problems("person", record).values())
