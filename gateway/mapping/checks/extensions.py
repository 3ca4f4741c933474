"""M180: an extension has a StructureDefinition, and stands and holds as that says.

Source: https://hl7.org/fhir/R4/defining-extensions.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.conformance.facts import Element, ExtensionFacts
from gateway.mapping.checks.findings import Finding
from gateway.mapping.checks.ground import Atlas, Ground
from gateway.mapping.paths import Each, Select, Step
from gateway.mapping.problems import did_you_mean


def as_extension(
    found: Ground, pick: Step | None, holder: Ground, atlas: Atlas
) -> tuple[Ground, list[Finding]]:
    """The ground of one extension, by the url that picks it, and what is wrong with it there."""
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


def wrong_value(extension: ExtensionFacts, value: Element, path: str) -> Finding | None:
    """That an extension does not hold a value of this type."""
    if extension.parts and not extension.types:
        parts = ", ".join(extension.parts)
        return Finding("M180", path, f"{extension.url} holds parts, no value of its own: {parts}")
    if extension.types and not set(value.types) <= set(extension.types):
        forms = ", ".join(f"value{kind[0].upper()}{kind[1:]}" for kind in extension.types)
        return Finding("M180", path, f"its StructureDefinition lets {extension.url} hold {forms}")
    return None
