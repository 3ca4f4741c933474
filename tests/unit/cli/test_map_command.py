"""`care-gateway map`: what a rule author sees."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.cli.map import map_group
from gateway.errors import MappingError
from gateway.places import DataFolder, data_folder

GOAL: dict[str, Any] = {
    "resourceType": "Goal",
    "id": "g",
    "lifecycleStatus": "active",
    "description": {"text": "Walk again"},
    "subject": {"reference": "Patient/9", "display": "shown"},
    "target": [{"detailQuantity": {"value": 1.50, "unit": "km"}}],
}


def run(*arguments: str, given: Any = None) -> Result:
    return CliRunner().invoke(map_group, arguments, input=given if given is None else json.dumps(given))


@pytest.fixture
def goal_file(tmp_path: Path) -> Path:
    path = tmp_path / "goal.json"
    path.write_text(json.dumps(GOAL).replace("1.5", "1.50"))
    return path


def test_to_record_shows_the_record_with_the_digits_it_was_given(goal_file: Path) -> None:
    shown = run("to-record", str(goal_file))

    record = json.loads(shown.stdout)
    assert shown.exit_code == 0
    assert (record["person"], record["description"], record["status"]) == ("9", "Walk again", "active")
    assert '"value": 1.50' in shown.stdout


def test_to_record_reads_standard_input_and_reports_what_it_did_not_read() -> None:
    shown = run("to-record", "-", given={**GOAL, "subject": {"reference": "Group/1"}})

    assert "person" not in json.loads(shown.stdout)
    assert "information: Goal.subject.reference: kept, not read" in shown.stderr


def test_to_record_of_a_bundle_shows_each_record_once_and_goals_inside_their_plan() -> None:
    plan = {"resourceType": "CarePlan", "id": "p", "status": "active", "goal": [{"reference": "Goal/g"}]}
    loose = {**GOAL, "id": "loose"}
    bundle = {"resourceType": "Bundle", "entry": [{"resource": each} for each in (GOAL, loose, plan)]}

    shown = json.loads(run("to-record", "-", "--json", given=bundle).stdout)

    assert [(each["map"], each["record"]["id"]) for each in shown["records"]] == [
        ("care-plan", "p"),
        ("goal", "loose"),
    ]
    assert shown["records"][0]["record"]["goals"][0]["id"] == "g"


def test_to_record_says_when_nothing_has_a_map() -> None:
    refused = run("to-record", "-", given={"resourceType": "Slot"})

    assert isinstance(refused.exception, MappingError)
    assert "holds no resource with a map" in str(refused.exception)


def test_what_to_record_prints_goes_back_into_the_original_unchanged(goal_file: Path) -> None:
    printed = run("to-record", str(goal_file), "--json").stdout

    back = CliRunner().invoke(map_group, ["to-fhir", "-", "--original", str(goal_file)], input=printed)

    assert back.exit_code == 0
    assert '"value": 1.50' in back.stdout
    assert json.loads(back.stdout) == GOAL


def test_to_fhir_puts_an_edit_into_the_original_and_creates_without_one(goal_file: Path) -> None:
    record = {"id": "g", "description": "Run", "status": "active", "person": "9"}

    edited = json.loads(
        run("to-fhir", "-", "--map", "goal", "--original", str(goal_file), given=record).stdout
    )
    new = json.loads(run("to-fhir", "-", "--map", "goal", given=record).stdout)

    assert edited["subject"] == GOAL["subject"]
    assert edited["description"] == {"text": "Run"}
    assert new == {
        "resourceType": "Goal",
        "id": "g",
        "subject": {"reference": "Patient/9"},
        "description": {"text": "Run"},
        "lifecycleStatus": "active",
    }


def test_to_fhir_ends_with_1_when_a_value_cannot_be_expressed() -> None:
    result = run("to-fhir", "-", "--map", "goal", given={"id": "g", "person": "Group/1"})

    assert result.exit_code == 1
    assert "error: Goal: the record's value cannot be expressed here" in result.stderr


def test_to_fhir_asks_for_the_map_it_cannot_guess() -> None:
    result = run("to-fhir", "-", given={"id": "g"})

    assert result.exit_code == 2
    assert "--map says which record this is" in result.stderr


def test_check_holds_the_named_maps_to_the_laws() -> None:
    result = run("check", "goal", "--cases", "5")

    assert (result.exit_code, result.stdout) == (0, "goal           all laws hold in 5 cases\n")
    assert run("check", "gaol").exit_code == 2


def test_coverage_counts_a_folder_and_can_be_held_to_a_least_percentage(goal_file: Path) -> None:
    goal_file.write_text(json.dumps({**GOAL, "color": "red"}))
    (goal_file.parent / "broken.json").write_text('{"a": 1,}')

    shown = run("coverage", str(goal_file.parent), "--least", "100")
    counted = json.loads(run("coverage", str(goal_file), "--json").stdout)["types"]["Goal"]

    assert shown.exit_code == 1
    assert "unmapped      1  color" in shown.stdout
    assert "broken.json" in shown.stderr
    assert (counted["leaves"], counted["mapped"], counted["reasons"]) == (8, 7, {"color": "no rule reads it"})


def test_coverage_reads_ndjson_and_shows_the_records_side(tmp_path: Path) -> None:
    (tmp_path / "goals.ndjson").write_text(f"{json.dumps(GOAL)}\n{json.dumps({**GOAL, 'id': 'h'})}\n")

    shown = run("coverage", str(tmp_path), "--fields").stdout
    counted = json.loads(run("coverage", str(tmp_path), "--json").stdout)

    assert counted["types"]["Goal"]["resources"] == 2
    standings = {each["field"]: (each["standing"], each["seen"]) for each in counted["records"]["goal"]}
    assert standings["description"] == ("mapped", 2)
    assert standings["version"] == ("read-only", 0)
    assert "read-only: version (the store numbers versions)" in shown


def test_every_verb_that_loads_maps_takes_an_overlay() -> None:
    unknown = run("to-record", "-", "--overlay", "no-such-partner", given=GOAL)

    assert isinstance(unknown.exception, MappingError)
    assert "no-such-partner" in str(unknown.exception)


def test_a_broken_rule_file_is_one_clear_message_with_its_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in data_folder(DataFolder.MAPPINGS).glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text())
    goal = tmp_path / "goal.yaml"
    goal.write_text(goal.read_text().replace("status_on: statusDate", "statusOn: statusDate"))
    monkeypatch.setattr(sys, "argv", ["care-gateway", "map", "check", "--folder", str(tmp_path)])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 1
    error = capsys.readouterr().err
    assert "goal.yaml:" in error
    assert "M106 goal.statusOn: the record has no field 'statusOn' - did you mean 'status_on'?" in error


def test_one_case_can_be_tried_again_alone() -> None:
    result = run("check", "goal", "--only", "17")

    assert (result.exit_code, result.stdout) == (0, "goal           all laws hold in case 17\n")
