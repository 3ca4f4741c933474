"""The README's whole file is a real one: it loads, and it holds the laws."""

from __future__ import annotations

import re
from pathlib import Path

import gateway.mapping
from gateway.mapping import Mappings, laws
from gateway.records import RECORDS

README = (Path(gateway.mapping.__file__).parent / "README.md").read_text(encoding="utf-8")


def test_the_example_in_the_readme_loads_and_holds_the_laws() -> None:
    example = README.split("```yaml\n")[1].split("```")[0]

    maps = Mappings.from_texts({"goal": example}, checked=True)

    assert maps.warnings == ()
    laws.check(maps["goal"], RECORDS["goal"].schema(), cases=30, shrink=False)


def test_every_code_of_a_problem_is_explained_in_the_readme() -> None:
    source = "".join(
        path.read_text(encoding="utf-8") for path in Path(gateway.mapping.__file__).parent.rglob("*.py")
    )
    raised = set(re.findall(r'"([MWI]\d{3})"', source))
    table = README.split("## Checks")[1].split("## What comes back")[0]

    assert raised - set(re.findall(r"[MWI]\d{3}", table)) == set()
