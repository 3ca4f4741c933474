"""M102-M105, M120 of `fixed`: a value that is always written is one that R4 allows there."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.mapping.checks.ground import Atlas
from gateway.mapping.checks.patterns import pattern_findings
from gateway.mapping.checks.trails import Spot
from gateway.mapping.checks.ways import follow
from gateway.mapping.paths import Each, Name
from gateway.mapping.problems import Problem


def check(spot: Spot, atlas: Atlas) -> Iterator[Problem]:
    """What is wrong with the fixed values of a block."""
    for fixed in (*spot.block.fixed, *spot.block.always):
        steps = fixed.steps if fixed.name is None else (*fixed.steps, Name(fixed.name), Each({}))
        way = follow(spot.ground, steps, atlas, whole_list=isinstance(fixed.pattern, list))
        if not way.whole:
            continue
        listed = isinstance(fixed.pattern, list) and way.end.element.repeats and fixed.name is None
        for value in fixed.pattern if listed else [fixed.pattern]:
            found = pattern_findings(way.end, value, atlas)
            yield from (finding.at(fixed.origin) for finding in found)
