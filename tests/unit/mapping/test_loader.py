"""A rule file that is wrong says so: all mistakes at once, each with file, line, reason and a guess."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import MappingError
from gateway.mapping import Mappings
from tests.unit.mapping.small_maps import AIM_TEXT, KINDS, load, plan_text


def complaint(text: str) -> str:
    with pytest.raises(MappingError) as caught:
        load(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("fields", "line", "expected"),
    [
        ("titel: title", 6, "M106 plan.titel: the record has no field 'titel' - did you mean 'title'?"),
        ("title: {too: title}", 6, "M001 plan.title: unknown key 'too' - did you mean 'to'?"),
        ("title: {as: text}", 6, "M004 plan.title: the rule does not say where the value lives"),
        ("title: a[3].b", 6, "M100 plan.title: at 'a[3].b': only [0] can be written"),
        (
            "title: title\nstate: title",
            7,
            "M150 plan.state: title is written by this rule and by the one on line 6",
        ),
        ("steps: {to: 'activity[]', fields: {titel: x}}", 6, "M106 plan.steps.titel"),
        (
            "person: {to: subject.reference, ref: persons}",
            6,
            "M170 plan.person: 'persons' is neither a record",
        ),
        (
            "state: {to: status, codes: {a: [x, y], b: y}}",
            6,
            "M140 plan.state: FHIR code 'y' is listed under both 'a'",
        ),
        ("state: {to: status, codes: stats}", 6, "M141 plan.state: this file has no code table 'stats'"),
        ("starts_on: {to: period.start, as: day}", 6, "M105 plan.starts_on: there is no codec 'day'"),
        ("weight: {to: w, as: quantity}", 6, "M105 plan.weight: there is no codec 'quantity' - did you mean"),
        (
            "number: {to: n, py: nhs_number}",
            6,
            "M105 plan.number: there is no pair 'nhs_number' - did you mean",
        ),
        (
            "basis: {to: 'basedOn[].reference', ref: Task, one: True}",
            6,
            "M002 plan.basis: write true or false",
        ),
        ("title: {to: t, as: text, ref: any}", 6, "M105 plan.title: as and ref exclude each other"),
        ("needs: {to: addresses.reference, ref: any}", 6, "M102 plan.needs: the record's 'needs' is a list"),
        (
            'title: {to: "note[].text"}',
            6,
            "M103 plan.title: the path has [] and the record's 'title' is a single",
        ),
        ("title: {to: title, back: none}", 6, "M160 plan.title: a rule without a way back says why"),
        ("sct: code.coding[0].code", 6, "M108 plan.sct: the order of codings means nothing"),
        ("aims: {to: 'goal[].reference', split: aims}", 6, "M170 plan.aims: split: 'aims' is no record"),
        (
            "aims: {to: 'goal[].reference', split: aim, copies: [persona]}",
            6,
            "M111 plan.aims: the items have no",
        ),
        ("offers: {split: Task, fields: {id: id}}", 6, "M004 plan.offers: split: Task needs 'by'"),
        ("steps: {to: activity, fields: {title: x}}", 6, "M102 plan.steps: the record's 'steps' is a list"),
        ("steps: {to: 'activity[]', key: idd, fields: {id: id}}", 6, "M106 plan.steps: key 'idd'"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_a_fix(fields: str, line: int, expected: str) -> None:
    message = complaint(plan_text(fields))

    assert f"plan.yaml:{line}: error   {expected}" in message


def test_all_mistakes_of_all_files_are_reported_at_once() -> None:
    broken_aim = AIM_TEXT.replace("wish: description.text", "wisch: description.text")

    with pytest.raises(MappingError) as caught:
        Mappings.from_texts(
            {"plan": plan_text("titel: title\nstate: {to: status, as: x}"), "aim": broken_aim}, KINDS
        )

    lines = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["aim.yaml", "plan.yaml", "plan.yaml"]
    assert len(caught.value.issues) == 3


def test_a_required_field_without_a_home_in_fhir_is_refused(tmp_path: Path) -> None:
    text = "mapping: goal\nrecord: goal\nGoal: {fields: {id: id, description: description.text}}\n"
    (tmp_path / "goal.yaml").write_text(text)

    with pytest.raises(MappingError) as caught:
        Mappings.load(tmp_path)

    assert "M107 goal: the record requires 'status', and no rule says where it lives" in str(caught.value)
    assert "care-plan.yaml:1: error   M000" in str(caught.value)


def test_a_file_must_be_named_like_its_map_and_hold_the_record_s_root() -> None:
    assert "the file is plan.yaml" in complaint("mapping: plans\nrecord: plan\n")
    assert "did you mean 'plan'?" in complaint("mapping: plan\nrecord: plann\n")
    assert "a block 'CarePlan' is missing" in complaint("mapping: plan\nrecord: plan\nCarPlan: {}\n")


def test_two_lists_may_share_an_element_when_their_reference_types_differ() -> None:
    fields = "needs: {to: 'on[].reference', ref: Condition}\nletters: {to: 'on[].reference', ref: document}"

    assert "plan" in load(plan_text(fields))
    assert "M150" in complaint(plan_text(fields.replace("ref: document", "ref: any")))


def test_the_shipped_maps_load() -> None:
    maps = Mappings.load()

    assert set(maps) >= {
        "person",
        "practitioner",
        "organisation",
        "care-plan",
        "goal",
        "referral",
        "care-team",
    }
    assert maps.for_type("CarePlan") is maps["care-plan"] is maps.for_record("care_plan")
    assert maps.for_type("Task") is maps["referral"]


def test_an_unknown_map_is_named_with_the_nearest_one() -> None:
    with pytest.raises(KeyError, match="did you mean 'care-plan'"):
        Mappings.load()["care_plan"]


def test_an_overlay_that_does_not_exist_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(MappingError, match=r"M171.*no overlay 'us-core-6.1'.*did you mean"):
        Mappings.load(overlays=["us-core-6.1"])
