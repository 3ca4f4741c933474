"""The typed model's opinion on the shape of resources."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from gateway.conformance.typed import _ONLY_IN_R4, UNKNOWN_TO_THE_MODEL, authored, shape_issues
from gateway.fhir.json_codec import read_untrusted
from gateway.fhir.resource_types import R4_TYPES

PLAN = {
    "resourceType": "CarePlan",
    "status": "active",
    "intent": "plan",
    "subject": {"reference": "Patient/1"},
}


@pytest.mark.parametrize(
    ("resource", "code", "expression"),
    [
        ({"resourceType": "Sandwich"}, "structure", "resourceType"),
        ({"id": "1"}, "structure", "resourceType"),
        ({**PLAN, "sandwich": 1}, "structure", "CarePlan.sandwich"),
        (
            {**PLAN, "activity": [{}, {"detail": {"status": "x", "no": 1}}]},
            "structure",
            "CarePlan.activity[1].detail.no",
        ),
        ({**PLAN, "category": {"text": "x"}}, "structure", "CarePlan.category"),
        ({**PLAN, "created": "yesterday"}, "value", "CarePlan.created"),
        ({**PLAN, "title": 7}, "structure", "CarePlan.title"),
        ({**PLAN, "subject": ["Patient/1"]}, "structure", "CarePlan.subject"),
        (
            {**PLAN, "contained": [{"resourceType": "Sandwich"}]},
            "structure",
            "CarePlan.contained[0].resourceType",
        ),
        (
            {**PLAN, "contained": [{"resourceType": "Patient", "active": "yes"}]},
            "structure",
            "CarePlan.contained[0].active",
        ),
        ({"resourceType": "Patient", "active": 1}, "structure", "Patient.active"),
        (
            {"resourceType": "Patient", "multipleBirthInteger": "1"},
            "structure",
            "Patient.multipleBirthInteger",
        ),
        (
            {"resourceType": "Patient", "multipleBirthInteger": Decimal("1.5")},
            "value",
            "Patient.multipleBirthInteger",
        ),
        ({"resourceType": "Patient", "birthDate": "1987-02-30"}, "value", "Patient.birthDate"),
        (
            {"resourceType": "Patient", "deceasedBoolean": True, "deceasedDateTime": "2020"},
            "structure",
            "Patient",
        ),
        (
            {"resourceType": "Task", "status": "requested", "intent": "order", "for": "Patient/1"},
            "structure",
            "Task.for",
        ),
        (
            {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": {"resourceType": "Goal"}}]},
            "required",
            "Bundle.entry[0].resource.description",
        ),
        (
            {
                "resourceType": "Parameters",
                "parameter": [{"name": "a", "resource": {"resourceType": "Sandwich"}}],
            },
            "structure",
            "Parameters",
        ),
    ],
)
def test_a_fault_is_found_at_its_element(resource: dict[str, Any], code: str, expression: str) -> None:
    found = shape_issues(resource)

    assert (code, expression) in [(issue.code, issue.expression) for issue in found]
    assert all(issue.severity == "error" for issue in found)


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ({"resourceType": "Patient", "birthDate": "1987-13-01"}, "1987-06-05"),
        ({**PLAN, "created": "2026-11-22T09:30"}, "a time with its zone"),
        ({"resourceType": "Patient", "meta": {"lastUpdated": "2026"}}, "2026-11-22T09:30:00Z"),
        ({"resourceType": "Patient", "name": [None]}, "null is no item"),
        ({"resourceType": "Patient", "nmae": []}, "Did you mean name?"),
        ({"resourceType": "Patient", "name": [{"famly": "x"}]}, "Did you mean family?"),
        ({**PLAN, "activity": [{"detail": {"status": "x", "goals": []}}]}, "Did you mean goal?"),
        ({**PLAN, "period": {"strat": "2026"}}, "Did you mean start?"),
    ],
)
def test_a_fault_says_what_would_be_right(resource: dict[str, Any], said: str) -> None:
    [issue] = shape_issues(resource)
    assert said in issue.text


def test_every_fault_is_reported_at_once() -> None:
    found = shape_issues({"resourceType": "Goal", "lifecycleStatus": "active", "sandwich": 1})

    assert {issue.expression for issue in found} == {"Goal.description", "Goal.subject", "Goal.sandwich"}


def test_a_required_primitive_is_missed() -> None:
    found = shape_issues({"resourceType": "Task", "intent": "order"})

    assert [(issue.code, issue.expression) for issue in found] == [("required", "Task.status")]


def test_an_issue_never_quotes_what_was_sent() -> None:
    found = shape_issues(
        {
            "resourceType": "Patient",
            "birthDate": "Odette",
            "gender": 7,
            "Odette Marchand": 1,
            "name": ["Odette"],
        }
    )

    assert len(found) >= 3
    assert "Odette" not in repr(found)


def test_a_good_resource_is_left_alone() -> None:
    held = {**PLAN, "contained": [{"resourceType": "Patient", "id": "p"}]}
    before = json.dumps(held)

    assert shape_issues(held) == []
    assert authored(held) is held
    assert json.dumps(held) == before


def test_a_resource_of_ours_that_breaks_r4_is_a_mistake_of_ours() -> None:
    with pytest.raises(AssertionError, match="Goal"):
        authored({"resourceType": "Goal"})


def test_an_entry_with_nothing_but_its_resource_is_fine() -> None:
    assert shape_issues({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": PLAN}]}) == []


def test_value_meta_is_an_element_of_r4() -> None:
    extension = {"url": "https://x.example", "valueMeta": {"versionId": "1"}}

    assert shape_issues({"resourceType": "Patient", "extension": [extension]}) == []


def test_a_type_the_model_does_not_know_is_checked_for_its_name_only() -> None:
    assert shape_issues({"resourceType": "MedicinalProduct", "id": "1"}) == []
    assert shape_issues({**PLAN, "contained": [{"resourceType": "MedicinalProduct", "id": "1"}]}) == []


def test_deep_nesting_is_an_issue_and_no_crash() -> None:
    extension: dict[str, Any] = {"url": "https://x.example", "valueString": "x"}
    for _ in range(5000):
        extension = {"url": "https://x.example", "extension": [extension]}

    (issue,) = shape_issues({"resourceType": "Patient", "extension": [extension]})

    assert "nested deeper than 64" in issue.text


@pytest.mark.shared_data
def test_the_published_examples_have_the_shape_of_r4(shared_data: Path) -> None:
    refused = set()
    for file in sorted(shared_data.rglob("*.json")):
        value = read_untrusted(file.read_bytes(), max_bytes=64_000_000, max_nodes=5_000_000)
        if isinstance(value, dict) and value.get("resourceType") in R4_TYPES and shape_issues(value):
            refused.add(file.name)

    assert refused == {"Questionnaire-qs1.json"}  # groups without linkId, which R4 requires


@pytest.mark.shared_data
def test_where_r4_and_the_model_differ_is_known(shared_data: Path) -> None:
    gaps: set[str] = set()
    with tarfile.open(shared_data / "definitions" / "hl7.fhir.r4.core-4.0.1.tgz") as package:
        for member in package:
            if not member.name.rpartition("/")[2].startswith("StructureDefinition-"):
                continue
            definition = json.load(package.extractfile(member))  # type: ignore[arg-type]
            if definition["type"] in R4_TYPES and definition.get("derivation") == "specialization":
                gaps |= {definition["type"]} if _differs(definition) else set()
            elif definition["type"] == "Extension" and definition.get("derivation") == "specialization":
                assert _missing(definition, "Extension") == {"valueMeta"}

    assert gaps == UNKNOWN_TO_THE_MODEL
    assert "valueMeta" in _ONLY_IN_R4


def _differs(definition: dict[str, Any]) -> bool:
    try:
        return bool(_missing(definition, definition["type"]))
    except ValueError:  # "… is not a valid FHIR Model"
        return True


def _missing(definition: dict[str, Any], name: str) -> set[str]:
    known = {field.alias or key for key, field in get_fhir_model_class(name).model_fields.items()}
    wanted: set[str] = set()
    for element in definition["snapshot"]["element"][1:]:
        _, _, leaf = element["path"].partition(".")
        if "." in leaf:
            continue
        if leaf.endswith("[x]"):
            wanted |= {leaf[:-3] + code["code"][0].upper() + code["code"][1:] for code in element["type"]}
        else:
            wanted.add(leaf)
    return wanted - known


def test_the_model_of_a_type_is_loaded_when_it_is_first_needed() -> None:
    script = (
        "import sys, gateway.conformance.typed as typed; before = set(sys.modules);"
        "typed.shape_issues({'resourceType': 'Patient'});"
        "assert 'fhir.resources.R4B.patient' in set(sys.modules) - before;"
        "assert 'fhir.resources.R4B.careplan' not in sys.modules;"
        "assert 'fhir.resources.patient' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)
