"""The R4 side of a path: which element each step of a rule's path stands on, and where it leaves R4.

A path is followed as far as R4 knows it. What is wrong on the way is a finding: an element that is not there
(M101), a list taken for a single value or the reverse (M102, M103), a value[x] without its type (M105), an
extension that nobody defined or that stands or holds otherwise than defined (M180).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.conformance.facts import Element
from gateway.mapping.checks.extensions import as_extension, wrong_value
from gateway.mapping.checks.findings import Finding
from gateway.mapping.checks.ground import Atlas, Ground
from gateway.mapping.paths import Name, Step, Steps
from gateway.mapping.problems import did_you_mean


@dataclass(frozen=True, slots=True)
class Stop:
    """One name of a path: what it stands on, and which item of it the path picks."""

    ground: Ground
    pick: Step | None
    holder: Ground


@dataclass(frozen=True, slots=True)
class Way:
    """A path as far as R4 knows it. `whole`: to its very end."""

    start: Ground
    stops: tuple[Stop, ...]
    findings: tuple[Finding, ...]
    whole: bool

    @property
    def end(self) -> Ground:
        """Where the path ends."""
        return self.stops[-1].ground if self.stops else self.start


_HINTS: Final = "choose one with [0] or [element=value], or map the list with []"


def follow(start: Ground, steps: Steps, atlas: Atlas, *, whole_list: bool = False) -> Way:
    """The way of a path from an object; `whole_list`: it may end on a list without picking an item."""
    stops: list[Stop] = []
    findings: list[Finding] = []
    holder = start
    for name, pick, is_last in _names(steps):
        found = _child(holder, name, atlas)
        if isinstance(found, Finding):
            return Way(start, tuple(stops), (*findings, found), False)
        if found is None:
            return Way(start, tuple(stops), tuple(findings), False)
        if pick is None and found.element.repeats and not (is_last and whole_list):
            text = f"{name!r} repeats in FHIR (max {_most(found.element)}): {_HINTS}"
            findings.append(Finding("M102", found.path, text))
        if pick is not None and not found.element.repeats:
            text = f"{name!r} is a single value in FHIR (max 1), not a list: leave the [ ] out"
            findings.append(Finding("M103", found.path, text))
        if found.element.types == ("Extension",):
            found, wrong = as_extension(found, pick, holder, atlas)
            findings += wrong
        stops.append(Stop(found, pick, holder))
        holder = found
    return Way(start, tuple(stops), tuple(findings), True)


def _names(steps: Steps) -> Iterator[tuple[str, Step | None, bool]]:
    """The names of a path, each with what picks an item of it, and whether it is the last."""
    for count, step in enumerate(steps):
        if isinstance(step, Name):
            after = steps[count + 1] if count + 1 < len(steps) else None
            pick = None if isinstance(after, Name) else after
            yield step.name, pick, count + (1 if pick is None else 2) == len(steps)


def child(holder: Ground, name: str, atlas: Atlas) -> Ground | Finding | None:
    """The element `name` of an object, or what is wrong with it; None where anything may stand."""
    return _child(holder, name, atlas)


def _child(holder: Ground, name: str, atlas: Atlas) -> Ground | Finding | None:
    if holder.is_anything:
        return None
    path = f"{holder.path}.{name}"
    element = atlas.facts.child(holder.element, name)
    if element is None:
        return _unknown(holder, name, path, atlas)
    if holder.extension is not None and element.choice == "value":
        wrong = wrong_value(holder.extension, element, path)
        if wrong is not None:
            return wrong
    return Ground(path, element)


def _unknown(holder: Ground, name: str, path: str, atlas: Atlas) -> Finding:
    held = " or ".join(holder.element.types)
    known = atlas.facts.children(holder.element)
    choice = next((each for each in known if each.choice and name.startswith(each.choice)), None)
    if choice is not None:
        forms = ", ".join(named(choice, kind) for kind in choice.types[:8])
        more = ", …" if len(choice.types) > 8 else ""
        if name == choice.choice:
            text = f"{name!r} may be of several types; write one of them: {forms}{more}"
            return Finding("M105", path, text)
        near = did_you_mean(name, [named(choice, kind) for kind in choice.types])
        return Finding("M105", path, f"{choice.name} has no such type; it may be {forms}{more}{near}")
    kind = atlas.facts.type(held)
    if kind is not None and kind.primitive:
        return Finding("M101", path, f"{holder.path} is a {held}, a plain value without elements of its own")
    near = did_you_mean(name, [each.name for each in known])
    return Finding("M101", path, f"{holder.path} has no element {name!r}{near}")


def named(choice: Element, kind: str) -> str:
    """The name of a choice with one of its types: `valueQuantity`."""
    return f"{choice.choice}{kind[0].upper()}{kind[1:]}"


def _most(element: Element) -> str:
    return "*" if element.max is None else str(element.max)


def binding_holder(way: Way) -> Element | None:
    """The element whose binding rules the code at the end of a way: itself, or the concept it is part of."""
    grounds = [way.start, *(stop.ground for stop in way.stops)]
    names = [stop.ground.element.name for stop in way.stops]
    element = way.end.element
    if element.binding is not None and element.binding.strength == "required":
        return element
    if names[-1:] == ["code"] and grounds[-2].element.types == ("Coding",):
        concept = grounds[-3] if len(grounds) > 2 and names[-2:-1] == ["coding"] else grounds[-2]
        return concept.element
    return element
