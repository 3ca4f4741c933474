"""What rules stand on: the objects of R4, and the extensions that R4 and the gateway define."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.conformance.facts import Element, ExtensionFacts, Facts


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
