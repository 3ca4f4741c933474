"""Which rules can have anything to say about a FHIR object: those one of whose elements it has.

Most resources hold a few of the elements that a map knows, so most rules need not be asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeAlias

from gateway.mapping.paths import Name, Steps
from gateway.mapping.rules import Block, Carried, Choice, Field, Items, LinkedParts, Rule, Values


class Same:
    """A block as a key: the very object, for its patterns cannot be hashed."""

    __slots__ = ("block",)

    def __init__(self, block: Block) -> None:
        self.block = block

    def __hash__(self) -> int:
        return id(self.block)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.block is other.block


def rules_for(block: Block, node: dict[str, Any]) -> Iterator[Rule]:
    """The rules of a block that may read something of this object, in their order.

    A rule that is left out would find nothing there: its path ends in the void at the first or second step.
    """
    openings, inner = _openings(Same(block))
    present = set(node)
    for name in inner.intersection(node):
        child = node[name]
        if isinstance(child, dict):
            present.update(f"{name}.{below}" for below in child)
        else:
            present.add(f"{name}.")
    for rule, names in openings:
        if names is None or not names.isdisjoint(present):
            yield rule


_Opening: TypeAlias = tuple[Rule, frozenset[str] | None]


@lru_cache(maxsize=4096)
def _openings(key: Same) -> tuple[tuple[_Opening, ...], frozenset[str]]:
    """Each rule with the elements that its paths begin with, `detail.status`; and the objects among them."""
    openings = tuple((rule, _names(rule)) for rule in key.block.rules)
    dotted = (name for _, names in openings for name in names or () if "." in name)
    return openings, frozenset(name.partition(".")[0] for name in dotted)


def _names(rule: Rule) -> frozenset[str] | None:
    """How a rule's paths begin; None for a rule that reads absence, or other resources."""
    match rule:
        case Field():
            return _starts(rule.steps, *rule.also)
        case Carried():
            return _starts(rule.steps)
        case Values() | Items() | LinkedParts():
            holder, name = rule.list.holder, rule.list.name
            return _starts((*holder, Name(name)), (*holder, Name(f"_{name}")))
        case Choice():
            found = [_names(inner) for way in rule.alternatives for inner in way.rules]
            return None if None in found else frozenset[str]().union(*(names or () for names in found))
        case _:
            return None


def _starts(*paths: Steps) -> frozenset[str] | None:
    names: set[str] = set()
    for path in paths:
        match path[:2]:
            case (Name(one), Name(two)):
                names |= {f"{one}.{two}", f"{one}."}
            case (Name(one), *_):
                names.add(one)
            case _:
                return None
    return frozenset(names)
