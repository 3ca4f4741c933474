"""What each search value means: found and not found, by the resource itself, without any index."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.conformance.searching.criterion import read_criterion
from gateway.conformance.searching.escaping import escaped, split, unescaped
from gateway.conformance.searching.parameters import search_params
from gateway.errors import BadRequest, UnknownParameter

GENDER = "http://hl7.org/fhir/administrative-gender"
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
PATIENT = {
    "resourceType": "Patient",
    "identifier": [
        {
            "system": "urn:mrn",
            "value": "A-1",
            "type": {"coding": [{"system": "urn:types", "code": "MR"}], "text": "Medical record"},
        }
    ],
    "active": True,
    "name": [{"family": "Müller-Løvgren", "given": ["Zoë", "100%_x"], "use": "official"}],
    "gender": "female",
    "birthDate": "1987-06",
    "address": [{"city": "Örebro", "line": ["Storgatan 5"]}],
    "managingOrganization": {"identifier": {"system": "urn:orgs", "value": "O1"}},
}
OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": {
        "coding": [{"system": LOINC, "code": "8480-6", "display": "Systolic"}],
        "text": "Blood pressure",
    },
    "subject": {"reference": "Patient/7"},
    "effectivePeriod": {"start": "2026-03-01T10:00:00Z"},
    "valueQuantity": {"value": Decimal("5.4"), "unit": "mg", "system": UCUM, "code": "mg"},
    "component": [
        {"code": {"coding": [{"code": "a"}]}, "valueQuantity": {"value": 1}},
        {"code": {"coding": [{"code": "b"}]}, "valueQuantity": {"value": 2}},
    ],
}


def is_met(resource: dict[str, Any], name: str, text: str) -> bool:
    code, _, modifier = name.partition(":")
    param = search_params(resource["resourceType"])[code]
    return read_criterion(param, modifier, text, own_base="https://gw/fhir/").is_met_by(resource)


MEANT = [
    (PATIENT, "identifier", ["A-1", "urn:mrn|A-1", "urn:mrn|", "x,A-1"], ["a-1", "|A-1", "urn:x|A-1"]),
    (PATIENT, "identifier:not", ["B", "urn:x|A-1"], ["A-1"]),
    (PATIENT, "identifier:of-type", ["urn:types|MR|A-1"], ["urn:types|MR|B", "urn:types|XX|A-1"]),
    (PATIENT, "identifier:text", ["medical", "MEDICAL REC"], ["record"]),
    (PATIENT, "identifier:missing", ["false"], ["true"]),
    (PATIENT, "email:missing", ["true"], ["false"]),
    (PATIENT, "active", ["true"], ["false"]),
    (PATIENT, "gender", ["female", f"{GENDER}|female"], ["male", "urn:x|female"]),
    (PATIENT, "gender:not", ["male"], ["female"]),
    (PATIENT, "family", ["muller", "Müller-løv", "MÜLLER"], ["lovgren", "uller"]),
    (PATIENT, "family:exact", ["Müller-Løvgren"], ["müller-løvgren", "Müller"]),
    (PATIENT, "family:contains", ["LER-L", "gren"], ["grin"]),
    (PATIENT, "given", ["zoe", "100%_", "100%_x"], ["100_", "%", "_"]),
    (PATIENT, "name", ["zoe", "mull"], ["official"]),
    (PATIENT, "address", ["orebro", "storg"], ["5"]),
    (PATIENT, "birthdate", ["1987", "1987-06", "ge1987", "lt1988", "sa1987-05"], ["1987-06-05"]),
    (PATIENT, "birthdate", ["ne1987-07", "le1987-06", "gt1987-05", "eb1987-07-01"], ["ne1987", "gt1987-06"]),
    (PATIENT, "organization:identifier", ["urn:orgs|O1", "O1"], ["urn:orgs|O2"]),
    (OBSERVATION, "code", [f"{LOINC}|8480-6", "8480-6", f"{LOINC}|"], [f"{LOINC}|x", "|8480-6"]),
    (OBSERVATION, "code:text", ["blood", "systol"], ["pressure"]),
    (OBSERVATION, "code:not", ["x"], ["8480-6"]),
    (OBSERVATION, "status:in", ["http://hl7.org/fhir/ValueSet/observation-status"], []),
    (OBSERVATION, "subject", ["Patient/7", "7", "https://gw/fhir/Patient/7"], ["Patient/8", "Group/7"]),
    (OBSERVATION, "subject", [], ["https://other/fhir/Patient/7"]),
    (OBSERVATION, "subject:Patient", ["7", "Patient/7"], ["8"]),
    (OBSERVATION, "patient", ["7"], ["8"]),
    (OBSERVATION, "date", ["ge2026-03", "gt2030", "sa2026-02", "ap2026-03-02"], ["2026", "lt2026"]),
    (OBSERVATION, "value-quantity", ["5.4", f"5.4|{UCUM}|mg", "5.4||mg", "5", "gt5.3", "le5.4"], ["5.40001"]),
    (OBSERVATION, "value-quantity", ["ne6", "lt5.5", "ap5"], ["5.35||kg", "5.3", "gt5.4", "ne5.4", "4"]),
    (OBSERVATION, "code-value-quantity", ["8480-6$5.4", f"{LOINC}|8480-6$gt5"], ["8480-6$6", "a$5.4"]),
    (OBSERVATION, "component-code-value-quantity", ["a$1", "b$2"], ["a$2", "b$1"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("resource", "name", "met", "unmet"), MEANT, ids=[f"{it[1]}-{at}" for at, it in enumerate(MEANT)]
)
def test_a_value_means_what_r4_says(
    resource: dict[str, Any], name: str, met: list[str], unmet: list[str]
) -> None:
    assert [text for text in met if not is_met(resource, name, text)] == []
    assert [text for text in unmet if is_met(resource, name, text)] == []


DOCUMENT = {
    "resourceType": "DocumentReference",
    "relatesTo": [{"code": "replaces", "target": {"reference": "DocumentReference/9"}}],
}
PLAN = {
    "resourceType": "CarePlan",
    "period": {"start": "no date", "end": "2026"},
    "activity": [{"detail": {"scheduledString": "2026-01-01"}}],
}
BUNDLE = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Practitioner", "id": "p"}}]}


def test_what_r4_publishes_crossed_is_read_straight() -> None:
    assert is_met(DOCUMENT, "relationship", "DocumentReference/9$replaces")
    assert not is_met(DOCUMENT, "relationship", "DocumentReference/9$appends")


def test_what_says_no_time_is_found_by_none() -> None:
    assert is_met(PLAN, "date:missing", "true")
    assert is_met(PLAN, "activity-date:missing", "true")


def test_a_bundle_is_found_by_its_first_entry_only_where_that_is_of_the_kind() -> None:
    assert is_met(BUNDLE, "message:missing", "true")
    entry = [{"resource": {"resourceType": "MessageHeader", "id": "m"}}]
    assert is_met({**BUNDLE, "entry": entry}, "message", "MessageHeader/m")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("birthdate", "tomorrow"), ("birthdate", "xx1987"), ("birthdate", "1987-13"),
        ("identifier:of-type", "a|b"), ("identifier", "|"), ("identifier", ""), ("identifier", ","),
        ("organization:Organization", "Patient/1"), ("active:missing", "maybe"), ("family", "\\,"[:0] + " "),
        ("identifier:in", "http://example.org/unknown"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_read_is_refused(name: str, text: str) -> None:
    with pytest.raises(BadRequest):
        is_met(PATIENT, name, text)


@pytest.mark.parametrize(
    "name",
    [
        "birthdate:exact",
        "family:not",
        "identifier:contains",
        "organization:Patient",
        "gender:above",
        "active:x",
    ],
)
def test_a_modifier_that_the_kind_has_not_is_refused(name: str) -> None:
    with pytest.raises(UnknownParameter):
        is_met(PATIENT, name, "1")


@pytest.mark.parametrize("text", ["1e9999", "٣", "5.4|x", "5|a|b|c", "--5", "NaN", "0x1"])
def test_only_numbers_are_numbers(text: str) -> None:
    with pytest.raises(BadRequest):
        is_met(OBSERVATION, "value-quantity", text)


@given(st.text(min_size=1))
def test_an_escaped_text_means_itself(text: str) -> None:
    assert unescaped(escaped(text)) == text
    for sign in ",|$":
        assert split(escaped(text), sign) == [escaped(text)]
