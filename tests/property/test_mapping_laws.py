"""Every shipped rule file holds every law, on generated records and on sources as partners send them.

The first case found is shown; `care-gateway map check NAME` looks for the smallest one.
"""

from __future__ import annotations

import pytest

from gateway.mapping import Mappings, laws
from gateway.records import RECORDS

MAPS = Mappings.load()
TOUCHED = [(overlay, name) for overlay in MAPS.overlay_names for name in MAPS.touched_by(overlay)]


@pytest.mark.parametrize("name", sorted(MAPS))
def test_a_shipped_map_holds_the_laws(name: str) -> None:
    laws.check(MAPS[name], RECORDS[MAPS[name].rules.record].schema(), cases=100, shrink=False)


def test_every_record_has_a_map() -> None:
    assert {kind.mapping for kind in RECORDS.values()} == set(MAPS)


@pytest.mark.parametrize(("overlay", "name"), TOUCHED)
def test_a_shipped_map_holds_the_laws_with_each_overlay_that_changes_it(overlay: str, name: str) -> None:
    lens = MAPS.with_overlays([overlay])[name]

    laws.check(lens, RECORDS[lens.rules.record].schema(), cases=30, shrink=False)
