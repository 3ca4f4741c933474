"""The shipped maps, alone and with each overlay, are right without a word; and the checks see them through.

A check that looked away would be silent too, so every path and every required element of the shipped maps is
spoiled in turn, and must be found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from gateway.conformance.facts import Element
from gateway.mapping import Mappings
from gateway.mapping.checks import Atlas, atlas, required
from gateway.mapping.checks.trails import Spot, Trail, Use, spots
from gateway.mapping.checks.ways import follow
from gateway.mapping.paths import Name, Steps
from gateway.places import DataFolder, data_folder
from gateway.records import RECORDS

MAPS = Mappings.load()
KNOWN = atlas(data_folder(DataFolder.PROFILES))


def all_spots(known: Atlas) -> Iterator[Spot]:
    for lens in MAPS.values():
        yield from spots(lens.rules, RECORDS[lens.rules.record].schema(), known)


def test_the_shipped_maps_have_no_warning() -> None:
    assert list(map(str, MAPS.warnings)) == []


@pytest.mark.parametrize("overlay", MAPS.overlay_names)
def test_a_shipped_overlay_brings_no_warning(overlay: str) -> None:
    assert list(map(str, MAPS.with_overlays([overlay]).warnings)) == []


def misspelt(steps: Steps) -> Iterator[Steps]:
    """The path with each of its names misspelt in turn; extensions are told by their url."""
    for count, step in enumerate(steps):
        if isinstance(step, Name) and step.name != "extension":
            yield (*steps[:count], Name(step.name + "x"), *steps[count + 1 :])


def test_every_name_of_every_path_is_found_when_it_is_misspelt() -> None:
    tried = 0
    for spot in all_spots(KNOWN):
        for trail in spot.trails:
            if trail.use is not Use.GUARD:  # a guard's path starts at the item
                for wrong in misspelt(trail.steps):
                    assert follow(spot.ground, wrong, KNOWN).findings, trail.origin
                    tried += 1
    assert tried > 500


def makes(trail: Trail, element: Element) -> bool:
    """Whether the path leads to the element, or into it."""
    first = trail.way.stops[0].ground.element if trail.way.stops else None
    return first is not None and (first.choice or first.name) == (element.choice or element.name)


def test_every_required_element_is_missed_when_nothing_makes_it() -> None:
    missed = 0
    for spot in all_spots(KNOWN):
        if list(required.check(spot, KNOWN)):
            pytest.fail(f"{spot.block.origin} misses something already")
        given = spot.list.pattern if spot.list is not None else {}
        for element in KNOWN.facts.children(spot.ground.element):
            if element.required and element.name not in given:
                left = tuple(trail for trail in spot.trails if not makes(trail, element))
                found = [problem.code for problem in required.check(replace(spot, trails=left), KNOWN)]
                writes = not getattr(spot.rule, "read_only", False)
                assert ("M110" in found) is writes, (spot.ground.path, element.name)
                missed += 1
    assert missed > 20
