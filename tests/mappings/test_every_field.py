"""Each mapped field of other people's resources, changed in turn: its element changes and nothing else does.

The edits are generated from the rules and the schemas, so a new map or field is tried without another line
here. With CARE_GATEWAY_EVERY_EDIT=1 every edit is tried on every resource; without it, each on a few.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.fhir.json_codec import write
from gateway.mapping import Lens, Mappings
from gateway.mapping.documents import contained_in
from gateway.mapping.laws.edits import written
from gateway.mapping.laws.words import difference
from gateway.mapping.values import same
from gateway.records import RECORDS
from tests.mappings.edits import edits
from tests.mappings.nothing_else import what_else_changed
from tests.mappings.published import published

pytestmark = pytest.mark.shared_data

EVERY_EDIT = bool(os.environ.get("CARE_GATEWAY_EVERY_EDIT"))
TRIES = 2
"""On how many resources an edit is tried, unless every edit is."""

REFUSALS = (
    "the first of several items cannot be cleared alone",
    "can express the record's values together",
    "would not be readable as one of this list",
    "lacks what makes it one of this list",
    "holds an item that cannot be expressed here",
)
"""Why an edit may be refused as documented; the resources are then exactly as they were."""

MAPS = Mappings.load()


@pytest.mark.parametrize("name", MAPS)
def test_an_edit_of_any_field_changes_its_element_and_nothing_else(shared_data: Path, name: str) -> None:
    lens = MAPS[name]
    schema = RECORDS[lens.rules.record].schema()
    tried: Counter[Any] = Counter()
    refused: Counter[Any] = Counter()
    wrong: dict[Any, str] = {}
    for where, resources in documents(shared_data, lens):
        record = lens.get(resources).record
        assert write(lens.put(record, resources).resources) == write(resources), where
        for edit in edits(lens.rules.root, schema, record):
            if (not EVERY_EDIT and tried[edit.place] >= TRIES) or edit.place in wrong:
                continue
            tried[edit.place] += 1
            put = lens.put(edit.record, resources, new_id=lambda: "made")
            if put.refused:
                reasons = {issue.text for issue in put.refused}
                expected = all(any(words in reason for words in REFUSALS) for reason in reasons)
                if not expected or write(put.resources) != write(resources):
                    wrong[edit.place] = f"{where}: refused: {reasons}"
                refused[edit.place] += 1
                continue
            wanted = written(lens.rules.root, edit.record)
            got = written(lens.rules.root, lens.get(put.resources).record)
            if not same(got, wanted):
                wrong[edit.place] = f"{where}: {difference(wanted, got)}"
            elif (told := what_else_changed(lens, edit, record, resources, put.resources)) is not None:
                wrong[edit.place] = f"{where}: something else changed\n{told}"
    assert not wrong, "\n\n".join(f"{place}: {why}" for place, why in list(wrong.items())[:8])
    assert tried
    assert all(refused[place] < count or count < TRIES for place, count in tried.items())


def documents(folder: Path, lens: Lens) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each published resource that the lens reads, with the parts at hand; parts alone where they can be."""
    parts: dict[str, list[Any]] = {kind: [] for kind in lens.part_types}
    for kind in lens.part_types:
        parts[kind] = [resource for _, resource in published(folder, kind)]
    for where, resource in published(folder, lens.type):
        for root in (
            resource,
            *(each for each in contained_in(resource) if each["resourceType"] == lens.type),
        ):
            yield where, {lens.type: root, **parts_of(root, parts)}
    for kind in lens.lone_types:
        for resource in parts[kind]:
            yield f"{kind}/{resource.get('id')}", {kind: resource}


def parts_of(root: dict[str, Any], parts: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The parts that name the resource or that it names."""
    text = str(root)
    mine = f"{root['resourceType']}/{root.get('id')}"
    return {
        kind: [part for part in held if f"{kind}/{part.get('id')}'" in text or f"'{mine}'" in str(part)]
        for kind, held in parts.items()
    }
