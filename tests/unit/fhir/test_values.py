"""Identifiers, codes and outcomes."""

from __future__ import annotations

from gateway.errors import Issue
from gateway.fhir.codings import Coding, codings_of
from gateway.fhir.identifiers import Identifier, identifiers_of
from gateway.fhir.outcome import operation_outcome
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


def test_what_has_a_code_is_a_coding() -> None:
    concept = {
        "coding": [
            {"system": "a", "code": "1"},
            {"system": "b", "code": "2", "display": "two"},
            {"system": "c"},
        ]
    }

    assert codings_of(concept) == (Coding("a", "1"), Coding("b", "2", "two"))
    assert codings_of(None) == ()


def test_an_outcome_states_its_issues_in_their_order() -> None:
    missing = Issue("error", "required", "Goal.subject is missing", "Goal.subject")
    odd = Issue("warning", "value", "odd", "", "d")

    first, second = operation_outcome([missing, odd])["issue"]

    assert first == {
        "severity": "error",
        "code": "required",
        "details": {"text": "Goal.subject is missing"},
        "expression": ["Goal.subject"],
    }
    assert second == {"severity": "warning", "code": "value", "details": {"text": "odd"}, "diagnostics": "d"}


def test_an_outcome_without_issues_says_that_all_went_well() -> None:
    assert operation_outcome([])["issue"][0]["severity"] == "information"


def test_r4_has_146_types_that_can_be_sent() -> None:
    assert len(R4_TYPES) == 146
    assert DIRECTORY_TYPES < R4_TYPES
    assert {"Resource", "DomainResource", "Citation"}.isdisjoint(R4_TYPES)
