"""Rules that hold only while a field says a certain word."""

from __future__ import annotations

import pytest

from gateway.errors import MappingError
from gateway.mapping import laws
from tests.unit.mapping.small_maps import Plan, created, got, load, plan_lens, plan_text, put

LENS = plan_lens(
    """
title: title
number: identifier[system=urn:ours].value
""",
    more="""\
  switch:
    state:
      - when: {ours: drug, theirs: {kind.code: MedicationRequest}}
        fields: {made_at: {to: dose.when, as: utc}, author: dose.by, given: {to: "dose.note[]"}}
      - when: {ours: visit, theirs: {kind.code: Appointment}}
        fields:
          starts_on: {to: day, as: date}
          author: {to: host.reference, ref: Practitioner}
          steps: {to: "stop[]", key: id, fields: {id: id, title: name}}
      - when: {ours: link, theirs: [{kind.code: ~}, link]}
        fields: {sct: link}
""",
)
DRUG = {
    "kind": {"code": "MedicationRequest", "display": "Medication"},
    "dose": {"when": "2026-11-22T09:30:00+02:00", "by": "Ann", "note": ["a"], "xTheirs": 1},
}


def test_the_guard_in_fhir_decides_which_rules_read() -> None:
    assert got(LENS, DRUG) == {
        "state": "drug",
        "made_at": "2026-11-22T07:30:00Z",
        "author": "Ann",
        "given": ["a"],
    }
    assert got(LENS, {"kind": {"code": "Appointment"}, "dose": {"by": "Ann"}}) == {"state": "visit"}
    assert got(LENS, {"link": "Task/1"}) == {"state": "link", "sct": "Task/1"}
    assert got(LENS, {"kind": {"code": "Other"}, "link": "Task/1"}) == {}


def test_another_word_clears_the_old_case_and_keeps_what_no_rule_knows() -> None:
    after = put(LENS, {"state": "visit", "starts_on": "2026-11", "author": "p1"}, DRUG)

    assert after == {
        "kind": {"code": "Appointment"},
        "dose": {"xTheirs": 1},
        "day": "2026-11",
        "host": {"reference": "Practitioner/p1"},
    }


def test_the_same_word_changes_only_its_own_fields() -> None:
    record = {**got(LENS, DRUG), "author": "Bea"}

    assert put(LENS, record, DRUG) == {**DRUG, "dose": {**DRUG["dose"], "by": "Bea"}}  # type: ignore[dict-item]


def test_without_the_word_its_case_goes() -> None:
    assert put(LENS, {"title": "Home"}, DRUG) == {"dose": {"xTheirs": 1}, "title": "Home"}


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ({"state": "drug", "starts_on": "2026"}, "'starts_on' does not belong to what 'state' says"),
        ({"made_at": "2026"}, "'made_at' does not belong to what 'state' says"),
        ({"state": "walk"}, "no case of 'state' is for the record's word"),
        ({"state": "link"}, "the record lacks what makes its kind recognisable"),
    ],
)
def test_what_no_case_can_say_is_refused_and_nothing_changes(record: dict[str, str], why: str) -> None:
    before = {"CarePlan": {"resourceType": "CarePlan", **DRUG}}

    result = LENS.put(record, before)

    assert why in result.refused[0].text
    assert result.resources == before


def test_a_new_resource_is_recognisable_as_its_case() -> None:
    assert created(LENS, {"state": "visit", "steps": [{"id": "a", "title": "Bath"}]}) == {
        "kind": {"code": "Appointment"},
        "stop": [{"id": "a", "name": "Bath"}],
    }


def test_it_holds_the_laws() -> None:
    laws.check(LENS, Plan(), cases=150)


def test_the_three_ways_of_writing_a_switch_mean_the_same() -> None:
    cases = "[{when: {ours: a, theirs: {k: x}}, fields: {number: n}}, {when: {ours: b, theirs: {k: y}}}]"
    texts = [
        plan_text("title: title", more=f"  switch: {{state: {cases}}}\n"),
        plan_text("title: title", more=f"  switch: state\n  cases: {cases}\n"),
        plan_text(f"title: title\nstate: {{cases: {cases}}}"),
    ]

    for lens in (load(text)["plan"] for text in texts):
        assert got(lens, {"k": "x", "n": "1"}) == {"state": "a", "number": "1"}
        assert created(lens, {"state": "b"}) == {"k": "y"}


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        (
            "[{when: {ours: a, theirs: {k: x}}}, {when: {ours: a, theirs: {k: y}}}]",
            "M152 plan.state.a: the word 'a' has two",
        ),
        (
            "[{when: {ours: a, theirs: {k: x}}}, {when: {ours: b, theirs: {j: y}}}]",
            "M152 plan.state.b: this case and the one",
        ),
        ("[{when: {ours: a, theirs: k}}, {when: {ours: b, theirs: {k: y}}}]", "M152 plan.state.b"),
        ("[{when: {ours: a}}]", "M004 plan.state: a case says when it holds"),
        ("[{when: {ours: a, theirs: {'k[]': x}}}]", "M103 plan.state.a: a case is told by a single element"),
        ("[{when: {ours: a, theirs: {k: x}}, fields: {titel: t}}]", "M106 plan.state.a.titel"),
        (
            "[{when: {ours: a, theirs: {k: x}}, fields: {title: k}}]",
            "M150 plan.state.a.title: k is written by this",
        ),
        (
            "[{when: {ours: a, theirs: {k: x}}, fields: {title: t, number: t}}]",
            "M150 plan.state.a.number: t is written",
        ),
        (
            "[{when: {ours: a, theirs: {k: x}}, fields: {person: p}}]",
            "M150 plan.state.a.person: 'person' is mapped twice",
        ),
        (
            "[{when: {ours: a, theirs: {subject.reference: x}}}]",
            "M150 plan.state: subject.reference is written by",
        ),
        ("{a: x}", "M002 plan.state: cases are a list"),
    ],
)
def test_a_mistake_in_a_switch_is_named(cases: str, expected: str) -> None:
    text = plan_text("person: {to: subject.reference, ref: Patient}", more=f"  switch: {{state: {cases}}}\n")

    with pytest.raises(MappingError) as caught:
        load(text)

    assert expected in str(caught.value)


def test_a_switch_on_an_unknown_field_is_named() -> None:
    with pytest.raises(
        MappingError, match=r"M106 plan\.stat: the record has no field 'stat' - did you mean 'state'"
    ):
        load(plan_text("title: title", more="  switch: {stat: [{when: {ours: a, theirs: {k: x}}}]}\n"))
