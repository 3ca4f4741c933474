"""M101-M103, M105, M180: every path leads to an element that R4 has there, and through lists as lists."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.mapping.checks.ground import Atlas
from gateway.mapping.checks.patterns import pattern_findings
from gateway.mapping.checks.trails import Spot
from gateway.mapping.paths import Each, Select
from gateway.mapping.problems import Problem


def check(spot: Spot, atlas: Atlas) -> Iterator[Problem]:
    """What is wrong with the paths of a block's rules, and with the selectors in them."""
    for trail in spot.trails:
        yield from (finding.at(trail.origin) for finding in trail.way.findings)
        for stop in trail.way.stops:
            if isinstance(stop.pick, Select | Each) and stop.ground.extension is None:
                pattern = {k: v for k, v in stop.pick.pattern.items() if not _is_url(stop.ground.element, k)}
                found = pattern_findings(stop.ground, pattern, atlas, selector=True)
                yield from (finding.at(trail.origin) for finding in found)


def _is_url(element: object, name: str) -> bool:
    return name == "url" and getattr(element, "types", ()) == ("Extension",)
