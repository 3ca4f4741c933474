"""The R4 side of a path: which element each step of a rule's path stands on, and where it leaves R4.

A path is followed as far as R4 knows it. What is wrong on the way is a finding: an element that is not there
(M101), a list taken for a single value or the reverse (M102, M103), a value[x] without its type (M105), an
extension that nobody defined or that stands or holds otherwise than defined (M180).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.conformance.facts import Element, ExtensionFacts, Facts
from gateway.mapping.checks.findings import Finding
from gateway.mapping.paths import Each, Name, Select, Step, Steps
from gateway.mapping.problems import did_you_mean


@dataclass(frozen=True, slots=True)
class Atlas:
    """What is known of R4, and of the extensions that the gateway itself defines, by url."""

    facts: Facts
    extensions: Mapping[str, ExtensionFacts] = field(default_factory=dict)

    def extension(self, url: str) -> ExtensionFacts | None:
        """The definition of an extension: ours, or one of R4's own."""
        return self.extensions.get(url) or self.facts.extension(url)


@dataclass(frozen=True, slots=True)
class Ground:
    """An object that rules stand on: its path as FHIR writes it, its element, the extension that it is."""

    path: str
    element: Element
    extension: ExtensionFacts | None = None

    @property
    def is_anything(self) -> bool:
        """Whether it may hold a resource of any type, so that nothing can be said of its elements."""
        return self.element.types == ("Resource",)


def root(type_name: str) -> Ground:
    """The ground of a whole resource."""
    return Ground(type_name, Element(type_name, types=(type_name,)))


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
            found, wrong = _as_extension(found, pick, holder, atlas)
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
        wrong = _wrong_value(holder.extension, element, path)
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


def _as_extension(
    found: Ground, pick: Step | None, holder: Ground, atlas: Atlas
) -> tuple[Ground, list[Finding]]:
    """The ground of one extension, by the url that picks it."""
    pattern = pick.pattern if isinstance(pick, Select | Each) else {}
    url = pattern.get("url")
    if not isinstance(url, str):
        return found, []
    path = f"{holder.path}.ext({url.rpartition('/')[2]})"
    found = Ground(path, found.element)
    if holder.element.types == ("Extension",) and holder.extension is None:
        return found, []  # of what is not defined no part can be wrong: it was reported above
    if holder.extension is not None:
        part = holder.extension.parts.get(url)
        if part is None:
            near = did_you_mean(url, holder.extension.parts)
            parts = ", ".join(holder.extension.parts) or "none"
            text = f"the extension {holder.extension.url} has no part {url!r}{near}; its parts: {parts}"
            return found, [Finding("M180", path, text)]
        return Ground(path, found.element, part), []
    known = atlas.extension(url)
    if known is None:
        near = _near(url, atlas)
        text = f"the extension {url} has no StructureDefinition in profiles/; add one, or mend the url{near}"
        return found, [Finding("M180", path, text)]
    wrong = _misplaced(known, holder, atlas) or _unmodified(known, found.element)
    return Ground(path, found.element, known), [Finding("M180", path, wrong)] if wrong else []


def extended(ground: Ground, pattern: Mapping[str, Any], atlas: Atlas) -> tuple[Ground, Finding | None]:
    """The ground of an extension that is given as a value, by the url in it; what is wrong with that url.

    A ground that comes with a definition is an item of that extension's own parts.
    """
    url = pattern.get("url")
    if ground.element.types != ("Extension",) or not isinstance(url, str):
        return ground, None
    known = ground.extension.parts.get(url) if ground.extension is not None else atlas.extension(url)
    if known is not None:
        return Ground(ground.path, ground.element, known), None
    text = f"the extension {url} has no StructureDefinition in profiles/; add one, or mend the url"
    return ground, Finding("M180", ground.path, f"{text}{_near(url, atlas)}")


def _near(url: str, atlas: Atlas) -> str:
    """The extension of the same namespace that may have been meant."""
    namespace, _, name = url.rpartition("/")
    known = [*atlas.extensions, *atlas.facts.extension_urls]
    return did_you_mean(name, [each.rpartition("/")[2] for each in known if each.startswith(namespace)])


def _misplaced(known: ExtensionFacts, holder: Ground, atlas: Atlas) -> str:
    """Why the extension may not stand on this object; empty when it may.

    Source: https://hl7.org/fhir/R4/defining-extensions.html#context
    """
    names = {holder.path, holder.element.path, holder.element.content, *_generic(holder, atlas)}
    if not known.contexts or not names.isdisjoint(known.contexts):
        return ""
    places = ", ".join(known.contexts)
    return f"its StructureDefinition lets it stand on {places}, not on {holder.path}"


def _unmodified(known: ExtensionFacts, element: Element) -> str:
    """Why the extension may not stand in this list: those that change a meaning have one of their own.

    Source: https://hl7.org/fhir/R4/extensibility.html#modifierExtension
    """
    right = "modifierExtension" if known.modifier else "extension"
    return "" if element.name == right else f"its StructureDefinition lets it stand in {right} only"


def _generic(holder: Ground, atlas: Atlas) -> Iterator[str]:
    yield "Element"
    for name in holder.element.types:
        yield from atlas.facts.bases(name)
    if holder.element.choice:
        yield f"{holder.element.path.rpartition('.')[0]}.{holder.element.choice}[x]"


def _wrong_value(extension: ExtensionFacts, value: Element, path: str) -> Finding | None:
    if extension.parts and not extension.types:
        parts = ", ".join(extension.parts)
        return Finding("M180", path, f"{extension.url} holds parts, no value of its own: {parts}")
    if extension.types and not set(value.types) <= set(extension.types):
        forms = ", ".join(f"value{kind[0].upper()}{kind[1:]}" for kind in extension.types)
        return Finding("M180", path, f"its StructureDefinition lets {extension.url} hold {forms}")
    return None


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


def selected(way: Way) -> Mapping[str, Any]:
    """What the last item that the way picks is known to contain."""
    for stop in reversed(way.stops):
        if isinstance(stop.pick, Select | Each):
            return stop.pick.pattern
    return {}
