"""I190: the elements of a resource that a map says nothing of: kept, and reported as not mapped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.mapping.checks.findings import Finding
from gateway.mapping.checks.ground import Atlas
from gateway.mapping.checks.trails import Spot
from gateway.mapping.problems import Problem, Severity
from gateway.mapping.rules import Items

# Of the resource as such, not of its content.
_OF_EVERY_RESOURCE: Final = frozenset(
    ["id", "meta", "implicitRules", "language", "text", "contained", "extension", "modifierExtension"]
)


def inventory(spot: Spot, atlas: Atlas) -> Iterator[Problem]:
    """The elements of a whole resource that no rule, fixed value or `ignore` of its block names."""
    if isinstance(spot.rule, Items):
        return
    named = {
        trail.way.stops[0].ground.element.choice or trail.way.stops[0].ground.element.name
        for trail in spot.trails
        if trail.way.stops
    }
    for element in atlas.facts.children(spot.ground.element):
        if element.name not in _OF_EVERY_RESOURCE and (element.choice or element.name) not in named:
            most = "*" if element.max is None else element.max
            text = (
                f"not mapped: {' | '.join(element.types) or 'as ' + element.content} ({element.min}..{most})"
            )
            found = Finding("I190", f"{spot.ground.path}.{element.name}", text, Severity.INFORMATION)
            yield found.at(spot.block.origin if spot.rule is None else spot.rule.origin)
