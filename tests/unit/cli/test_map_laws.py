"""`care-gateway map check`: many cases, shared by processes, with every overlay; and `map show`."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from gateway.cli.map import map_group
from gateway.cli.map.trials import Trial, run
from gateway.mapping import Mappings


def check(*arguments: str) -> Result:
    return CliRunner().invoke(map_group, ["check", *arguments])


def test_processes_share_the_cases_and_miss_none() -> None:
    tried: list[range] = []
    trials = [Trial(name, (), None, None, range(60)) for name in ("goal", "note")]

    assert run(trials, 2, lambda share: tried.append(share.numbers)) == {}
    assert sorted(number for numbers in tried for number in numbers) == sorted([*range(60), *range(60)])


def test_a_broken_law_is_told_once_with_its_first_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "gateway.cli.map.trials.fault_in", lambda share: f"{share.name} breaks at {share.numbers.start}"
    )
    trials = [Trial("goal", (), None, None, range(120))]

    assert run(trials, 1, lambda share: None) == {"goal": "goal breaks at 0"}


def test_each_overlay_is_tried_on_the_maps_that_it_changes() -> None:
    maps = Mappings.load()
    shown = check("--each-overlay", "--cases", "1", "--json")

    told = json.loads(shown.stdout)["maps"]
    assert shown.exit_code == 0
    assert set(told) == {
        f"{name} + {overlay}" for overlay in maps.overlay_names for name in maps.touched_by(overlay)
    }
    assert set(told.values()) == {None}


def test_show_prints_python_that_names_its_rules() -> None:
    shown = CliRunner().invoke(map_group, ["show", "goal"])

    assert shown.exit_code == 0
    assert "def read_Goal(node, parts):" in shown.stdout
    assert "# goal.status @ mappings/goal.yaml:" in shown.stdout
    compile(shown.stdout, "goal", "exec")


def test_show_as_json_has_the_rules_and_the_python() -> None:
    shown = json.loads(CliRunner().invoke(map_group, ["show", "note", "--json"]).stdout)

    assert shown["python"] == Mappings.load()["note"].source
    assert {"field": "id", "elements": "id"}.items() <= shown["rules"][0].items()
