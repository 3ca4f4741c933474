"""What a resource is found by: every form of every value, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.conformance.served_types import SERVED
from gateway.fhir.resource_types import R4_TYPES
from gateway.store.postings import hashed, keys_of, parameters_of, reference_key, token_key


def test_an_identifier_is_found_in_each_form_a_token_has() -> None:
    keys = keys_of({"resourceType": "Patient", "identifier": [{"system": "s", "value": "v"}]})
    assert keys == {
        token_key("Patient", "identifier", "s", "v"),
        token_key("Patient", "identifier", None, "v"),
        token_key("Patient", "identifier", "s", ""),
    }


def test_a_value_without_a_system_is_found_as_that() -> None:
    keys = keys_of({"resourceType": "Patient", "identifier": [{"value": "v"}]})
    assert token_key("Patient", "identifier", "", "v") in keys
    assert token_key("Patient", "identifier", "s", "v") not in keys


def test_a_reference_is_found_by_its_target_without_its_version() -> None:
    task = {"resourceType": "Task", "for": {"reference": "Patient/9/_history/2"}, "status": "requested"}
    assert reference_key("Task", "patient", "Patient/9") in keys_of(task)
    group = {"resourceType": "Task", "for": {"reference": "Group/9"}}
    assert reference_key("Task", "patient", "Group/9") not in keys_of(group)


@pytest.mark.parametrize("element", ["Condition", "Observation"])
def test_every_coding_of_a_concept_counts(element: str) -> None:
    concept = {"coding": [{"system": "a", "code": "1"}, {"code": "2"}], "text": "words"}
    keys = keys_of({"resourceType": element, "identifier": [concept]})
    assert token_key(element, "identifier", "a", "1") in keys
    assert token_key(element, "identifier", "", "2") in keys
    assert token_key(element, "identifier", None, "words") not in keys


def test_a_type_without_an_address_is_still_found_by_identifier_status_and_patient() -> None:
    claim = {
        "resourceType": "Claim",
        "identifier": [{"system": "s", "value": "v"}],
        "status": "active",
        "patient": {"reference": "Patient/9"},
    }
    assert {
        token_key("Claim", "identifier", "s", "v"),
        token_key("Claim", "status", None, "active"),
        reference_key("Claim", "patient", "Patient/9"),
    } <= keys_of(claim)
    assert "Claim" not in SERVED


@given(st.sampled_from(sorted(R4_TYPES)), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["identifier", "status", "subject", "patient", "reference", "coding", "system", "value", "code"]
    ), inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_no_shape_of_a_resource_breaks_the_index(type: str, odd: Any) -> None:
    elements = odd if isinstance(odd, dict) else {"identifier": odd, "status": odd, "subject": odd}
    for key in keys_of({**elements, "resourceType": type}):
        assert -(2**63) <= hashed(key) < 2**63
        assert key.split("\x1f")[:1] == [type]
    assert all(param.name not in ("_id", "_lastUpdated") for param in parameters_of(type))
