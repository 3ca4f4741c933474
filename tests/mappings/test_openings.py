"""The interpreter asks only the rules that can have something to say; asking all of them changes nothing."""

from __future__ import annotations

from random import Random

import pytest

from gateway.mapping import Mappings, reading
from gateway.mapping.laws.records import drawing, record_drawer
from gateway.mapping.laws.sources import Sources
from gateway.records import RECORDS

MAPS = Mappings.load()


@pytest.mark.parametrize("name", sorted(MAPS))
def test_a_rule_that_is_not_asked_would_have_found_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lens = MAPS[name]
    random = Random(name)
    draw = record_drawer(lens.rules.root, RECORDS[lens.rules.record].schema())
    sources = [
        Sources(lens.rules).enriched(lens.create(draw(drawing(random))).resources, (), random)
        for _ in range(20)
    ]
    some = [lens.interpreter.explained(source) for source in sources]

    monkeypatch.setattr(reading, "rules_for", lambda block, node: block.rules)

    assert [lens.interpreter.explained(source) for source in sources] == some
