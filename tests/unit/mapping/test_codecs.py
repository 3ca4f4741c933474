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
    Minutes,
    Moment,
    Pair,
    Plain,
    PlainKind,
    QuantityIn,
    RecordReference,
)
from gateway.mapping.codecs.pairs import PAIRS
from gateway.mapping.codecs.quantities import UCUM
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
        (Moment(), "2016-12-31T23:59:60Z", "2016-12-31T23:59:60Z"),
        (Moment(), "2017-01-01T13:59:60.50+14:00", "2016-12-31T23:59:60.50Z"),
        (Moment(), "2015-02-07T13:28:17-00:00", "2015-02-07T13:28:17Z"),
        (Moment(), "2015-02-07T24:00:00Z", None),
        (Moment(), "2015-02-07T13:28Z", None),
        (Moment(), "2015-02-07T13:28:17", None),
        (Moment(), "2015-02-07T13:28:17+15:00", None),
        (Moment(), "2015-02-30", None),
        (Day(), "2015-02-07T24:00:00Z", None),
        (Day(), "20150207", None),
        (QuantityIn("kg"), {"value": Decimal("70.10"), "system": UCUM, "code": "kg"}, Decimal("70.10")),
        (QuantityIn("kg"), {"value": 70, "unit": "kg"}, 70),
        (QuantityIn("mm[Hg]"), {"value": 120, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"}, 120),
        (QuantityIn("kg"), {"value": 70, "unit": "kg", "code": "g"}, None),
        (QuantityIn("kg"), {"value": 70, "system": "urn:other", "code": "kg"}, None),
        (QuantityIn("kg"), {"value": 70, "comparator": "<", "system": UCUM, "code": "kg"}, None),
        (QuantityIn("kg"), {"value": "70", "system": UCUM, "code": "kg"}, None),
        (QuantityIn("kg"), 70, None),
        (Minutes(), {"value": 2, "system": UCUM, "code": "h"}, 120),
        (Minutes(), {"value": Decimal("1.5"), "system": UCUM, "code": "h"}, 90),
        (Minutes(), {"value": 90, "system": UCUM, "code": "s"}, None),
        (Minutes(), {"value": 120, "system": UCUM, "code": "s"}, 2),
        (Minutes(), {"value": 1, "system": UCUM, "code": "d"}, 1440),
        (Minutes(), {"value": 1, "system": UCUM, "code": "mo"}, None),
        (Minutes(), {"value": -5, "system": UCUM, "code": "min"}, None),
        (Minutes(), 30, None),
        (Minutes(bare=True), 30, 30),
        (Minutes(bare=True), Decimal("30.0"), 30),
        (Minutes(bare=True), {"value": 30, "code": "min"}, None),
        (PAIRS["nhs-number"], "9434765919", "943 476 5919"),
        (PAIRS["nhs-number"], "9434765918", None),
        (PAIRS["base64-text"], "w4RyenRpbg==", "Ärztin"),
        (PAIRS["base64-text"], "JVBERi0xLjQK/////w==", None),
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
        (QuantityIn("kg"), "70"),
        (QuantityIn("kg"), True),
        (Minutes(), -1),
        (Minutes(), Decimal("1.5")),
        (Minutes(bare=True), True),
        (PAIRS["nhs-number"], "9434765919"),
        (PAIRS["nhs-number"], "943 476 5918"),
        (PAIRS["base64-text"], "\ud800"),
    ],
)
def test_what_cannot_be_expressed_is_not_written(codec: Codec, ours: Any) -> None:
    assert codec.write(ours, MISSING) is MISSING


def test_a_changed_amount_keeps_its_unit_and_what_else_a_partner_says_of_it() -> None:
    hours = {"id": "d", "value": 2, "_value": {"id": "x"}, "unit": "hours", "system": UCUM, "code": "h"}
    kilos = {
        "id": "k",
        "value": 70,
        "unit": "kilograms",
        "system": UCUM,
        "code": "kg",
        "extension": [{"url": "u"}],
    }

    assert Minutes().write(180, hours) == {
        "id": "d",
        "value": 3,
        "unit": "hours",
        "system": UCUM,
        "code": "h",
    }
    assert Minutes().write(45, hours) == {"value": 45, "unit": "min", "system": UCUM, "code": "min"}
    assert QuantityIn("kg").write(Decimal("71.50"), kilos) == {**kilos, "value": Decimal("71.50")}
    assert QuantityIn("g").write(5, kilos) == {"value": 5, "unit": "g", "system": UCUM, "code": "g"}


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_every_registered_pair_undoes_itself(name: str) -> None:
    assert PAIRS[name].fault() == ""


@pytest.mark.parametrize(
    ("reads", "writes", "fault"),
    [
        (lambda _: None, str, "sample 1 is not read"),
        (str, lambda _: None, "what sample 1 reads as cannot be written"),
        (str, lambda text: f"{text}!", "what sample 1 reads as comes back as something else"),
        (str.upper, str, "reads breaks on None: TypeError"),
        (str, len, "writes breaks on None: TypeError"),
    ],
)
def test_a_pair_that_does_not_undo_itself_says_on_which_sample(reads: Any, writes: Any, fault: str) -> None:
    assert Pair("x", reads, writes, ("a", "b", "c")).fault() == fault


def test_a_pair_without_samples_is_no_pair() -> None:
    with pytest.raises(TypeError, match="needs at least 3 samples"):
        Pair("x", str, str, ("a",))


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
