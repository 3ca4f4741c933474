"""What fields of a record say together: R4's own invariants, told in the words of the record."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.records import RECORDS, validate

NEED = {"person": "1"}
BOOKED = {
    "status": "booked",
    "participants": [{"who": "Patient/1", "status": "accepted"}],
    "starts_at": "2026-11-30T10:00:00Z",
    "ends_at": "2026-11-30T11:00:00Z",
}
CONSENT = {"person": "1", "status": "active"}


def places(kind: str, record: dict[str, Any], **more: Any) -> set[str]:
    return {issue.expression for issue in validate(RECORDS[kind], record, **more)}


@pytest.mark.parametrize(
    ("record", "at_fault"),
    [
        ({"abated": {"at": "2026"}, "clinical_status": "resolved"}, set()),
        ({"abated": {"at": "2026"}, "clinical_status": "active"}, {"clinical_status"}),
        ({"abated": {"at": "2026"}}, {"clinical_status"}),
        ({"abated": None, "clinical_status": "active"}, set()),
        ({"verification_status": "entered-in-error"}, set()),
        ({"verification_status": "entered-in-error", "clinical_status": "active"}, {"clinical_status"}),
        ({"onset": {"at": "2019"}}, set()),
        ({"onset": {"at": "2019", "text": "in spring"}}, {"onset.text"}),
        ({"onset": {"age": 3, "age_months": 36}}, {"onset.age_months"}),
        ({"onset": {"low": 40, "high": 50, "unit": "years"}}, set()),
    ],
)
def test_a_need_keeps_the_rules_of_a_condition(record: dict[str, Any], at_fault: set[str]) -> None:
    assert places("need", NEED | record) == at_fault


@pytest.mark.parametrize(
    ("record", "at_fault"),
    [
        ({}, set()),
        ({"participants": []}, {"participants"}),
        ({"participants": [{"status": "accepted"}]}, {"participants[0].who"}),
        ({"participants": [{"status": "accepted", "roles": [{"text": "Driver"}]}]}, set()),
        ({"ends_at": None}, {"ends_at"}),
        ({"starts_at": None, "ends_at": None}, {"status"}),
        ({"starts_at": None, "ends_at": None, "status": "proposed"}, set()),
        ({"cancelled_because": "A cold"}, {"cancelled_because"}),
        ({"cancelled_because": "A cold", "status": "noshow"}, set()),
    ],
)
def test_an_appointment_keeps_the_rules_of_r4(record: dict[str, Any], at_fault: set[str]) -> None:
    assert places("appointment", BOOKED | record) == at_fault


def test_what_a_partner_left_out_of_a_participant_is_not_held_against_who_edits() -> None:
    before = BOOKED | {"participants": [{"who_text": "South Wing", "status": "accepted"}]}

    assert places("appointment", before | {"comment": "By the side door"}, before=before) == set()


def test_a_consent_has_one_source_and_every_party_its_role() -> None:
    both = {"document": "DocumentReference/1", "attachment": {"title": "Form"}}
    rule = {"decision": "deny", "who": [{"who": "Organization/1"}], "data": [{"what": "Goal/1"}]}

    assert places("consent", CONSENT | both) == {"attachment"}
    assert places("consent", CONSENT | {"rules": [rule]}) == {
        "rules[0].who[0].role",
        "rules[0].data[0].meaning",
    }
