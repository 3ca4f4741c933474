"""References: what a text says, where they stand, how they change."""

from __future__ import annotations

import pytest

from gateway.fhir.references import (
    Reference,
    ReferenceKind,
    parse_reference,
    relative,
    rewrite,
    walk,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Patient/9", Reference(ReferenceKind.RELATIVE, "Patient/9", type="Patient", id="9")),
        (
            "CarePlan/a-1.b/_history/3",
            Reference(
                ReferenceKind.RELATIVE, "CarePlan/a-1.b/_history/3", type="CarePlan", id="a-1.b", version="3"
            ),
        ),
        (
            "https://ehr.example/fhir/R4/Goal/7",
            Reference(
                ReferenceKind.ABSOLUTE,
                "https://ehr.example/fhir/R4/Goal/7",
                base="https://ehr.example/fhir/R4",
                type="Goal",
                id="7",
            ),
        ),
        ("Patient/a_1", Reference(ReferenceKind.RELATIVE, "Patient/a_1", type="Patient", id="a_1")),
        ("urn:uuid:abc", Reference(ReferenceKind.URN, "urn:uuid:abc", id="abc")),
        ("#p1", Reference(ReferenceKind.FRAGMENT, "#p1", id="p1")),
        ("#", Reference(ReferenceKind.FRAGMENT, "#", id="")),
        (
            "Practitioner?identifier=http://x|9",
            Reference(ReferenceKind.CONDITIONAL, "Practitioner?identifier=http://x|9", type="Practitioner"),
        ),
    ],
)
def test_a_reference_is_read_into_its_parts(text: str, expected: Reference) -> None:
    assert parse_reference(text) == expected


@pytest.mark.parametrize(
    "text", ["", "Patient", "Patient/", "Sandwich/9", "patient/9", "Patient/9/", "http://x/y", "a b"]
)
def test_a_text_that_follows_no_rule_is_kept_as_other(text: str) -> None:
    assert parse_reference(text) == Reference(ReferenceKind.OTHER, text)


def test_references_are_found_with_their_paths() -> None:
    plan = {
        "resourceType": "CarePlan",
        "contained": [{"resourceType": "Goal", "subject": {"reference": "Patient/1"}}],
        "subject": {"reference": "Patient/1"},
        "activity": [{"reference": {"reference": "Task/2"}}, {"reference": {"display": "no literal one"}}],
        "extension": [{"url": "x", "valueReference": {"reference": "#p"}}],
    }

    assert [(path, holder["reference"]) for path, holder in walk(plan)] == [
        ("CarePlan.contained[0].subject", "Patient/1"),
        ("CarePlan.subject", "Patient/1"),
        ("CarePlan.activity[0].reference", "Task/2"),
        ("CarePlan.extension[0].valueReference", "#p"),
    ]


def test_a_uri_that_is_called_reference_is_none() -> None:
    issue = {"resourceType": "DetectedIssue", "status": "final", "reference": "Patient/1"}

    assert list(walk(issue)) == []
    assert rewrite(issue, lambda text: "Patient/2") is issue


def test_rewriting_changes_only_what_changed() -> None:
    note = [{"text": "kept"}]
    plan = {"resourceType": "CarePlan", "subject": {"reference": "Patient/1"}, "note": note}

    rewritten = rewrite(plan, lambda text: text.replace("/1", "/2"))

    assert rewritten["subject"] == {"reference": "Patient/2"}
    assert plan["subject"] == {"reference": "Patient/1"}
    assert rewritten["note"] is note
    assert list(rewritten) == list(plan)


def test_a_relative_reference_is_written() -> None:
    assert relative("Patient", "9") == "Patient/9"
