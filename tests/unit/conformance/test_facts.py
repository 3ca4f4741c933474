"""The facts file without the package that it is made of: what any user of the facts relies on."""

from __future__ import annotations

import re

import pytest

from gateway.conformance.facts import Element, Kind, r4
from gateway.conformance.typed import UNKNOWN_TO_THE_MODEL, _model
from gateway.fhir.resource_types import R4_TYPES
from gateway.mapping.codecs.plain import COMPLEX_SUFFIXES, KIND_OF_SUFFIX


def found(path: str) -> Element:
    element = r4().element(path)
    assert element is not None, path
    return element


def test_the_resource_types_are_those_of_the_small_constant() -> None:
    assert r4().resources == R4_TYPES


def test_the_types_of_a_choice_are_those_that_the_mapping_language_knows() -> None:
    named = {name[0].upper() + name[1:] for name in found("Extension.value[x]").types}

    assert named == COMPLEX_SUFFIXES | KIND_OF_SUFFIX.keys()


@pytest.mark.parametrize(
    ("path", "types"),
    [
        ("CarePlan.id", ("string",)),
        ("CarePlan.meta.profile", ("canonical",)),
        ("CarePlan.contained", ("Resource",)),
        ("CarePlan.period.start", ("dateTime",)),
        ("CarePlan.activity.id", ("string",)),
        ("CarePlan.activity.extension.valueQuantity.code", ("code",)),
        ("CarePlan.activity.detail.scheduledPeriod.end", ("dateTime",)),
        ("Observation.component.referenceRange.low.value", ("decimal",)),
        ("Questionnaire.item.item.item.linkId", ("string",)),
        ("Goal.target.detailRange.low.value", ("decimal",)),
        ("Timing.repeat.boundsDuration.unit", ("string",)),
    ],
)
def test_an_element_is_found_through_data_types_choices_inheritance_and_content_references(
    path: str, types: tuple[str, ...]
) -> None:
    assert found(path).types == types


@pytest.mark.parametrize(
    "path",
    ["CarePlan.titel", "CarePlan.period.begin", "Goal.target.detailMoney", "Nothing.id", "CarePlan.title.x.y",
     "Goal.target.detail", "CarePlan..id", "", "CarePlan.title.value2"],
)  # fmt: skip
def test_what_r4_does_not_have_is_not_found(path: str) -> None:
    assert r4().element(path) is None


def test_a_choice_named_with_its_type_keeps_its_cardinality_and_names_that_type_alone() -> None:
    choice, narrowed = found("Goal.target.detail[x]"), found("Goal.target.detailQuantity")

    assert len(choice.types) == 7
    assert (narrowed.types, narrowed.choice, narrowed.name) == (("Quantity",), "detail", "detailQuantity")


def test_cardinality_targets_and_flags() -> None:
    status, intent = found("CarePlan.status"), found("CarePlan.intent")

    assert status.required
    assert intent.required
    assert status.modifier
    assert status.summary
    assert found("CarePlan.goal").repeats
    assert found("CarePlan.goal").targets == ("Goal",)
    assert found("CarePlan.supportingInfo").targets == ()
    assert found("CarePlan.instantiatesCanonical").canonicals == (
        "PlanDefinition", "Questionnaire", "Measure", "ActivityDefinition", "OperationDefinition",
    )  # fmt: skip
    assert found("CarePlan.activity.detail.dailyAmount").profiles == ("SimpleQuantity",)


def test_required_codes_are_closed_where_r4_lists_them_and_open_where_it_does_not() -> None:
    assert r4().required_codes(found("CarePlan.status")) == frozenset(
        {"draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"}
    )
    assert r4().required_codes(found("Attachment.contentType")) is None
    assert r4().required_codes(found("CarePlan.category")) is None
    assert r4().required_codes(found("Timing.repeat.dayOfWeek")) == frozenset(
        {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
    )


def test_invariants_are_those_of_the_element_and_of_its_types() -> None:
    assert {rule.key for rule in r4().invariants(found("CarePlan.activity"))} == {"cpl-3", "ele-1"}
    assert {rule.key for rule in r4().invariants(found("CarePlan.period"))} == {"per-1", "ele-1"}
    assert {rule.key for rule in r4().invariants(Element("Goal", types=("Goal",)))} >= {"dom-2", "dom-6"}
    assert {rule.key for rule in r4().invariants(found("CarePlan.extension"))} == {"ele-1", "ext-1"}


def test_children_are_listed_with_those_inherited() -> None:
    names = [element.name for element in r4().children("Period")]

    assert names == ["id", "extension", "start", "end"]
    assert [e.name for e in r4().children(found("Bundle.entry.link"))][-2:] == ["relation", "url"]


def test_every_type_named_anywhere_exists_and_every_regex_compiles() -> None:
    for name in r4().types:
        held = r4().type(name)
        assert held is not None
        re.compile(held.regex)
        for element in held.elements.values():
            assert r4().types >= {*element.types, *element.targets, *element.canonicals, *element.profiles}
            assert element.types or r4().element(element.content), element.path
            assert element.binding is None or element.binding.strength


def test_search_parameters_and_compartments() -> None:
    plans = r4().searched_by("CarePlan")

    assert {"_id", "_text", "care-team", "subject", "date"} <= plans.keys()
    assert plans["patient"].targets == ("Patient", "Group")
    assert [part.expression for part in r4().searched_by("Observation")["code-value-quantity"].components]
    assert r4().compartments["Patient"].members["CarePlan"] == ("patient", "performer")
    assert len({each.id for each in r4().search_parameters}) == len(r4().search_parameters)


def test_the_typed_model_names_the_same_codes_for_every_required_code_that_it_lists() -> None:
    """It takes its lists from R4's short texts, where "+" stands for the codes that had no room."""
    compared = 0
    for name in sorted(R4_TYPES - UNKNOWN_TO_THE_MODEL):
        for attribute in _model(name).model_fields.values():
            extra = attribute.json_schema_extra
            listed = set(extra.get("enum_values", ())) if isinstance(extra, dict) else set()  # type: ignore[call-overload]
            element = r4().child(name, attribute.alias or "") if listed else None
            codes = None if element is None else r4().required_codes(element)
            if codes is not None:
                compared += 1
                assert listed - {"+"} <= codes, f"{name}.{attribute.alias}"
                assert "+" in listed or listed == codes, f"{name}.{attribute.alias}"

    assert compared > 150


def test_extensions_say_what_they_hold_and_where_they_stand() -> None:
    nationality = r4().extension("http://hl7.org/fhir/StructureDefinition/patient-nationality")
    birth_time = r4().extension("http://hl7.org/fhir/StructureDefinition/patient-birthTime")

    assert nationality is not None
    assert birth_time is not None
    assert nationality.contexts == ("Patient",)
    assert not nationality.types
    assert {url: part.types for url, part in nationality.parts.items()} == {
        "code": ("CodeableConcept",), "period": ("Period",),
    }  # fmt: skip
    assert (birth_time.types, birth_time.contexts, birth_time.max) == (
        ("dateTime",),
        ("Patient.birthDate",),
        1,
    )
    assert r4().extension("http://example.org/none") is None


def test_kinds() -> None:
    kinds = {name: held.kind for name in r4().types if (held := r4().type(name))}

    assert kinds["SimpleQuantity"] is Kind.PROFILE
    assert kinds["decimal"] is Kind.PRIMITIVE
    assert r4().bases("Age") == ("Age", "Quantity", "Element")
