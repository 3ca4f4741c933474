"""`care-gateway map explain|diff|show`: what an analyst sees of a reading, a change of rules, and a map."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli.map import map_group
from gateway.places import DataFolder, data_folder

GOAL: dict[str, Any] = {
    "resourceType": "Goal",
    "id": "g",
    "lifecycleStatus": "active",
    "description": {
        "coding": [{"system": "http://snomed.info/sct", "code": "165248001", "display": "Walking"}],
        "text": "Walk again",
    },
    "subject": {"reference": "Patient/9", "display": "shown"},
    "statusReason": "better",
    "expressedBy": {"reference": "RelatedPerson/r"},
    "colour": "red",
    "identifier": [{"system": "urn:theirs", "value": "1"}],
}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(map_group, arguments)


@pytest.fixture
def goal_file(tmp_path: Path) -> str:
    return written(tmp_path / "goal.json", GOAL)


def written(path: Path, value: Any) -> str:
    path.write_text(json.dumps(value))
    return str(path)


@pytest.fixture
def changed_maps(tmp_path: Path) -> Path:
    """The shipped rule files, with one rule of a goal gone and one that reads less."""
    folder = tmp_path / "maps"
    folder.mkdir()
    for path in data_folder(DataFolder.MAPPINGS).glob("*.yaml"):
        (folder / path.name).write_text(path.read_text())
    goal = folder / "goal.yaml"
    lines = [line for line in goal.read_text().splitlines() if not line.startswith("    status_reason:")]
    text = "\n".join(lines).replace(
        "{to: expressedBy.reference, ref: any}", "{to: expressedBy.reference, ref: [Patient]}"
    )
    goal.write_text(text)
    return folder


def test_explain_names_rule_field_and_reading_of_each_element(goal_file: str) -> None:
    shown = run("explain", goal_file)

    line = next(line for line in shown.stdout.splitlines() if "Goal.lifecycleStatus" in line)
    assert 'status = "active"  [mappings/goal.yaml:' in line
    assert "unmapped: Goal.colour: no rule reads it" in shown.stdout
    assert shown.exit_code == 0


def test_explain_names_the_elements_that_each_field_came_from(goal_file: str) -> None:
    shown = run("explain", goal_file, "--by", "field").stdout
    told = json.loads(run("explain", goal_file, "--json").stdout)["records"][0]

    assert '  description = "Walk again"  from Goal.description.text  [mappings/goal.yaml:' in shown
    assert told["fields"]["code.code"] == ["Goal.description.coding[0].code"]
    assert {each["bucket"] for each in told["elements"]} == {"mapped", "fixed", "unmapped"}
    assert len(told["elements"]) == 14


def test_explain_put_says_what_would_change_by_which_rule_and_what_goes_stale(
    goal_file: str, tmp_path: Path
) -> None:
    record = json.loads(run("to-record", goal_file).stdout)
    edited = written(tmp_path / "edited.json", {**record, "status": "on-hold", "person": "10"})

    shown = run("explain", goal_file, "--put", edited, "--map", "goal")
    told = json.loads(run("explain", goal_file, "--put", edited, "--map", "goal", "--json").stdout)

    assert 'Goal.lifecycleStatus: "active" -> "on-hold"  status  [mappings/goal.yaml:' in shown.stdout
    effects = {each["element"]: each["effect"] for each in told["changed"]}
    assert effects == {
        "Goal.lifecycleStatus": "by rule",
        "Goal.subject.reference": "by rule",
        "Goal.subject.display": "stale",
    }


def test_explain_put_of_the_same_record_changes_nothing(goal_file: str, tmp_path: Path) -> None:
    same = written(tmp_path / "same.json", json.loads(run("to-record", goal_file, "--json").stdout))

    assert run("explain", goal_file, "--put", same).stdout == "nothing changes\n"


def test_diff_shows_the_rules_and_what_they_do_to_the_samples(goal_file: str, changed_maps: Path) -> None:
    result = run("diff", "shipped", str(changed_maps), "--samples", goal_file)
    told = json.loads(run("diff", "shipped", str(changed_maps), "--samples", goal_file, "--json").stdout)

    assert result.exit_code == 1
    assert "removed goal.status_reason\n    - statusReason (as it is)  [mappings/goal.yaml:" in result.stdout
    assert "changed goal.expressed_by\n" in result.stdout
    assert "+ expressedBy.reference (ref any)  [maps/goal.yaml:" in result.stdout
    assert 'status_reason: "better" -> nothing' in result.stdout
    assert {place: each["count"] for place, each in told["records"].items()} == {
        "goal.status_reason": 1,
        "goal.expressed_by": 1,
    }
    assert set(told["resources"]) == {"Goal.statusReason", "Goal.expressedBy.reference"}


def test_diff_of_the_same_rules_is_quiet_and_ends_with_0(goal_file: str) -> None:
    result = run("diff", "shipped", "shipped", "--samples", goal_file)

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "the rules say the same",
        "1 reading of the samples: nothing comes out differently",
    ]


def test_diff_with_an_overlay_shows_what_the_partner_gets(goal_file: str) -> None:
    result = run("diff", "shipped", "shipped", "--overlay", "us-core-6.1.0", "--samples", goal_file)

    assert "added   goal.always Goal.meta.profile[]" in result.stdout


def test_diff_asks_for_folders() -> None:
    assert run("diff", "shipped", "no-such-folder").exit_code == 2


def test_show_prints_the_rules_of_a_map_both_ways() -> None:
    shown = run("show", "goal", "--rules").stdout.splitlines()
    told = json.loads(run("show", "goal", "--json").stdout)

    status = next(line for line in shown if line.startswith("status "))
    version = next(line for line in shown if line.startswith("version "))
    assert status.split()[:3] == ["status", "<->", "lifecycleStatus"]
    assert "(the store numbers versions)" in version
    assert {rule["field"] for rule in told["rules"]} >= {"targets.due_on", "person"}
    assert run("show", "gaol").exit_code == 2


def test_merge_shows_each_sides_edits_and_ends_with_1_when_somebody_must_decide(tmp_path: Path) -> None:
    base = written(tmp_path / "base.json", GOAL)
    ours = written(tmp_path / "ours.json", {**GOAL, "lifecycleStatus": "on-hold"})
    theirs = written(tmp_path / "theirs.json", {**GOAL, "statusReason": "new"})
    other = written(tmp_path / "other.json", {**GOAL, "lifecycleStatus": "cancelled"})

    agreed, torn = run("merge", base, ours, theirs), run("merge", base, ours, other)

    assert (agreed.exit_code, torn.exit_code) == (0, 1)
    assert 'only ours     status: "active" -> "on-hold"  [mappings/goal.yaml:' in agreed.stdout
    assert 'only theirs   status_reason: "better" -> "new"' in agreed.stdout
    assert 'conflict      status: was "active", ours "on-hold", theirs "cancelled"' in torn.stdout
    assert json.loads(run("merge", base, ours, theirs, "--json").stdout)["record"]["status"] == "on-hold"


def test_test_runs_the_cases_of_the_rule_files_and_shows_what_differs(changed_maps: Path) -> None:
    goal = changed_maps / "goal.yaml"
    cases = """
tests:
  - name: an accepted goal
    fhir: {Goal.lifecycleStatus: accepted}
    expect: {status: accepted}
  - name: a goal that nobody has
    fhir: {Goal.lifecycleStatus: accepted}
    expect: {status: rejected}
"""
    text = goal.read_text().split("\ntests:")[0].rstrip("\n") + cases
    goal.write_text(text)

    result = run("test", "goal", "--folder", str(changed_maps))
    told = json.loads(run("test", "goal", "--folder", str(changed_maps), "--json").stdout)

    assert result.exit_code == 1
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "a goal that nobody" in each)
    fault = f"maps/goal.yaml:{line}: a goal that nobody has: record.status should be 'rejected'"
    assert fault in result.stdout
    assert "1 of 2 cases hold" in result.stdout
    assert [each["passed"] for each in told["maps"]["goal"]] == [True, False]


def test_the_shipped_cases_hold() -> None:
    assert run("test").exit_code == 0
