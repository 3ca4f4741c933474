"""The README's examples are real: they load, and they hold the laws."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gateway.mapping
from gateway.mapping import Mappings, laws
from gateway.mapping.inline_tests import run_inline_tests
from gateway.records import RECORDS
from tests.unit.mapping.small_maps import Plan, load, plan_text

README = (Path(gateway.mapping.__file__).parent / "README.md").read_text(encoding="utf-8")


def test_the_example_in_the_readme_loads_and_holds_the_laws() -> None:
    example = README.split("```yaml\n")[1].split("```")[0]

    maps = Mappings.from_texts({"goal": example}, checked=True)

    assert maps.warnings == ()
    laws.check(maps["goal"], RECORDS["goal"].schema(), cases=30, shrink=False)


BASE_AND_BLOCKS = [block.split("```")[0] for block in README.split("```yaml\n")[1:]]
BLOCKS = [block.split("```")[0] for block in README.split("```yaml\n")[2:]]
RULES = [block for block in BLOCKS if block.startswith("fields:")]
(TESTS,) = [block for block in BLOCKS if block.startswith("tests:")]


@pytest.mark.parametrize("block", RULES, ids=lambda block: block.split()[1])
def test_each_construct_of_the_readme_loads_and_holds_the_laws(block: str) -> None:
    inner = "".join(f"  {line}\n" for line in block.splitlines()).replace("fields:", "fields:\n    id: id", 1)

    maps = load(f"mapping: plan\nrecord: plan\nCarePlan:\n{inner}")

    laws.check(maps["plan"], Plan(), cases=30, shrink=False)


def test_the_overlay_of_the_readme_loads_over_its_example_and_holds_the_laws() -> None:
    base, *_ = BASE_AND_BLOCKS
    (overlay,) = [block for block in BASE_AND_BLOCKS if block.startswith("overlay:")]

    maps = Mappings.from_texts({"goal": base}, overlays={"north": overlay})
    lens = maps.with_overlays(["north"])["goal"]

    assert set(lens.rules.cannot_hold) == {"status", "code", "targets.measure"}
    assert lens.create({"description": "Walk"}).resources["Goal"]["meta"]["profile"] == [
        "https://north.example/StructureDefinition/goal"
    ]
    laws.check(lens, RECORDS["goal"].schema(), cases=30, shrink=False)


def test_every_construct_has_an_example() -> None:
    assert [word for word in ("joint", "carry", "switch", "conceptmap") if word not in "".join(RULES)] == []


def test_the_cases_of_the_readme_hold() -> None:
    rules = plan_text("title: title\nstate: {to: status, codes: {paused: on-hold, done: completed}}")

    results = run_inline_tests(load(rules + TESTS)["plan"], Plan())

    assert [str(result) for result in results if not result.passed] == []
    assert len(results) == TESTS.count("- name")


def test_every_code_of_a_problem_is_explained_in_the_readme() -> None:
    source = "".join(
        path.read_text(encoding="utf-8") for path in Path(gateway.mapping.__file__).parent.rglob("*.py")
    )
    raised = set(re.findall(r'"([MWI]\d{3})"', source))
    table = README.split("## Checks")[1].split("## What comes back")[0]

    assert raised - set(re.findall(r"[MWI]\d{3}", table)) == set()
