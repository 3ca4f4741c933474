"""What partners put around what we know: unknown elements, `_siblings`, foreign items, other codings.

Works on copies, in place. Knows FHIR's habits but no rule: `strangers` adds what only the rules can tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from gateway.mapping.laws.spellings import junk, respelt

_NAMES_IT: Final = frozenset({"resourceType", "id", "url", "system"})
_TRANSLATION: Final = {"system": "https://other.example", "version": "2"}


@dataclass(slots=True)
class Surroundings:
    """Adds foreign content to one case's resources; what it adds is numbered, so that no two are alike."""

    random: Random
    alike: Mapping[str, list[str]]
    marks: Iterator[int]

    def add(self, resources: Mapping[str, Any], times: int) -> None:
        """Change this many places, drawn from all objects and lists of the resources."""
        nodes: list[Any] = []
        for held in resources.values():
            for part in held if isinstance(held, list) else [held]:
                _containers(part, nodes)
        for _ in range(times if nodes else 0):
            node = self.random.choice(nodes)
            if isinstance(node, dict):
                self.random.choice(_OBJECT_HABITS)(self, node)
            elif node:
                self.random.choice(_LIST_HABITS)(self, node)

    def mark(self) -> str:
        """A word that occurs nowhere else in the case."""
        return f"m{next(self.marks)}"

    def unknown(self, node: dict[str, Any]) -> None:
        """An element that no rule and no version of FHIR knows."""
        node[f"x{self.mark()}"] = self.random.choice(
            [None, {"deep": [1, {"er": True}]}, "text", [], {}, [None, 1], False]
        )

    def extension(self, node: dict[str, Any]) -> None:
        """A partner's extension, before or after what is there."""
        foreign = {"url": f"https://other.example/{self.mark()}", "valueString": "theirs"}
        held = node.get("extension")
        if isinstance(held, list):
            held.insert(self.random.randint(0, len(held)), foreign)
        elif held is None:
            node["extension"] = [foreign]

    def sibling(self, node: dict[str, Any]) -> None:
        """What FHIR says beside a primitive or a list of them: `_birthDate`, `_given` padded with null."""
        names = [name for name, child in node.items() if _is_plain(name, child)]
        if names:
            self.sibling_of(node, self.random.choice(names))

    def sibling_of(self, node: dict[str, Any], name: str) -> None:
        """The same beside the primitive of this name."""
        child = node.get(name)
        if isinstance(child, list):
            beside = [{"id": self.mark()} if self.random.random() < 0.5 else None for _ in child]
            node[f"_{name}"] = beside if any(beside) else [{"id": self.mark()}, *beside[1:]]
        else:
            node[f"_{name}"] = {
                "extension": [{"url": f"https://other.example/{self.mark()}", "valueCode": "x"}]
            }

    def describe(self, node: dict[str, Any]) -> None:
        """What describes a value: display of a reference, other codings and text of a concept, UCUM."""
        if isinstance(node.get("reference"), str):
            node.update(display=f"shown {self.mark()}", type="Patient", identifier={"value": self.mark()})
        if isinstance(node.get("code"), str) and "unit" not in node:
            node.setdefault("display", f"shown {self.mark()}")
            node.update(version="1", userSelected=self.random.choice([True, False]))
        if isinstance(node.get("coding"), list):
            other: dict[str, Any] = {**_TRANSLATION, "code": self.mark(), "display": f"shown {self.mark()}"}
            if self.random.random() < 0.2:
                other["userSelected"] = True
            node["coding"].insert(self.random.randint(0, len(node["coding"])), other)
            node.setdefault("text", f"words {self.mark()}")
        if isinstance(node.get("unit"), str):
            node.update(system="http://unitsofmeasure.org", code="kg", comparator="<")
        if isinstance(node.get("url"), str) and isinstance(node.get("title"), str):
            node.update(hash="aGFzaA==", size=3)

    def respell(self, node: dict[str, Any]) -> None:
        """Every primitive of an object said otherwise, with the same meaning."""
        for name in node:
            self.respell_of(node, name)

    def respell_of(self, node: dict[str, Any], name: str) -> None:
        """The primitive of this name said otherwise, unless it names the object."""
        child = node[name]
        if name not in _NAMES_IT and not isinstance(child, dict | list) and not name.startswith("x"):
            node[name] = respelt(child, self.random, self.alike)

    def spoil(self, node: dict[str, Any]) -> None:
        """One primitive that no rule can read, or null."""
        names = [name for name, child in node.items() if _is_plain(name, child) and name not in _NAMES_IT]
        if names and self.random.random() < 0.4:
            self.spoil_of(node, self.random.choice(names))

    def spoil_of(self, node: dict[str, Any], name: str) -> None:
        """The same in the place of the primitive of this name, unless it names the object."""
        if name not in _NAMES_IT:
            node[name] = junk(self.random)

    def foreign_item(self, items: list[Any]) -> None:
        """An item that is nobody's: null, or unknown content."""
        choices: list[Any] = [
            None,
            {f"x{self.mark()}": 1},
            {"extension": [{"url": self.mark()}]},
        ]
        items.insert(self.random.randint(0, len(items)), self.random.choice(choices))

    def twin(self, items: list[Any]) -> None:
        """The same item twice, with the same key, each with something of its own beside it."""
        item = self.random.choice(items)
        if isinstance(item, dict):
            item = {**item, f"x{self.mark()}": True}
        items.insert(self.random.randint(0, len(items)), item)

    def marked(self, items: list[Any]) -> None:
        """Unknown content in every object of a list, so that none can be taken for another."""
        for item in items:
            if isinstance(item, dict):
                item[f"x{self.mark()}"] = "kept"

    def alone(self, node: dict[str, Any]) -> None:
        """A single object where a list of one belongs, or the reverse."""
        for name, child in node.items():
            if isinstance(child, list) and len(child) == 1 and isinstance(child[0], dict):
                if self.random.random() < 0.15 and f"_{name}" not in node:
                    node[name] = child[0]
                return


_OBJECT_HABITS: Final = (
    Surroundings.unknown,
    Surroundings.unknown,
    Surroundings.extension,
    Surroundings.sibling,
    Surroundings.sibling,
    Surroundings.describe,
    Surroundings.describe,
    Surroundings.respell,
    Surroundings.respell,
    Surroundings.spoil,
    Surroundings.alone,
)
_LIST_HABITS: Final = (
    Surroundings.foreign_item,
    Surroundings.twin,
    Surroundings.marked,
    Surroundings.marked,
)


def _containers(node: Any, found: list[Any]) -> None:
    if isinstance(node, dict):
        found.append(node)
        for child in node.values():
            if isinstance(child, dict | list):
                _containers(child, found)
    elif isinstance(node, list):
        found.append(node)
        for child in node:
            if isinstance(child, dict | list):
                _containers(child, found)


def _is_plain(name: str, child: Any) -> bool:
    """Whether the element is a primitive, or a list of them."""
    if name == "resourceType" or name.startswith(("_", "x")):
        return False
    if isinstance(child, list):
        return bool(child) and not any(isinstance(item, dict | list) for item in child)
    return not isinstance(child, dict)
