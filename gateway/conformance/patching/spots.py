"""Elements of a resource as places that can be changed: found by a path, known by R4's facts.

In JSON a choice is named by its type (`value[x]` is `valueQuantity`), and what belongs to a primitive besides
its value stands beside it (`_birthDate`). A spot knows both, so that a path can speak of elements only.
Source: https://hl7.org/fhir/R4/json.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from gateway.conformance.facts import Element, r4
from gateway.conformance.patching.element_paths import (
    Combined,
    Compared,
    Condition,
    ExtensionOf,
    Literal,
    Named,
    Not,
    OfType,
    Path,
    Single,
    Sliced,
    Step,
    Tested,
    Where,
)
from gateway.fhir.json_codec import Resource

_BESIDE: Final = frozenset({"id", "extension"})
"""What a primitive has besides its value."""


class NotResolvedError(Exception):
    """A path does not lead where it must. Its words repeat no value."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One element where it stands.

    holder   the JSON object that has it
    name     under which the object has it: the choice is made
    index    its place in the list; None where R4 has no list
    element  what R4 says of it
    above    the element that has it; None for the resource itself
    """

    holder: dict[str, Any]
    name: str
    index: int | None
    element: Element
    above: Spot | None

    @property
    def value(self) -> Any:
        """What JSON has there; None for a primitive that has no value, only extensions."""
        return self._of(self.name)

    @property
    def beside(self) -> Any:
        """What JSON has beside a primitive: an object with its id and its extensions, or None."""
        return self._of(f"_{self.name}")

    @property
    def type(self) -> str:
        """The name of its type; of a resource within this one, what it says itself. Empty for a backbone."""
        held = self.element.types
        if held == ("Resource",) and isinstance(self.value, dict):
            return str(self.value.get("resourceType", ""))
        return held[0] if len(held) == 1 else ""

    @property
    def is_primitive(self) -> bool:
        """Whether JSON has a bare value here."""
        return is_primitive(self.type)

    def _of(self, name: str) -> Any:
        held = self.holder.get(name)
        if self.index is None:
            return held
        return held[self.index] if isinstance(held, list) and self.index < len(held) else None


def root_of(resource: Resource) -> Spot:
    """The resource as the spot where paths start."""
    type = str(resource["resourceType"])
    return Spot({"": resource}, "", None, Element(path=type, types=(type,)), None)


def is_primitive(type: str) -> bool:
    """Whether R4 has a primitive type of that name."""
    facts = r4().type(type)
    return facts is not None and facts.primitive


def element_in(spot: Spot, name: str) -> Element:
    """What R4 says of the element `name` of a spot; a choice by its stem. Raises NotResolvedError."""
    parent: Element | str = spot.type if spot.element.types == ("Resource",) else spot.element
    found = r4().child(parent, name)
    if found is not None and not found.choice:
        return found
    choice = r4().child(parent, f"{name}[x]")
    if choice is None:
        stem = f" Write {found.choice} for {found.choice}[x]." if found is not None else ""
        raise NotResolvedError(f"it names an element that R4 does not have there.{stem}")
    return choice


def names_of(element: Element) -> list[tuple[str, str]]:
    """The names that JSON may have an element under, each with the type that it then is of."""
    if not element.choice:
        return [(element.name, "")]
    return [(f"{element.choice}{type[0].upper()}{type[1:]}", type) for type in element.types]


def holder_in(spot: Spot) -> dict[str, Any] | None:
    """The JSON object with the children of a spot; None when a primitive has nothing beside its value."""
    held = spot.beside if spot.is_primitive else spot.value
    return held if isinstance(held, dict) else None


def children(spot: Spot, name: str) -> Iterator[Spot]:
    """The elements of that name that a spot has. Raises NotResolvedError when R4 has none such."""
    element = element_in(spot, name)
    holder = holder_in(spot)
    for each, type in names_of(element) if holder is not None else ():
        assert holder is not None, "as was just seen"
        held, beside = holder.get(each), holder.get(f"_{each}")
        if held is None and beside is None:
            continue
        found = r4().child(_parent(spot), each) if type else element
        assert found is not None, "a choice has its own types"
        if element.repeats:
            many = max(len(it) if isinstance(it, list) else 0 for it in (held, beside))
            for index in range(many):
                yield Spot(holder, each, index, found, spot)
        else:
            yield Spot(holder, each, None, found, spot)


def found(start: Spot, path: Path) -> list[Spot]:
    """The elements that a path finds. Raises NotResolvedError for a name that R4 does not have there."""
    spots = [start]
    if path and isinstance(path[0], Named) and path[0].name in r4().bases(start.type) and start.above is None:
        path = path[1:]
    for step in path:
        spots = _after(spots, step)
    return spots


def one(start: Spot, path: Path) -> Spot:
    """The one element that a path finds. Raises NotResolvedError for none and for several."""
    spots = found(start, path)
    if len(spots) != 1:
        raise NotResolvedError(
            "its path finds nothing." if not spots else f"its path finds {len(spots)} elements, not one."
        )
    return spots[0]


def _parent(spot: Spot) -> Element | str:
    return spot.type if spot.element.types == ("Resource",) else spot.element


def _after(spots: list[Spot], step: Step) -> list[Spot]:
    match step:
        case Named(name):
            return [child for spot in spots for child in children(spot, name)]
        case Sliced(start, stop):
            return spots[start:stop]
        case Single():
            if len(spots) > 1:
                raise NotResolvedError("single() finds several elements.")
            return spots
        case OfType(type):
            return [spot for spot in spots if type in r4().bases(spot.type)]
        case ExtensionOf(url):
            extensions = [child for spot in spots for child in children(spot, "extension")]
            return [it for it in extensions if isinstance(it.value, dict) and it.value.get("url") == url]
        case Where(condition):
            return [spot for spot in spots if _meets(spot, condition)]


def _meets(spot: Spot, condition: Condition) -> bool:
    match condition:
        case Compared(path, literal, equal):
            values = _values(spot, path)
            return len(values) == 1 and _is(values[0], literal) is equal
        case Tested(path, "exists"):
            return bool(found(spot, path))
        case Tested(path, "empty"):
            return not found(spot, path)
        case Tested(path, how, text):
            values = _values(spot, path)
            return len(values) == 1 and isinstance(values[0], str) and _is_in(values[0], how, text)
        case Combined(parts, every):
            return (all if every else any)(_meets(spot, part) for part in parts)
        case Not(inner):
            return not _meets(spot, inner)


def _values(spot: Spot, path: Path) -> Sequence[Any]:
    return [it.value for it in found(spot, path) if it.value is not None]


def _is(value: Any, literal: Literal) -> bool:
    if isinstance(value, bool) or isinstance(literal, bool):
        return value is literal
    if isinstance(value, int | Decimal) and isinstance(literal, int | Decimal):
        return value == literal
    return isinstance(value, str) and value == literal


def _is_in(value: str, how: str, text: str) -> bool:
    match how:
        case "startsWith":
            return value.startswith(text)
        case "endsWith":
            return value.endswith(text)
        case _:
            return text in value
