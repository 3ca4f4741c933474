"""M110: whatever a rule can make has the elements that R4 requires of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.conformance.facts import Element
from gateway.mapping.checks.findings import Finding
from gateway.mapping.checks.ground import Atlas, Ground
from gateway.mapping.checks.trails import Spot, Trail, Use
from gateway.mapping.paths import Each, Select
from gateway.mapping.problems import Problem
from gateway.mapping.rules import Fixed, Items, Origin

_WRITING: Final = (Use.WRITTEN, Use.LINK, Use.HOLDER, Use.FIXED)


@dataclass(slots=True)
class _Made:
    """An object that the rules of a block make, with the names of what they put into it.

    origin   the first rule that writes into it: without that rule there would be no such object
    inside   the objects in it that are made part by part; what a codec makes whole is not among them
    broken   a path fails here: what it was meant to be is not known, so nothing is missed
    """

    ground: Ground
    origin: Origin
    names: set[str] = field(default_factory=set)
    inside: dict[str, _Made] = field(default_factory=dict)
    broken: bool = False


def check(spot: Spot, atlas: Atlas) -> Iterator[Problem]:
    """The required elements that no rule writes, in the object of a block and in the objects inside it."""
    if isinstance(spot.rule, Items) and spot.rule.read_only:
        return
    made = _Made(spot.ground, spot.block.origin if spot.rule is None else spot.rule.origin)
    made.names.update(() if spot.list is None else spot.list.pattern)
    for trail in spot.trails:
        if trail.use in _WRITING:
            _walk(made, trail)
    yield from _missing(made, atlas)


def _walk(made: _Made, trail: Trail) -> None:
    for count, stop in enumerate(trail.way.stops, start=1):
        element = stop.ground.element
        made.names.add(element.choice or element.name)
        pattern: Mapping[str, Any] = stop.pick.pattern if isinstance(stop.pick, Select | Each) else {}
        if count == len(trail.way.stops) and trail.way.whole:
            if not isinstance(trail.rule, Fixed) or not isinstance(trail.rule.pattern, Mapping):
                return
            pattern = trail.rule.pattern
        key = f"{element.name} {sorted(pattern.items(), key=str)}" if pattern else element.name
        made = made.inside.setdefault(key, _Made(stop.ground, trail.origin))
        made.names.update(pattern)
    made.broken = made.broken or not trail.way.whole


def _missing(made: _Made, atlas: Atlas) -> Iterator[Problem]:
    if made.broken or made.ground.is_anything:
        return
    for element in atlas.facts.children(made.ground.element):
        if element.required and (element.choice or element.name) not in _stems(made, element):
            yield _problem(made, element)
    for inner in made.inside.values():
        yield from _missing(inner, atlas)


def _stems(made: _Made, element: Element) -> set[str]:
    """The names given; those of a pattern may be a choice with its type (valueCode)."""
    given = {name for name in made.names if element.choice and name.startswith(element.choice)}
    return made.names | ({element.choice} if given else set())


def _problem(made: _Made, element: Element) -> Problem:
    most = "*" if element.max is None else element.max
    text = f"required element {element.name!r} ({element.min}..{most}) has no rule and no fixed value"
    if "." in made.ground.path:
        text += f", but this rule can make a {made.ground.path}"
    text += "; map it, or give it under fixed"
    return Finding("M110", f"{made.ground.path}.{element.name}", text).at(made.origin)
