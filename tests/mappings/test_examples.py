"""Every rule file has an example: one record and its FHIR resources, each made from the other."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gateway.conformance.typed import shape_issues
from gateway.fhir.json_codec import read_stored
from gateway.mapping import Mappings
from gateway.places import DataFolder, data_folder
from gateway.records import RECORDS, validate
from tests.mappings.published import differences

FOLDER = data_folder(DataFolder.MAPPINGS)
KINDS = {kind.mapping: kind for kind in RECORDS.values()}


@pytest.fixture(scope="module")
def maps() -> Mappings:
    return Mappings.load()


def example(mapping: str, side: str) -> dict[str, Any]:
    value = read_stored((FOLDER / "examples" / f"{mapping}.{side}.json").read_bytes())
    assert isinstance(value, dict)
    return value


def in_any_order_of_elements(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str, sort_keys=True))


def test_every_rule_file_has_its_pair_and_every_record_its_rule_file() -> None:
    files = {file.stem for file in FOLDER.glob("*.yaml")}
    pairs = {file.name.partition(".")[0] for file in (FOLDER / "examples").glob("*.json")}

    assert files == set(KINDS)
    assert pairs == files
    assert all(
        (FOLDER / "examples" / f"{name}.{side}.json").is_file()
        for name in files
        for side in ("record", "fhir")
    )


@pytest.mark.parametrize("mapping", KINDS)
def test_the_record_is_read_from_its_resources(maps: Mappings, mapping: str) -> None:
    got = maps[mapping].get(example(mapping, "fhir"))

    assert differences(got.record, example(mapping, "record")) == set()


@pytest.mark.parametrize("mapping", KINDS)
def test_the_resources_are_made_from_the_record(maps: Mappings, mapping: str) -> None:
    made = maps[mapping].create(example(mapping, "record"))

    assert [issue for issue in made.issues if issue.severity == "error"] == []
    assert in_any_order_of_elements(made.resources) == in_any_order_of_elements(example(mapping, "fhir"))


@pytest.mark.parametrize("mapping", KINDS)
def test_putting_the_record_back_changes_nothing(maps: Mappings, mapping: str) -> None:
    resources = example(mapping, "fhir")

    put = maps[mapping].put(example(mapping, "record"), resources)

    assert differences(put.resources, resources) == set()


@pytest.mark.parametrize("mapping", KINDS)
def test_the_example_fits_its_schema_and_r4(mapping: str) -> None:
    resources = example(mapping, "fhir")
    flat = [one for part in resources.values() for one in (part if isinstance(part, list) else [part])]

    assert validate(KINDS[mapping], example(mapping, "record")) == []
    assert [issue for resource in flat for issue in shape_issues(resource)] == []


@pytest.mark.parametrize("mapping", KINDS)
def test_the_example_shows_every_field_that_can_be_written(mapping: str) -> None:
    # One of two fields that exclude each other is enough.
    excluded = {
        "person": {"multiple_birth"},
        "referral": {"needed_at", "as_needed_code", "as_needed_text"},
        "goal": {"start_code", "start_text"},
        "consent": {"document"},
    }.get(mapping, set())
    fields = KINDS[mapping].schema().fields
    writable = {name for name, field in fields.items() if not field.dump_only}

    assert writable - set(example(mapping, "record")) == excluded


def test_the_story_in_the_readme_is_true(maps: Mappings) -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    blocks = [read_stored(block.encode()) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    received, shown, edited, sent = blocks
    goal = maps["goal"]

    assert goal.get(received).record == shown
    put = goal.put(edited, received)
    assert differences(put.resources, sent) == set()


def test_the_readme_lists_every_rule_file() -> None:
    text = (Path(FOLDER) / "README.md").read_text(encoding="utf-8")

    assert all(f"`{name}.yaml`" in text for name in KINDS)
