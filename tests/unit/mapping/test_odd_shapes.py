"""Published data in another shape than FHIR has: read where that is safe, always kept."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import MappingError
from tests.unit.mapping.small_maps import got, load, plan_lens, plan_text, put

LENS = plan_lens(
    """
title: title
number: identifier[system=urn:ours].value
sct: code.text
author: careTeam[0].reference
kind: {to: category, as: concept}
state: {joint: [status, reason.code], codes: {on: [active, ~], off: [revoked, tired]}}
given: {to: "note[].text"}
steps: {to: "activity[]", key: id, fields: {id: id, title: detail.title}}
needs: {to: "about.on[].reference", ref: Condition}
"""
)


@pytest.mark.parametrize(
    ("odd", "record"),
    [
        ({"code": [{"text": "x", "theirs": 1}]}, {"sct": "y"}),
        ({"code": "x"}, {"sct": "y"}),
        ({"identifier": "urn:ours"}, {"number": "2"}),
        ({"careTeam": "CareTeam/1"}, {"author": "CareTeam/2"}),
        ({"reason": [{"code": "tired"}], "status": "x"}, {"state": "off"}),
        ({"activity": [{"id": "a", "detail": [{"title": "x"}]}]}, {"steps": [{"id": "a", "title": "y"}]}),
        ({"about": [{"on": [{"reference": "Condition/1"}]}]}, {"needs": ["2"]}),
    ],
)
def test_what_has_another_shape_is_refused_and_stays(odd: dict[str, Any], record: dict[str, Any]) -> None:
    before = {"CarePlan": {"resourceType": "CarePlan", **odd}}

    result = LENS.put({**got(LENS, odd), **record}, before)

    assert "FHIR holds a list where an object belongs, or the reverse" in result.refused[0].text
    assert result.resources == before
    assert put(LENS, {**got(LENS, odd), "title": "Home"}, odd) == {**odd, "title": "Home"}


@pytest.mark.parametrize("nothing", [None, [], {}])
def test_what_holds_nothing_is_in_nobody_s_way(nothing: Any) -> None:
    assert put(LENS, {"sct": "y"}, {"code": nothing})["code"] == {"text": "y"}
    assert put(LENS, {"author": "CareTeam/2"}, {"careTeam": nothing})["careTeam"] == [
        {"reference": "CareTeam/2"}
    ]


def test_a_path_with_a_selector_takes_a_single_object_for_a_list_of_one() -> None:
    odd = {"identifier": {"system": "urn:ours", "value": "1", "theirs": 1}}
    other = {"identifier": {"system": "urn:else", "value": "1"}}

    assert got(LENS, odd) == {"number": "1"}
    assert put(LENS, {"number": "1"}, odd) == odd
    assert put(LENS, {"number": "2"}, odd)["identifier"] == [
        {"system": "urn:ours", "value": "2", "theirs": 1}
    ]
    assert len(put(LENS, {"number": "2"}, other)["identifier"]) == 2


def test_a_single_object_is_read_as_a_list_of_one_and_written_as_one() -> None:
    odd = {"note": {"text": "a", "theirs": 1}}

    assert got(LENS, odd) == {"given": ["a"]}
    assert put(LENS, {"given": ["a"]}, odd) == odd
    assert put(LENS, {"given": ["a", "b"]}, odd) == {"note": [{"text": "a", "theirs": 1}, {"text": "b"}]}


@pytest.mark.parametrize(
    "record", [{"title": None}, {"given": []}, {"steps": [{}]}, {"kind": {}}, {"kind": {"code": None}}]
)
def test_null_absent_and_empty_are_one_in_the_record(record: dict[str, Any]) -> None:
    full = {
        "title": "x",
        "note": [{"text": "a"}],
        "activity": [{"id": "a"}],
        "category": {"coding": [{"code": "c"}]},
    }
    cleared = put(LENS, {**got(LENS, full), **record}, full)

    assert cleared == put(LENS, {k: v for k, v in got(LENS, full).items() if k not in record}, full)


def test_an_element_that_is_mapped_cannot_be_ignored() -> None:
    with pytest.raises(
        MappingError, match=r"M150 plan.ignore: title is ignored here and written by the rule on line"
    ):
        load(plan_text("title: title", more="  ignore: {title: nobody reads it}\n"))


def test_ignoring_needs_a_reason() -> None:
    with pytest.raises(MappingError, match=r"M160 plan.ignore: say why 'language' is not read"):
        load(plan_text("title: title", more="  ignore: {language: ~}\n"))
