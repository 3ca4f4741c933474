"""The shipped examples of partner files say what the schemas accept."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from gateway.conformance.served_types import SERVED
from gateway.partners import kinds
from gateway.places import DataFolder, data_folder
from gateway.sync.abilities import ABILITY_NAMES, AbilitiesSchema

EXAMPLES = sorted((data_folder(DataFolder.CONFIG) / "partners" / "examples").glob("*.yaml"))


def test_there_is_an_example() -> None:
    assert "sekmet.yaml" in {path.name for path in EXAMPLES}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_reads_without_a_problem(path: Path) -> None:
    example = yaml.safe_load(path.read_text())

    kind = kinds()[example["kind"]]
    assert kind.settings_schema().load(example["settings"]) is not None
    assert set(example.get("pulls", [])) | set(example.get("pushes", [])) <= set(SERVED)


def test_the_sekmet_example_cites_day_and_evidence_of_every_ability() -> None:
    example = yaml.safe_load(next(path for path in EXAMPLES if path.name == "sekmet.yaml").read_text())
    abilities = AbilitiesSchema().load(example["abilities"])

    assert set(abilities.observations) == set(ABILITY_NAMES)
    assert abilities.version_aware_update
    assert not abilities.keeps_decimal_digits
