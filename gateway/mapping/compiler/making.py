"""The FHIR object that compiled code is making: its inner objects are made when something goes into them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.mapping.codecs import AnyReference, Codec, RecordReference
from gateway.mapping.compiler.script import Script
from gateway.mapping.paths import First, Name, Select, Steps, show
from gateway.mapping.rules import Choice, FhirList, Field, Items, LinkedParts, Rule, Values
from gateway.mapping.values import contains


class NotCompiled(Exception):
    """Rules of a block meet in one element in a way that only the interpreter follows."""


class Making:
    """The objects inside `node`, by their paths."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._objects: dict[str, str] = {}
        self._top = len(script.lines)

    def object_at(self, steps: Steps) -> str:
        """The name of the object at the path; it is made first when it is not there yet."""
        if not steps:
            return "node"
        step = steps[-1]
        name = self.name_of(steps)
        if isinstance(step, Name):
            holder = self.object_at(steps[:-1])
            self._script.line(f"if {name} is None: {name} = {holder}[{step.name!r}] = {{}}")
            return name
        assert isinstance(step, First | Select), "a list is written by its rule, not along a path"
        listed = steps[-2]
        assert isinstance(listed, Name), "only an element can be a list"
        with self._script.inside(f"if {name} is None:"):
            holder = self.object_at(steps[:-2])
            pattern = step.pattern if isinstance(step, Select) else {}
            self._script.line(f"{name} = {new_object(self._script, pattern)}")
            self._script.line(f"add({holder}, {listed.name!r}, [{name}])")
        return name

    def put(self, steps: Steps, expression: str) -> None:
        """Write the value of an expression at the path's end: as an element, or as a list's first item."""
        step = steps[-1]
        if isinstance(step, Name):
            self._script.line(f"{self.object_at(steps[:-1])}[{step.name!r}] = {expression}")
            return
        listed = steps[-2]
        assert isinstance(listed, Name), "only an element can be a list"
        self._script.line(f"add({self.object_at(steps[:-2])}, {listed.name!r}, [{expression}])")

    def name_of(self, steps: Steps) -> str:
        """The name that the object at the path has, None until it is made."""
        key = show(steps)
        if key not in self._objects:
            self._objects[key] = self._script.name(show(steps[-1:]))
        return self._objects[key]

    def finish(self) -> None:
        """Say at the top of the function that nothing is made yet."""
        if self._objects:
            names = " = ".join(self._objects.values())
            self._script.lines.insert(self._top, f"    {names} = None")


def new_object(script: Script, pattern: Mapping[str, Any]) -> str:
    """The expression for a new object with what the pattern says."""
    if all(isinstance(value, str | bool) for value in pattern.values()):
        return repr(dict(pattern))
    return f"fresh({script.constant(pattern, 'pattern')})"


def written_paths(rule: Rule) -> Iterator[Steps]:
    """The paths of every element, or list, that a rule writes."""
    match rule:
        case Field() if not rule.read_only:
            yield from (rule.steps, *rule.also)
        case Values() | Items() if not rule.read_only:
            yield (*rule.list.holder, Name(rule.list.name))
        case LinkedParts():
            yield (*rule.list.holder, Name(rule.list.name))
        case Choice():
            for way in rule.alternatives:
                for inner in way.rules:
                    yield from written_paths(inner)


@dataclass(frozen=True, slots=True)
class _Use:
    """A rule's use of a list: one item that it picks, or (`all`) every item that is its own.

    types   for references that must show their type: the only ones
    """

    path: str
    pattern: Mapping[str, Any]
    all: FhirList | None = None
    types: frozenset[str] = frozenset()


def shared_lists(rules: Sequence[Rule], base: Mapping[str, Any]) -> frozenset[str]:
    """The paths of the lists that several rules write into, each its own items.

    Raises NotCompiled when two rules may write one item, or what the object begins with.
    """
    for rule in rules:
        if any(isinstance(step := path[0], Name) and step.name in base for path in written_paths(rule)):
            raise NotCompiled
    uses: dict[str, list[_Use]] = {}
    for rule in rules:
        for use in _uses(rule):
            uses.setdefault(use.path, []).append(use)
    for held in uses.values():
        for number, one in enumerate(held):
            if not all(_are_apart(one, other) for other in held[number + 1 :]):
                raise NotCompiled
    return frozenset(path for path, held in uses.items() if len(held) > 1)


def _uses(rule: Rule) -> Iterator[_Use]:
    for steps in written_paths(rule):
        for number, step in enumerate(steps):
            if isinstance(step, First | Select):
                pattern = step.pattern if isinstance(step, Select) else {}
                yield _Use(show(steps[:number]), pattern)
    if isinstance(rule, Values | Items | LinkedParts) and not getattr(rule, "read_only", False):
        types = _types(rule.codec) if isinstance(rule, Values) else frozenset[str]()
        yield _Use(show((*rule.list.holder, Name(rule.list.name))), rule.list.pattern, rule.list, types)
    elif isinstance(rule, Choice):
        for inner in (inner for way in rule.alternatives for inner in way.rules):
            if isinstance(inner, Values) and not inner.read_only:
                yield from _uses(inner)


def _types(codec: Codec) -> frozenset[str]:
    match codec:
        case RecordReference(type_name, True):
            return frozenset([type_name])
        case AnyReference(types, True):
            return types
        case _:
            return frozenset()


def _are_apart(one: _Use, other: _Use) -> bool:
    """Whether no item can belong to both, or both pick the very same one."""
    if one.all is None and other.all is None and one.pattern == other.pattern:
        return True
    if one.types and other.types and one.types.isdisjoint(other.types):
        return True
    hidden = [
        pattern
        for mine, theirs in ((one, other), (other, one))
        for pattern in (mine.all.hidden if mine.all is not None and theirs.pattern else ())
        if contains(theirs.pattern, pattern)
    ]
    return bool(hidden) or _exclude(one.pattern, other.pattern)


def _exclude(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether the patterns ask for different values of one element."""
    both = [(value, other[name]) for name, value in one.items() if name in other]
    return any(
        _exclude(value, wanted)
        if isinstance(value, Mapping) and isinstance(wanted, Mapping)
        else isinstance(value, str | bool) and isinstance(wanted, str | bool) and value != wanted
        for value, wanted in both
    )
