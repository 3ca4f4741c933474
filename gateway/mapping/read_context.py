"""One `get` under way: what it has at hand, what it found, and who wants to know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from gateway.errors import Issue
from gateway.fhir.json_codec import Resource
from gateway.mapping.elements import Location, locate
from gateway.mapping.paths import Steps
from gateway.mapping.rules import Block, Origin

Owned: TypeAlias = Callable[[Location, Origin], None]
"""Told of every leaf that a rule read, and of leaves that it uses to find what it reads."""

Parts: TypeAlias = Mapping[str, list[Resource]]


@dataclass(frozen=True, slots=True)
class Kept:
    """An element that a rule could not read, and why; it stays in FHIR and is not shown."""

    at: Location
    origin: Origin
    why: str

    @property
    def issue(self) -> Issue:
        """The finding as whoever asked for the conversion sees it."""
        text = f"kept, not read: {self.why}"
        return Issue("information", "informational", text, expression(self.at), f"rule {self.origin}")


@dataclass(frozen=True, slots=True)
class Lossy(Kept):
    """A code that was read, and what its translation loses."""

    @property
    def issue(self) -> Issue:
        """See Kept."""
        return lossy_issue(self.at, self.origin, self.why)


def lossy_issue(at: Location, origin: Origin, why: str) -> Issue:
    """The finding about a code that a ConceptMap translates to something wider, narrower or merely near."""
    return Issue("warning", "informational", f"lossy-code: {why}", expression(at), f"rule {origin}")


class ReadBlock(Protocol):
    """Reads the record of one FHIR object inside another."""

    def __call__(self, block: Block, node: Any, at: Location, reading: Reading) -> dict[str, Any]: ...


@dataclass(slots=True)
class Reading:
    """One `get` under way: the parts at hand, what was kept, and who wants to know what was read.

    read_block   what reads the objects in lists, when it is not the interpreter
    """

    parts: Parts
    owned: Owned | None = None
    issues: list[Kept] = field(default_factory=list)
    read_block: ReadBlock | None = None

    def claim(self, at: Location, origin: Origin) -> None:
        """Say that a rule read the leaf at this place."""
        if self.owned is not None:
            self.owned(at, origin)

    def claim_all(self, value: Any, at: Location, origin: Origin) -> None:
        """Say that a rule used every leaf of this value."""
        if self.owned is None:
            return
        if isinstance(value, Mapping):
            for name, child in value.items():
                self.claim_all(child, (*at, name), origin)
        elif isinstance(value, list):
            for index, child in enumerate(value):
                self.claim_all(child, (*at, index), origin)
        else:
            self.owned(at, origin)

    def claim_selectors(self, node: Any, steps: Steps, at: Location, origin: Origin) -> None:
        """Say that a rule used what the selectors along the path look at."""
        if self.owned is None:
            return
        for count, step in enumerate(steps):
            pattern = getattr(step, "pattern", None)
            if pattern:
                _, place = locate(node, steps[: count + 1], at)
                self.claim_all(pattern, place, origin)

    def kept(self, at: Location, origin: Origin, why: str) -> None:
        """Report an element that is kept but not shown."""
        self.issues.append(Kept(at, origin, why))

    def lossy(self, at: Location, origin: Origin, why: str) -> None:
        """Report what the translation of a code lost; nothing when it lost nothing."""
        if why:
            self.issues.append(Lossy(at, origin, why))


@dataclass(frozen=True, slots=True)
class Found:
    """An item of a list that its rule reads."""

    index: int
    item: Any
    view: Any


def expression(at: Location) -> str:
    """A place as FHIRPath: `CarePlan.activity[0].detail`.

    The second part of a place is the resource's number.
    """
    text = str(at[0]) if at else ""
    for step in at[2:]:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text
