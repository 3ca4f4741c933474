"""A mutant: a fault of the engine, how it gets there, and the map on which it matters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

import pytest
from marshmallow import Schema

from gateway.mapping import Lens, Mappings
from gateway.mapping.interpreter import Interpreter
from gateway.mapping.laws.broken import Law
from gateway.mapping.lens import InterpretedLens
from gateway.mapping.rules import RuleFile
from gateway.mapping.taken import Shape
from gateway.records import RECORDS
from tests.unit.mapping.small_maps import Plan, every_construct

Seed: TypeAlias = Callable[[Lens, pytest.MonkeyPatch], Lens]
"""Puts a fault into the engine of a lens, and gives the lens that has it."""

SMALL: Final = "every construct"
"""In place of a shipped map: one of a rule of each sort, for constructs that no shipped map uses."""


@dataclass(frozen=True)
class Mutant:
    """One fault.

    fault     what it does to people's data, as a sentence
    laws      those that may notice it first
    on        the map on which it matters, and the overlay in it
    """

    fault: str
    seed: Seed
    laws: frozenset[Law]
    on: str
    overlay: str = ""

    @property
    def cases(self) -> int:
        """How many cases there are to notice it: as many as CI tries on the map."""
        return 30 if self.overlay else 100

    def subject(self) -> tuple[Lens, Schema]:
        """The map without the fault; interpreted, for the faults are the interpreter's."""
        if self.on == SMALL:
            return every_construct().interpreted, Plan()
        maps = shipped().with_overlays([self.overlay] if self.overlay else [])
        return maps[self.on].interpreted, RECORDS[maps[self.on].rules.record].schema()


@cache
def shipped() -> Mappings:
    """The maps that ship, read once."""
    return Mappings.load()


def replaced(lens_with_it: type[InterpretedLens]) -> Seed:
    """The fault is a lens."""
    return lambda lens, _: lens_with_it(lens.rules)


def put_instead(owner: Any, name: str, fault: Any) -> Seed:
    """The fault stands in the place of a function of a module, or a method of a codec."""

    def seed(lens: Lens, patch: pytest.MonkeyPatch) -> Lens:
        patch.setattr(owner, name, fault)
        return lens

    return seed


def put_around(owner: Any, name: str, fault: Callable[[Any], Any]) -> Seed:
    """The same, where the fault makes use of what it replaces."""
    return put_instead(owner, name, fault(getattr(owner, name)))


def obeying(other: Callable[[RuleFile], RuleFile]) -> Seed:
    """The fault is to run other rules than those that the lens says it has."""

    def seed(lens: Lens, _: pytest.MonkeyPatch) -> Lens:
        rules, faulty = other(lens.rules), InterpretedLens(lens.rules)
        faulty.interpreter = Interpreter(rules, Shape.of(rules))
        return faulty

    return seed
