"""The compiled engine: the source that anybody can read, and what it leaves to the interpreter."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from gateway.fhir.json_codec import read_stored
from gateway.mapping import Mappings, interpreter
from gateway.mapping.compiler import putting
from gateway.mapping.values import same
from gateway.places import DataFolder, data_folder
from tests.unit.mapping.small_maps import plan_lens

MAPS = Mappings.load()
EXAMPLES = data_folder(DataFolder.MAPPINGS) / "examples"
LENS = plan_lens(
    """
title: title
state: {to: status, codes: {on: active, off: revoked}}
person: {to: subject.reference, ref: Patient}
steps: {to: "activity[]", key: id, fields: {id: id, title: title}}
aims: {to: "goal[].reference", split: aim, copies: [person]}
"""
)
PLAN: dict[str, Any] = {
    "resourceType": "CarePlan",
    "id": "p",
    "title": "Home",
    "status": "active",
    "subject": {"reference": "Patient/9"},
    "activity": [{"id": "1", "title": "walk", "note": "theirs"}, {"id": "2", "title": "swim"}],
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The rules that a put asks to write."""
    rules: list[str] = []
    write_rule = putting.write_rule

    def noted(rule: Any, *given: Any, **more: Any) -> Any:
        rules.append(rule.origin.rule)
        return write_rule(rule, *given, **more)

    monkeypatch.setattr(putting, "write_rule", noted)
    return rules


def test_an_unchanged_record_asks_no_rule_at_all(asked: list[str]) -> None:
    put = LENS.put(LENS.get({"CarePlan": PLAN}).record, {"CarePlan": PLAN})

    assert put.resources["CarePlan"] is PLAN
    assert asked == []


def test_a_changed_field_asks_its_own_rule_only(asked: list[str]) -> None:
    record = {**LENS.get({"CarePlan": PLAN}).record, "title": "Home again"}

    assert LENS.put(record, {"CarePlan": PLAN}).resources["CarePlan"]["title"] == "Home again"
    assert asked == ["plan.title"]


def test_a_changed_item_asks_the_rule_of_the_list_and_its_own(asked: list[str]) -> None:
    record = LENS.get({"CarePlan": PLAN}).record
    record = {**record, "steps": [{**record["steps"][0], "title": "run"}, record["steps"][1]]}

    activity = LENS.put(record, {"CarePlan": PLAN}).resources["CarePlan"]["activity"]

    assert activity == [{"id": "1", "title": "run", "note": "theirs"}, PLAN["activity"][1]]
    assert activity[1] is PLAN["activity"][1]
    assert asked == ["plan.steps", "plan.steps.title"]


def test_what_cannot_be_written_is_refused_as_the_interpreter_refuses_it() -> None:
    record = {"title": "Home", "state": "elsewhere", "steps": [{"id": "1"}]}
    made, specified = LENS.create(record), LENS.interpreted.create(record)

    assert made.refused == specified.refused
    assert [issue.diagnostics for issue in made.refused] == ["rule plan.state @ plan.yaml:7"]
    assert made.resources == specified.resources


def test_a_creation_that_falls_back_uses_the_ids_that_it_drew() -> None:
    drawn: list[str] = []

    def new_id() -> str:
        drawn.append(f"new-{len(drawn)}")
        return drawn[-1]

    # An object is no title, so the compiled way gives up when both aims have got their ids.
    made = LENS.create({"aims": [{"wish": "walk"}, {"wish": "swim"}], "title": {"a": 1}}, new_id=new_id)

    assert [goal["id"] for goal in made.resources["Goal"]] == drawn == ["new-0", "new-1"]


def test_the_source_names_the_rule_and_line_of_each_part() -> None:
    source = MAPS["goal"].source

    assert source.startswith("# goal: mappings/goal.yaml, compiled.\n")
    assert "# goal.description @ mappings/goal.yaml:" in source
    compile(source, "goal", "exec")


def test_a_traceback_shows_the_compiled_line() -> None:
    class Hostile(dict[str, Any]):
        def __contains__(self, name: object) -> bool:
            raise RuntimeError("hostile")

    with pytest.raises(RuntimeError) as caught:
        LENS.get({"CarePlan": Hostile(resourceType="CarePlan")})

    shown = "".join(traceback.format_exception(caught.value))
    assert "<compiled plan>" in shown
    assert "if 'id' in node:" in shown


def test_text_of_a_rule_file_is_never_code() -> None:
    hostile = "x'; raise SystemExit(1); '"
    lens = plan_lens(f'title: "identifier[system={hostile}].value"')
    identifier = [{"system": hostile, "value": "7"}]
    plan = {"resourceType": "CarePlan", "identifier": identifier}

    assert lens.get({"CarePlan": plan}).record == {"title": "7"}
    assert lens.create({"title": "7"}).resources["CarePlan"]["identifier"] == identifier


@pytest.mark.parametrize("name", sorted(MAPS))
def test_a_shipped_map_reads_without_the_interpreter(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    resources = read_stored((EXAMPLES / f"{name}.fhir.json").read_bytes())
    assert isinstance(resources, dict)
    specified = MAPS[name].interpreted.get(resources).record

    def nobody(*_: Any) -> Any:
        raise AssertionError("asked")

    monkeypatch.setattr(interpreter, "read_block", nobody)

    assert same(MAPS[name].get(resources).record, specified)


def test_a_root_that_had_to_be_named_keeps_its_name_when_the_creation_falls_back() -> None:
    drawn: list[str] = []

    def new_id() -> str:
        drawn.append(f"new-{len(drawn)}")
        return drawn[-1]

    # The note comes after the legs, when the root has its id already; a number is no list of notes.
    made = MAPS["referral"].create({"legs": [{"status": "requested"}], "notes": 7}, new_id=new_id)

    assert made.resources["ServiceRequest"]["id"] == drawn[0]
    assert len(drawn) == len(set(drawn)) == 2
