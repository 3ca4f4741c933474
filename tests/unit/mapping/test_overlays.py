"""Overlays merged into rule files: what they change, in which order, and what a wrong one is told."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gateway.errors import MappingError
from gateway.mapping import Mappings
from gateway.records import RECORDS
from tests.unit.mapping.small_maps import KINDS

PLAN = """
mapping: plan
record: plan
codes: {plan-state: {open: [active, draft], shut: completed}}
CarePlan:
  fixed: {intent: plan, "meta.profile[]": "https://ours.example/plan"}
  narrative: "{title}"
  fields:
    id: id
    title: title
    state: {to: status, codes: plan-state}
    number: "identifier[system=https://ours.example/number].value"
    lead: ext(lead).valueBoolean
    kinds: {to: "category[]", as: concept-and-text}
    steps:
      to: activity[]
      key: id
      fields: {id: id, title: detail.code.text, words: detail.description}
    aims: {to: "goal[].reference", split: aim}
"""
AIM = """
mapping: aim
record: aim
Goal: {fields: {id: id, wish: description.text, person: {to: subject.reference, ref: Patient}}}
"""

GOAL = """
mapping: goal
record: goal
Goal:
  fields:
    {person: {to: subject.reference, ref: person}, status: lifecycleStatus, description: description.text}
"""


def _maps(*names: str, **overlays: str) -> Mappings:
    texts = {name: f"overlay: {name}\n{text}" for name, text in overlays.items()}
    maps = Mappings.from_texts({"plan": PLAN, "aim": AIM}, KINDS, texts)
    return maps.with_overlays(names or tuple(overlays))


def _created(maps: Mappings, **record: Any) -> dict[str, Any]:
    created = maps["plan"].create({"id": "1", **record})
    assert not created.refused
    resource: dict[str, Any] = created.resources["CarePlan"]
    return resource


def _problems(**overlays: str) -> list[str]:
    with pytest.raises(MappingError) as caught:
        _maps(**overlays)
    return str(caught.value).splitlines()


def test_a_path_replaces_the_whole_rule() -> None:
    maps = _maps(north="CarePlan: {fields: {number: 'identifier[system=https://north.example].value'}}")
    assert _created(maps, number="7")["identifier"] == [{"system": "https://north.example", "value": "7"}]


def test_what_a_rule_does_not_say_anew_stays() -> None:
    maps = _maps(north="CarePlan: {fields: {steps: {fields: {words: detail.status}}}}")
    made = _created(maps, steps=[{"id": "a", "title": "Walk", "words": "scheduled"}])
    assert made["activity"] == [{"id": "a", "detail": {"code": {"text": "Walk"}, "status": "scheduled"}}]


def test_a_rule_with_nothing_after_it_is_dropped_and_counts_as_lost() -> None:
    maps = _maps(
        north="""
CarePlan:
  fields:
    lead:
    steps: {fields: {words: {drop: true, because: they have no field for it}}}
  cannot_hold: {number: they number themselves}
"""
    )
    assert "extension" not in _created(maps, lead=True, title="x")
    assert maps["plan"].rules.cannot_hold == {
        "lead": "the overlay drops it",
        "steps.words": "they have no field for it",
        "number": "they number themselves",
    }
    before = {"resourceType": "CarePlan", "extension": [{"url": "x", "valueBoolean": True}], "title": "a"}
    put = maps["plan"].put({"title": "b"}, {"CarePlan": before})
    assert put.resources["CarePlan"]["extension"] == before["extension"]


def test_entries_of_a_code_table_are_replaced_one_by_one() -> None:
    maps = _maps(north="codes: {plan-state: {shut: revoked}}")
    assert _created(maps, state="shut")["status"] == "revoked"
    assert maps["plan"].get({"CarePlan": {"resourceType": "CarePlan", "status": "draft"}}).record == {
        "state": "open"
    }


def test_fixed_values_of_an_overlay_are_written_always_and_its_own_are_not_written_twice() -> None:
    north = 'CarePlan: {fixed: {"meta.profile[]": "https://north.example/plan", intent: order}}'
    maps = _maps(north=north)
    made = _created(maps, title="x")
    assert made["meta"] == {"profile": ["https://north.example/plan"]}
    assert made["intent"] == "order"
    old = {"resourceType": "CarePlan", "id": "1", "intent": "proposal", "title": "x"}
    put = maps["plan"].put({"id": "1", "title": "x"}, {"CarePlan": old}).resources["CarePlan"]
    assert put == {**old, "intent": "order", "meta": {"profile": ["https://north.example/plan"]}}
    assert maps["plan"].put({"id": "1", "title": "x"}, {"CarePlan": put}).resources["CarePlan"] == put


def test_a_fixed_item_stands_beside_those_of_the_record() -> None:
    maps = _maps(north='CarePlan: {fixed: {"category[]": {coding: [{system: s, code: assess-plan}]}}}')
    own = {"system": "s", "code": "other"}
    marked = {"coding": [{"system": "s", "code": "assess-plan"}]}
    assert _created(maps, kinds=[own])["category"] == [{"coding": [own]}, marked]
    named = {"system": "s", "code": "assess-plan", "display": "Assessment"}
    assert _created(maps, kinds=[named])["category"] == [{"coding": [named]}]


def test_a_fixed_value_beside_a_rule_holds_while_the_record_says_nothing() -> None:
    maps = _maps(north="CarePlan: {fixed: {title: Untitled}}")
    assert _created(maps, number="7")["title"] == "Untitled"
    assert _created(maps, title="Home")["title"] == "Home"
    unnamed = {"CarePlan": {"resourceType": "CarePlan", "id": "1", "title": None}}
    assert maps["plan"].put({"id": "1"}, unnamed).resources["CarePlan"]["title"] == "Untitled"


def test_fixed_values_reach_the_items_of_lists_and_linked_resources() -> None:
    maps = _maps(
        north="""
CarePlan: {fields: {steps: {fixed: {detail.status: unknown}}}}
Goal: {fixed: {lifecycleStatus: active}}
"""
    )
    plan = {
        "resourceType": "CarePlan",
        "id": "1",
        "goal": [{"reference": "Goal/g"}],
        "activity": [{"id": "a"}, {"reference": {"reference": "Task/1"}}],
    }
    resources = {"CarePlan": plan, "Goal": [{"resourceType": "Goal", "id": "g"}]}
    record = maps["plan"].get(resources).record
    put = maps["plan"].put(record, resources).resources
    assert put["CarePlan"]["activity"] == [{"id": "a", "detail": {"status": "unknown"}}, plan["activity"][1]]
    assert put["Goal"] == [{"resourceType": "Goal", "id": "g", "lifecycleStatus": "active"}]


def test_a_later_overlay_wins_over_an_earlier_one() -> None:
    overlays = {
        "north": "CarePlan: {fixed: {intent: order}, fields: {lead: , title: description}}",
        "ward": "CarePlan: {fixed: {intent: option}, fields: {lead: ext(boss).valueBoolean}}",
    }
    maps = _maps("north", "ward", **overlays)
    made = _created(maps, title="x", lead=True)
    assert (made["intent"], made["description"]) == ("option", "x")
    assert made["extension"][0]["url"].endswith("/boss")
    assert maps["plan"].rules.overlays == ("north", "ward")
    assert maps["plan"].rules.cannot_hold == {}
    assert _created(_maps("ward", "north", **overlays), title="x")["intent"] == "order"


def test_only_what_an_overlay_touches_is_another_map() -> None:
    texts = {"a": "overlay: a\nCarePlan: {narrative: '{number}'}", "b": "overlay: b\nGoal: {fixed: {id: x}}"}
    maps = Mappings.from_texts({"plan": PLAN, "aim": AIM}, KINDS, texts)
    changed = maps.with_overlays(["a"])
    assert changed["aim"] is maps["aim"]
    assert changed["plan"] is not maps["plan"]
    assert maps.with_overlays(["a"]) is changed
    assert maps.with_overlays([]) is maps
    assert changed.with_overlays(["b"]) is maps.with_overlays(["a", "b"])
    assert maps.touched_by("a") == ("plan",)
    assert set(maps.touched_by("b")) == {"aim", "plan"}  # a plan shows its aims by their own map
    assert maps.overlay_names == ("a", "b")


def test_a_field_that_the_record_has_and_the_map_lacks_may_be_added() -> None:
    maps = _maps(north="CarePlan: {fields: {author: author.display}}")
    assert _created(maps, author="Ann")["author"] == {"display": "Ann"}


@pytest.mark.parametrize(
    ("overlay", "told"),
    [
        (
            "CarePlann: {fields: {title: title}}",
            "root block 'CarePlann' - did you mean 'CarePlan'",
        ),
        ("CarePlan: {fields: {titel: title}}", "names the rule 'titel', .* did you mean 'title'"),
        ("CarePlan: {fields: {titel: }}", "names the rule 'titel', .* did you mean 'title'"),
        (
            "CarePlan: {fields: {steps: {fields: {titel: }}}}",
            "names the rule 'titel', .* did you mean 'title'",
        ),
        ("CarePlan: {fields: {author: {as: utc}}}", "names the rule 'author'"),
        ("CarePlan: {fixed: {intnet: }}", "names the fixed value 'intnet', .* did you mean 'intent'"),
        (
            "codes: {plan-sate: {open: active}}",
            "a code table 'plan-sate' .* did you mean 'plan-state'",
        ),
        ("codes: {plan-state: {opn: }}", "names the code 'opn', .* did you mean 'open'"),
    ],
)
def test_what_names_nothing_is_refused_with_its_line_and_the_nearest_name(overlay: str, told: str) -> None:
    (problem,) = _problems(north=overlay)
    assert problem.startswith("overlays/north.yaml:2: error   M171 north")
    assert re.search(told, problem), problem


def test_a_message_names_the_line_of_the_overlay_and_the_one_that_it_changes() -> None:
    (problem,) = _problems(north="CarePlan:\n  fields:\n    title: bad path")
    assert problem.startswith("overlays/north.yaml:4: error   M100 plan.title")
    assert problem.endswith("(it changes plan.yaml:10)")


def test_a_required_field_that_an_overlay_drops_names_the_line_that_dropped_it() -> None:
    texts = {"north": "overlay: north\nGoal:\n  fields:\n    description:"}
    maps = Mappings.from_texts({"goal": GOAL}, RECORDS, texts)
    with pytest.raises(MappingError, match=r"goal.yaml:[45]: .* M107 .*'description'.*overlays/north.yaml:4"):
        maps.with_overlays(["north"])


def test_a_reason_with_a_comma_that_was_not_quoted_is_told() -> None:
    (problem,) = _problems(north="CarePlan: {fields: {lead: {drop: true, because: no, they do not}}}")
    assert "M001 north.CarePlan: unknown key 'they do not'" in problem


def test_a_fixed_value_in_a_selected_item_makes_no_item_of_its_own() -> None:
    path = "identifier[system=https://ours.example/number].use"
    maps = _maps(north=f"CarePlan: {{fixed: {{'{path}': official}}}}")
    assert "identifier" not in _created(maps, title="x")
    assert _created(maps, number="7")["identifier"][0]["use"] == "official"


def test_all_problems_are_told_at_once() -> None:
    found = _problems(north="CarePlan: {fields: {titel: , title: bad path}, cannot_hold: {nmber: x}}")
    assert {line.split()[2].rstrip(":") for line in found} == {"M100", "M106", "M171"}
