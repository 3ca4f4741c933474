"""The overlays that ship: what each loses is what it says, and each writes what its guide asks for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any

import pytest

from gateway.fhir.json_codec import write
from gateway.mapping import Lens, Mappings
from gateway.mapping.always import with_always
from gateway.mapping.laws.records import drawing, record_drawer
from gateway.mapping.overlays.differences import Differences, differences
from gateway.mapping.rules import BackLinkedParts, Block, Items, fields_of
from gateway.mapping.values import MISSING, is_hollow, same
from gateway.places import DataFolder, data_folder
from gateway.records import RECORDS
from tests.mappings.profiles import Profile, profiles_of
from tests.mappings.published import published

MAPS = Mappings.load()
TOUCHED = [(overlay, name) for overlay in MAPS.overlay_names for name in MAPS.touched_by(overlay)]
EXAMPLES = data_folder(DataFolder.MAPPINGS) / "examples"
PROFILED = ("us-core-6.1.0", "sdoh-cc")
NOT_IN_THE_RECORD = {
    # What a profile asks for, an example's record does not say, and nobody may make up.
    "SDOHCC-Consent": {"Consent.source[x]"},
    "SDOHCC-TaskForReferralManagement": {"Task.requester"},
}
TELLING = {
    ("sdoh-cc", "referral"): [{"id": "r", "legs": [{"id": "t", "status": "received"}]}],
}


def lost(before: Any, after: Any, at: str = "") -> Iterator[str]:
    """The dotted record fields of which `after` says less than `before`."""
    if isinstance(before, dict):
        now = after if isinstance(after, dict) else {}
        for name, value in before.items():
            yield from lost(value, now.get(name), f"{at}.{name}" if at else name)
    elif isinstance(before, list) and before and isinstance(before[0], dict) and isinstance(after, list):
        if len(before) > len(after):
            yield at
        for one, other in zip(before, after, strict=False):
            yield from lost(one, other, at)
    elif isinstance(before, list):
        held = after if isinstance(after, list) else []
        if any(not any(same(item, other) for other in held) for item in before):
            yield at
    elif not is_hollow(before) and not same(before, after):
        yield at


def shown(lens: Lens, record: dict[str, Any]) -> dict[str, Any] | None:
    """What a partner's resources show of the record; None when it is refused: then somebody is told."""
    created = lens.create(record)
    return None if created.refused else lens.get(created.resources).record


def only(block: Block, differ: Differences) -> Block:
    """The block with the rules that differ alone, and the ids that items are known by."""
    inner = {each.ours: each.items for each in differ.lists}
    rules: list[Any] = []
    for rule in block.rules:
        if set(fields_of(rule)) & {*differ.dropped, *differ.changed} or fields_of(rule) == (("id",),):
            rules.append(rule)
        elif isinstance(rule, Items | BackLinkedParts) and rule.ours in inner:
            rules.append(replace(rule, block=only(rule.block, inner[rule.ours])))
    return replace(block, rules=tuple(rules))


@pytest.mark.parametrize(("overlay", "name"), TOUCHED)
def test_what_is_lost_is_listed_and_what_is_listed_is_lost(overlay: str, name: str) -> None:
    base, lens = MAPS[name], MAPS.with_overlays([overlay])[name]
    listed, seen = set(lens.rules.cannot_hold), set[str]()
    differ = differences(base.rules.root, lens.rules.root)
    schema = RECORDS[base.rules.record].schema()

    def look_at(record: dict[str, Any]) -> None:
        kept = shown(base, {**record, "id": "1"})
        left = None if kept is None else shown(lens, kept)
        gone = set() if left is None else set(lost(kept, left))
        unlisted = {field for field in gone if not any(f"{field}.".startswith(f"{each}.") for each in listed)}
        assert unlisted == set()
        seen.update(each for each in listed if any(f"{field}.".startswith(f"{each}.") for field in gone))

    for record in (_example(name), *TELLING.get((overlay, name), ())):
        look_at(record)
    if differ:  # a map whose fields all stand where they stood cannot lose any
        drawers = [record_drawer(only(each.rules.root, differ), schema) for each in (base, lens)]
        for number in range(60):
            look_at(drawers[number % 2](drawing(Random(number))))
    assert seen == listed


@pytest.mark.parametrize("overlay", MAPS.overlay_names)
def test_every_loss_has_its_reason(overlay: str) -> None:
    for lens in MAPS.with_overlays([overlay]).values():
        for field, because in lens.rules.cannot_hold.items():
            assert len(because) > 20, field
            assert because != "the overlay drops it", field


@pytest.mark.shared_data
@pytest.mark.parametrize("overlay", MAPS.overlay_names)
def test_published_resources_only_gain_what_the_overlay_writes_always(
    shared_data: Path, overlay: str
) -> None:
    maps, seen = MAPS.with_overlays([overlay]), 0
    kinds = [kind for kind in maps.types if maps.for_type(kind) is not MAPS.for_type(kind)]
    for folder in ("us-core-6.1.0", "sdoh-clinicalcare"):
        for name, resource in published(shared_data / folder, *kinds):
            kind = resource["resourceType"]
            lens = maps.for_type(kind)
            put = lens.put(lens.get({kind: resource}).record, {kind: resource}).resources[kind]
            parts = {part: [resource] if part == kind else [] for part in lens.part_types}
            root = resource if kind == lens.type else None
            expected = _with_always(lens, root, parts)
            assert write(put) == write(expected if root is not None else parts[kind][0]), name
            assert write(lens.put(lens.get({kind: put}).record, {kind: put}).resources[kind]) == write(put), (
                name
            )
            seen += 1
    assert seen >= 20


def _with_always(lens: Lens, root: Any, parts: dict[str, list[Any]]) -> Any:
    return with_always(lens.rules.root, MISSING if root is None else root, (lens.type, 0), parts)


def _example(name: str) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((EXAMPLES / f"{name}.record.json").read_text(), parse_float=Decimal)
    return record


@pytest.mark.shared_data
@pytest.mark.parametrize("overlay", PROFILED)
def test_what_is_created_from_the_examples_satisfies_the_profiles(shared_data: Path, overlay: str) -> None:
    profiles = profiles_of(shared_data)
    maps, claimed = MAPS.with_overlays([overlay]), set()
    for name in MAPS.touched_by(overlay):
        created = maps[name].create(_example(name)).resources
        for held in created.values():
            for resource in held if isinstance(held, list) else [held]:
                for url in resource.get("meta", {}).get("profile", []):
                    profile: Profile = profiles[url]
                    missing = profile.violations(resource)
                    assert missing <= NOT_IN_THE_RECORD.get(profile.id, set()), (name, missing)
                    claimed.add(url)
    assert len(claimed) >= 5


@pytest.mark.shared_data
def test_the_check_of_profiles_finds_what_is_missing(shared_data: Path) -> None:
    profiles = profiles_of(shared_data)
    for url, element in {
        "http://hl7.org/fhir/us/core/StructureDefinition/us-core-careplan": "CarePlan.category:AssessPlan",
        "http://hl7.org/fhir/us/core/StructureDefinition/us-core-goal": "Goal.lifecycleStatus",
    }.items():
        kind = element.split(".")[0]
        assert element in profiles[url].violations({"resourceType": kind})
        assert element in profiles[url].violations({"resourceType": kind, "lifecycleStatus": "odd"})


@pytest.mark.parametrize(("first", "second"), list(permutations(MAPS.overlay_names, 2)))
def test_overlays_stack_and_the_later_one_names_the_profile(first: str, second: str) -> None:
    alone, both = (MAPS.with_overlays(names) for names in ([second], [first, second]))
    for name in MAPS.touched_by(second):
        marks, stacked = (
            [fixed.pattern for fixed in maps[name].rules.root.always if fixed.name == "profile"]
            for maps in (alone, both)
        )
        assert marks == stacked or not marks
