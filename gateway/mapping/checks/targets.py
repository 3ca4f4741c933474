"""M170: a reference is mapped to a type that R4 lets it point at."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.mapping.checks.findings import Finding
from gateway.mapping.checks.trails import Spot, Use
from gateway.mapping.checks.ways import Way
from gateway.mapping.codecs import AnyReference, RecordReference
from gateway.mapping.problems import Problem
from gateway.mapping.rules import BackLinkedParts, LinkedParts


def check(spot: Spot) -> Iterator[Problem]:
    """The references of a block whose type is not among the targets of their element."""
    for trail in spot.trails:
        if not trail.way.whole or not trail.way.stops:
            continue
        types: frozenset[str] = frozenset()
        match trail.codec:
            case RecordReference():
                types = frozenset({trail.codec.type})
            case AnyReference():
                types = trail.codec.types
        if trail.use is Use.LINK and isinstance(trail.rule, LinkedParts):
            types = frozenset({trail.rule.type})
        if trail.use is Use.LINK and isinstance(trail.rule, BackLinkedParts) and spot.parent is not None:
            types = frozenset(spot.parent.ground.element.types)
        targets = _targets(trail.way)
        for type_name in sorted(types - targets) if targets else ():
            known = ", ".join(sorted(targets))
            text = f"{trail.way.stops[-1].holder.path} cannot point at {type_name}; it may point at {known}"
            yield Finding("M170", trail.way.end.path, text).at(trail.origin)


def _targets(way: Way) -> frozenset[str]:
    """What the Reference that a way ends in may point at; empty: anything."""
    holder = way.stops[-1].holder
    if holder.element.types != ("Reference",):
        return frozenset()
    above = way.stops[-2].holder if len(way.stops) > 1 else way.start
    if above.extension is not None:
        return frozenset(above.extension.targets)
    return frozenset(holder.element.targets)
