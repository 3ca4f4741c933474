"""What each codec reads, writes, refuses and keeps."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.mapping.codecs import (
    AnyReference,
    Codec,
    Codes,
    CodingCodec,
    Concept,
    Day,
    Moment,
    Plain,
    PlainKind,
    RecordReference,
)
from gateway.mapping.values import MISSING, same

SNOMED = "http://snomed.info/sct"


@pytest.mark.parametrize(
    ("codec", "theirs", "ours"),
    [
        (Day(), "2015-02-07T13:28:17+02:00", "2015-02-07"),
        (Day(), "1987", "1987"),
        (Day(), "not a day", None),
        (Moment(), "2015-02-07T13:28:17.1234567890+02:00", "2015-02-07T11:28:17.1234567890Z"),
        (Moment(), "0999-01-01T00:00:00Z", "0999-01-01T00:00:00Z"),
        (Moment(), "0001-01-01T00:00:00+14:00", None),
        (Moment(), "1987-06", "1987-06"),
        (Plain(), {"a": 1}, None),
        (Plain(), False, False),
        (Plain(PlainKind.DECIMAL), "1.0", None),
        (Plain(PlainKind.INTEGER), True, None),
        (RecordReference("Patient"), "Patient/9/_history/3", "9"),
        (RecordReference("Patient"), "Group/9", None),
        (RecordReference("Patient"), "https://a.b/fhir/Patient/9", "https://a.b/fhir/Patient/9"),
        (
            RecordReference("Patient"),
            "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0",
            "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0",
        ),
        (RecordReference("Patient"), "#p1", "#p1"),
        (RecordReference("Patient"), "Patient?identifier=1", None),
        (RecordReference("Patient", typed_only=True), "https://a.b/fhir/Group/9", None),
        (AnyReference(frozenset({"Patient"})), "Patient/9", "Patient/9"),
        (AnyReference(frozenset({"Patient"})), "Group/9", None),
        (AnyReference(), "Dr Jones", None),
        (CodingCodec(), {"system": SNOMED, "code": "1", "version": "2"}, {"system": SNOMED, "code": "1"}),
        (CodingCodec(), {"display": "words"}, None),
        (Concept(), {"coding": [{"code": "a"}, {"code": "b", "userSelected": True}]}, {"code": "b"}),
        (Concept(), {"text": "words"}, None),
        (Concept(with_text=True), {"text": "words"}, {"text": "words"}),
        (Concept(), {"coding": {"code": "a"}}, None),
    ],
)
def test_a_fhir_value_reads_as_the_record_s(codec: Codec, theirs: Any, ours: Any) -> None:
    assert codec.read(theirs) == ours


@pytest.mark.parametrize(
    ("codec", "ours"),
    [
        (Day(), "2015-02-07T13:28:17+02:00"),
        (Day(), 1987),
        (Moment(), "yesterday"),
        (Plain(PlainKind.BOOLEAN), "true"),
        (RecordReference("Patient"), "Group/9"),
        (RecordReference("Patient"), "a b"),
        (AnyReference(), "9"),
        (Codes({}, {}), "x"),
        (CodingCodec(), {"display": "no code"}),
        (CodingCodec(), {"code": "a", "unknown": "x"}),
        (Concept(), {"code": "a", "text": "not here"}),
        (Concept(), {"system": SNOMED}),
    ],
)
def test_what_cannot_be_expressed_is_not_written(codec: Codec, ours: Any) -> None:
    assert codec.write(ours, MISSING) is MISSING


def test_a_changed_code_takes_its_descriptions_translations_and_text_with_it() -> None:
    old = {
        "id": "c1",
        "coding": [
            {"system": SNOMED, "code": "1", "display": "one", "version": "9"},
            {"code": "translation"},
        ],
        "text": "one, in words",
    }

    assert Concept().write({"system": SNOMED, "code": "2"}, old) == {
        "id": "c1",
        "coding": [{"system": SNOMED, "code": "2"}],
    }
    assert Concept(text_is_mapped=True).write({"code": "2"}, old)["text"] == "one, in words"


def test_a_changed_display_leaves_code_version_and_translations() -> None:
    old = {
        "coding": [{"code": "0"}, {"code": "1", "display": "one", "version": "9", "userSelected": True}],
        "text": "t",
    }

    new = Concept().write({"code": "1", "display": "first"}, old)

    assert new["coding"] == [
        {"code": "0"},
        {"code": "1", "version": "9", "userSelected": True, "display": "first"},
    ]
    assert new["text"] == "t"


def test_clearing_a_concept_leaves_a_text_that_another_rule_maps() -> None:
    concept = {"coding": [{"code": "1"}], "text": "words"}

    assert Concept().clear(concept) is MISSING
    assert Concept(text_is_mapped=True).clear(concept) == {"text": "words"}


def test_several_codes_of_theirs_may_be_one_word_of_ours() -> None:
    codes = Codes({"revoked": "cancelled", "entered-in-error": "cancelled"}, {"cancelled": "revoked"})

    assert (codes.read("entered-in-error"), codes.read("active")) == ("cancelled", None)
    assert codes.write("cancelled", MISSING) == "revoked"


def test_same_knows_numbers_by_value_and_truth_from_one() -> None:
    assert same(Decimal("1.10"), Decimal("1.1"))
    assert same({"a": None, "b": []}, {})
    assert not same(True, 1)
    assert not same("1", 1)
