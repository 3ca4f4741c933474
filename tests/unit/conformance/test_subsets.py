"""Parts of a resource: what R4's facts say belongs to them, and what always stays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.conformance.facts import r4
from gateway.conformance.subsets import SUBSETTED, Subset, read_subset, read_subset_of_one
from gateway.conformance.typed import shape_issues
from gateway.errors import BadRequest
from gateway.fhir.json_codec import read_untrusted, write

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "1",
    "meta": {"versionId": "1", "tag": [{"code": "kept"}, SUBSETTED]},
    "implicitRules": "urn:rules",
    "text": {"status": "generated", "div": "<div>a</div>"},
    "extension": [{"url": "urn:x", "valueString": "x"}],
    "modifierExtension": [{"url": "urn:y", "valueString": "y"}],
    "active": True,
    "name": [{"family": "F", "extension": [{"url": "urn:z", "valueString": "z"}]}],
    "birthDate": "1930",
    "_birthDate": {"extension": [{"url": "urn:w", "valueString": "w"}]},
    "maritalStatus": {"text": "married"},
    "photo": [{"contentType": "image/png", "data": "AAAA"}],
    "communication": [{"language": {"text": "Welsh"}}],
    "link": [{"other": {"reference": "Patient/2"}, "type": "seealso"}],
}
ALWAYS = {"resourceType", "id", "meta", "implicitRules", "modifierExtension"}


def part(resource: dict[str, Any], **said: str) -> dict[str, Any]:
    return read_subset({f"_{name}": value for name, value in said.items()}).part(resource)


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ({"summary": "true"}, {"active", "name", "birthDate", "_birthDate", "link"}),
        ({"summary": "text"}, {"text"}),
        ({"summary": "data"}, PATIENT.keys() - ALWAYS - {"text"}),
        ({"elements": "birthDate"}, {"active", "link", "birthDate", "_birthDate"}),
        ({"elements": "name,maritalStatus"}, {"active", "link", "name", "maritalStatus"}),
        ({"elements": "Patient.photo,Practitioner.name"}, {"active", "link", "photo"}),
        ({"elements": "nothing"}, {"active", "link"}),
    ],
)
def test_each_part_has_its_elements(said: dict[str, str], names: set[str]) -> None:
    found = part(PATIENT, **said)

    assert found.keys() - ALWAYS == names
    assert found.keys() >= ALWAYS
    assert list(found) == [name for name in PATIENT if name in found]
    assert found["meta"] == {"versionId": "1", "tag": [{"code": "kept"}, SUBSETTED]}


def test_a_summary_goes_down_to_what_lies_inside() -> None:
    document: dict[str, Any] = {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": {"contentType": "text/plain", "data": "AAAA"}, "format": {"code": "x"}}],
        "description": "seen",
        "subject": {"extension": [{"url": "urn:x", "valueCode": "unknown"}]},
    }

    found = part(document, summary="true")

    assert found["content"] == [{"attachment": {"contentType": "text/plain"}, "format": {"code": "x"}}]
    assert found["subject"] == document["subject"], "what would become empty stays"


@pytest.mark.parametrize("named", ["value", "value[x]", "valueQuantity", "Observation.value"])
def test_a_choice_is_named_by_its_stem_or_by_its_type(named: str) -> None:
    body = b'{"resourceType":"Observation","code":{},"valueQuantity":{"value":1.10},"note":[{"text":"n"}]}'
    resource: Any = read_untrusted(body)

    found = part(resource, elements=named)

    assert write(found["valueQuantity"]) == b'{"value":1.10}'
    assert found.keys() == {"resourceType", "meta", "code", "valueQuantity"}


def test_the_whole_is_the_very_bytes() -> None:
    body = b'{"resourceType":"Basic" }'

    assert all(
        read_subset(said).of(body) is body for said in ({}, {"_summary": "false"}, {"_summary": "count"})
    )
    assert Subset().of(b"") == b""


@pytest.mark.parametrize(
    "said",
    [
        {"_summary": "yes"},
        {"_summary": ""},
        {"_elements": ""},
        {"_elements": "name,"},
        {"_elements": "name;drop"},
        {"_elements": "name", "_summary": "true"},
    ],
)
def test_what_asks_for_no_part_is_refused(said: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        read_subset(said)


def test_a_count_is_of_a_search_only() -> None:
    with pytest.raises(BadRequest):
        read_subset_of_one({"_summary": "count"})


@pytest.mark.shared_data
@pytest.mark.parametrize(
    "said", [{"summary": "true"}, {"summary": "text"}, {"summary": "data"}, {"elements": "id"}]
)
def test_every_part_of_every_published_example_is_a_resource_of_r4(
    shared_data: Path, said: dict[str, str]
) -> None:
    seen: set[str] = set()
    for path in sorted((shared_data / "r4-core-examples").rglob("*.json")):
        resource = json.loads(path.read_bytes())
        type = resource.get("resourceType") if isinstance(resource, dict) else None
        if type not in r4().resources or type in seen or shape_issues(resource):
            continue
        seen.add(type)
        assert shape_issues(part(resource, **said)) == [], path.name
    assert len(seen) > 40
