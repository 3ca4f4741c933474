"""Identifiers, codes and outcomes."""

from __future__ import annotations

import pytest

from gateway.errors import Issue, Unprocessable
from gateway.fhir.codings import Coding, code_in, codings_of
from gateway.fhir.identifiers import Identifier, identifiers_of
from gateway.fhir.outcome import issues_of, operation_outcome
from gateway.fhir.resource_types import DIRECTORY_TYPES, R4_TYPES


def test_identifiers_come_in_order_without_repeats_or_hollow_ones() -> None:
    patient = {
        "identifier": [
            {"system": "s", "value": "2"},
            {"value": "1"},
            {"system": "s"},
            {"system": "s", "value": "2"},
        ]
    }

    assert identifiers_of(patient) == (Identifier("s", "2"), Identifier("", "1"))


def test_a_single_identifier_is_read_too() -> None:
    assert identifiers_of({"identifier": {"system": "s", "value": "1"}}) == (Identifier("s", "1"),)
    assert identifiers_of({}) == ()


def test_the_code_of_a_system_is_found_wherever_it_stands() -> None:
    concept = {
        "coding": [
            {"system": "a", "code": "1"},
            {"system": "b", "code": "2", "display": "two"},
            {"system": "c"},
        ]
    }

    assert code_in(concept, "b") == "2"
    assert code_in(concept, "c") is None
    assert code_in(None, "b") is None
    assert codings_of(concept) == (Coding("a", "1"), Coding("b", "2", "two"))


def test_two_codes_in_one_system_are_never_guessed_between() -> None:
    with pytest.raises(Unprocessable, match="2 different codes in a"):
        code_in({"coding": [{"system": "a", "code": "1"}, {"system": "a", "code": "2"}]}, "a")


def test_an_outcome_states_its_issues_and_can_be_read_back() -> None:
    issues = (
        Issue("error", "required", "Goal.subject is missing", "Goal.subject"),
        Issue("warning", "value", "odd", "", "d"),
    )

    assert issues_of(operation_outcome(issues)) == issues


def test_an_outcome_without_issues_says_that_all_went_well() -> None:
    assert operation_outcome([])["issue"][0]["severity"] == "information"


def test_what_is_no_outcome_has_no_issues() -> None:
    assert issues_of({"resourceType": "Patient", "issue": [{"severity": "error"}]}) == ()
    assert issues_of({"resourceType": "OperationOutcome", "issue": "broken"}) == ()


def test_r4_has_146_types_that_can_be_sent() -> None:
    assert len(R4_TYPES) == 146
    assert DIRECTORY_TYPES < R4_TYPES
    assert {"Resource", "DomainResource", "Citation"}.isdisjoint(R4_TYPES)
