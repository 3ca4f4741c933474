"""Each mapped field of other people's resources, changed in turn: its element changes and nothing else does.

The edits are generated from the rules and the schemas, so a new map or field is tried without another line
here. With CARE_GATEWAY_EVERY_EDIT=1 every edit is tried on every resource; without it, each on a few.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.fhir.json_codec import write
from gateway.mapping import Lens, Mappings
from gateway.mapping.documents import contained_in
from gateway.mapping.laws.edits import written
from gateway.mapping.laws.words import difference
from gateway.mapping.rules import BackLinkedParts, Block
from gateway.mapping.values import same
from gateway.records import RECORDS
from tests.mappings.edits import Edit, edits
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
    "cannot be taken off the list of a resource that is not at hand",
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
        alone = lens.type not in resources
        for edit in edits(lone_lists(lens) if alone else lens.rules.root, schema, record):
            place = (*edit.place, alone)
            if (not EVERY_EDIT and tried[place] >= TRIES) or place in wrong:
                continue
            tried[place] += 1
            fault, was_refused = faults_of(lens, edit, record, resources)
            refused[place] += was_refused
            if fault:
                wrong[place] = f"{where}: {fault}"
    assert not wrong, "\n".join(f"{place}: {why}" for place, why in list(wrong.items())[:8])
    assert tried
    never = [place for place, count in tried.items() if refused[place] == count > 2 * TRIES]
    assert not never, f"no such edit was ever possible: {never}"


def faults_of(
    lens: Lens, edit: Edit, record: dict[str, Any], resources: dict[str, Any]
) -> tuple[str | None, bool]:
    """What is wrong with the resources after an edit, if anything, and whether the edit was refused."""
    put = lens.put(edit.record, resources, new_id=lambda: "made")
    if put.refused:
        reasons = {issue.text for issue in put.refused}
        if not all(any(words in reason for words in REFUSALS) for reason in reasons):
            return f"refused: {reasons}", True
        return None if write(put.resources) == write(resources) else "refused, and yet changed", True
    wanted = written(lens.rules.root, edit.record)
    got = written(lens.rules.root, lens.get(put.resources).record)
    if not same(got, wanted):
        return difference(wanted, got), False
    else_ = what_else_changed(lens, edit, record, resources, put.resources)
    return (None if else_ is None else f"something else changed: {else_}"), False


def lone_lists(lens: Lens) -> Block:
    """The rules that hold when the root resource is missing: the lists whose parts carry the link."""
    root = lens.rules.root
    return replace(root, rules=tuple(rule for rule in root.rules if isinstance(rule, BackLinkedParts)))


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
