"""A lens: FHIR resources seen as one record, and that record put back into them.

Resources are given and returned as `{"CarePlan": {…}, "Goal": [{…}, …]}`: the root resource alone, the types
of its parts as lists. What is given is never altered; what did not change is the same object in the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, Protocol
from uuid import uuid4

from gateway.mapping.account import reading_issues
from gateway.mapping.answers import Got, Put, Written
from gateway.mapping.compiler import Compiled
from gateway.mapping.interpreter import Interpreter
from gateway.mapping.record_account import writing_issues
from gateway.mapping.rules import RuleFile
from gateway.mapping.taken import Shape


class Engine(Protocol):
    """What runs the rules of a lens."""

    def get(self, resources: Mapping[str, Any]) -> dict[str, Any]:
        """The record that these resources hold."""

    def put(
        self, record: Mapping[str, Any], resources: Mapping[str, Any], new_id: Callable[[], str]
    ) -> Written:
        """The resources with the record in them."""

    def create(self, record: Mapping[str, Any], new_id: Callable[[], str]) -> Written:
        """New resources that hold the record."""


def _new_id() -> str:
    return str(uuid4())


class Lens:
    """One rule file at work, both ways. Immutable: one for all threads."""

    def __init__(self, rules: RuleFile) -> None:
        self.rules = rules
        self.shape = Shape.of(rules)
        self.interpreter = Interpreter(rules, self.shape)

    @cached_property
    def engine(self) -> Engine:
        """What runs the rules: compiled when they are first used."""
        return self.compiled

    @cached_property
    def compiled(self) -> Compiled:
        """The rules as Python."""
        return Compiled(self.interpreter)

    @property
    def source(self) -> str:
        """The Python that the rules are compiled to."""
        return self.compiled.source

    @cached_property
    def without_always(self) -> Lens:
        """The same rules, without the values that an overlay writes always."""
        return Lens(replace(self.rules, writes_always=False))

    @property
    def interpreted(self) -> Lens:
        """The same rules, run by the interpreter: the specification of this lens."""
        return InterpretedLens(self.rules)

    @property
    def type(self) -> str:
        """The type of the root resource."""
        return self.rules.type

    @property
    def part_types(self) -> tuple[str, ...]:
        """The types of the resources that items of the record live in, besides the root."""
        return self.shape.part_types

    @property
    def lone_types(self) -> tuple[str, ...]:
        """The types of parts that can be read and written without their root: those that carry the link."""
        return tuple(rule.type for rule in self.shape.back_linked)

    def get(self, resources: Mapping[str, Any]) -> Got:
        """The record that these resources hold.

        With the root missing, the parts given show their own list alone: a Task reads as `{"legs": [{…}]}`.
        Raises MappingError when there is neither.
        """
        return Got(self.engine.get(resources), lambda: reading_issues(self, resources))

    def put(
        self,
        record: Mapping[str, Any],
        resources: Mapping[str, Any],
        *,
        new_id: Callable[[], str] = _new_id,
    ) -> Put:
        """The resources, changed as little as possible to hold this record; in the form they were given.

        In the record null, absent, [] and {} are one, and mean that there is no such value. Fields that no
        rule maps are reported. Items of a split list that have no id get one from `new_id`. A missing root
        stays missing. Raises MappingError as `get`.
        """
        return self._answer(record, self.engine.put(record, resources, new_id))

    def create(self, record: Mapping[str, Any], *, new_id: Callable[[], str] = _new_id) -> Put:
        """New resources that hold this record and the fixed values of its rules."""
        return self._answer(record, self.engine.create(record, new_id))

    def _answer(self, record: Mapping[str, Any], written: Written) -> Put:
        reported = tuple(written.issues)
        return Put(
            written.resources,
            reported,
            lambda: writing_issues(self, record, written.resources, reported, written.before),
        )


class InterpretedLens(Lens):
    """A lens whose rules are interpreted, whatever is faster."""

    @cached_property
    def engine(self) -> Engine:
        """The interpreter."""
        return self.interpreter
