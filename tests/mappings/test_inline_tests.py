"""The cases that stand in the shipped rule files, and in the shipped overlays, hold."""

from __future__ import annotations

import pytest

from gateway.mapping import Mappings
from gateway.mapping.inline_tests import run_inline_tests

MAPS = Mappings.load()


@pytest.mark.parametrize("name", sorted(MAPS))
def test_every_case_beside_the_rules_holds(name: str) -> None:
    assert [str(result) for result in run_inline_tests(MAPS[name]) if not result.passed] == []


@pytest.mark.parametrize("overlay", sorted(MAPS.overlay_names))
def test_every_case_of_an_overlay_holds(overlay: str) -> None:
    maps = MAPS.with_overlays([overlay])

    results = [result for name in MAPS.touched_by(overlay) for result in run_inline_tests(maps[name])]

    assert [str(result) for result in results if not result.passed] == []
