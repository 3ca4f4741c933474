"""Whom a resource is about."""

from __future__ import annotations

import pytest

from gateway.fhir.json_codec import Resource
from gateway.fhir.subjects import patients_named, subject_elements

ONE = {"reference": "Patient/1"}


@pytest.mark.parametrize(
    "resource",
    [
        {
            "resourceType": "Patient",
            "id": "1",
            "link": [{"other": {"reference": "Patient/2"}, "type": "seealso"}],
        },
        {"resourceType": "CarePlan", "subject": ONE, "author": {"reference": "Patient/2"}},
        {
            "resourceType": "Task",
            "for": {"reference": "Patient/1/_history/4"},
            "requester": {"reference": "Patient/2"},
        },
        {"resourceType": "Consent", "patient": ONE},
        {"resourceType": "Coverage", "beneficiary": ONE, "subscriber": {"reference": "Patient/2"}},
        {
            "resourceType": "Appointment",
            "participant": [{"actor": {"reference": "Practitioner/2"}}, {"actor": ONE}],
        },
        {"resourceType": "Person", "link": [{"target": ONE}]},
        {"resourceType": "Provenance", "target": [{"reference": "Goal/2"}, ONE]},
    ],
)
def test_a_resource_names_whom_it_is_about(resource: Resource) -> None:
    assert patients_named(resource) == {"1"}


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Organization", "id": "1"},
        {"resourceType": "CarePlan", "subject": {"reference": "Group/1"}},
        {"resourceType": "CarePlan", "subject": {"reference": "https://other.example/Patient/1"}},
        {"resourceType": "CarePlan", "subject": {"reference": "#p"}},
        {"resourceType": "CarePlan", "subject": "Patient/1"},
        {"resourceType": "Patient"},
        {},
    ],
)
def test_nobody_is_named_where_no_patient_of_ours_is(resource: Resource) -> None:
    assert patients_named(resource) == frozenset()


def test_the_elements_that_say_whom_a_resource_is_about_depend_on_its_type() -> None:
    assert subject_elements("Task") == {"subject", "patient", "for"}
    assert subject_elements("Appointment") == {"subject", "patient", "participant"}


def test_several_people_can_be_named() -> None:
    appointment = {
        "resourceType": "Appointment",
        "participant": [{"actor": ONE}, {"actor": {"reference": "Patient/2"}}],
    }

    assert patients_named(appointment) == {"1", "2"}
