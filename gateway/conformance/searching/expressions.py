"""The expressions of R4's search parameters, compiled to functions that find elements in a resource.

R4 writes them in a small part of FHIRPath: paths, unions, types of a choice, and a few conditions. Anything
else is refused when it is compiled, never when it is read.
Source: https://hl7.org/fhir/R4/searchparameter-definitions.html#SearchParameter.expression
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from gateway.conformance.facts import Element, r4
from gateway.fhir.references import parse_reference

Keep: TypeAlias = Callable[[list[Any]], list[Any]]

_STEP: Final = re.compile(
    r"(?P<name>[A-Za-z]\w*)(?P<condition>"
    r"\[0\]|\.where\(resolve\(\) is (?P<target>\w+)\)|\.where\((?P<field>\w+)='(?P<value>[^']*)'\))?"
    r"(?:\.as\((?P<of>\w+)\))?",
    re.ASCII,
)
_TYPED: Final = re.compile(r"\((?P<path>[\w.]+) as (?P<of>\w+)\)(?P<rest>\.[\w.]+)?", re.ASCII)
_IS_SAID: Final = re.compile(r"(?P<path>[\w.]+)\.exists\(\) and (?P=path) != false", re.ASCII)


@dataclass(frozen=True, slots=True)
class Branch:
    """One way through a resource: the names of its steps, conditions at some, and the type of what is there.

    on_resource  the way starts at the resource, though the expression is of an element below it
    """

    steps: tuple[tuple[str, Keep | None], ...]
    type: str
    element: Element
    on_resource: bool = False

    def read(self, start: Any) -> list[Any]:
        """What stands at the end of the way, in document order; lists are looked through."""
        nodes = [start]
        for name, keep in self.steps:
            found: list[Any] = []
            for node in nodes:
                if isinstance(node, dict):
                    value = node.get(name)
                    if isinstance(value, list):
                        found += value
                    elif value is not None:
                        found.append(value)
            if keep is not None:
                found = keep(found)
            if not found:
                return found
            nodes = found
        return nodes


@dataclass(frozen=True, slots=True)
class Said:
    """`X.exists() and X != false`: whether a choice of a boolean and more says yes."""

    branches: tuple[Branch, ...]

    def read(self, resource: Any) -> list[Any]:
        """Whether it is so, as one boolean; a resource that says nothing says no."""
        found = [value for branch in self.branches for value in branch.read(resource)]
        return [any(value is not False for value in found)]


def compiled(type: str, expression: str) -> tuple[Branch | Said, ...]:
    """Every way that the expression has through an element or resource of the type.

    Raises AssertionError for what is no part of R4's own search parameters.
    """
    said = _IS_SAID.fullmatch(expression)
    if said:
        return (Said(tuple(_paths(type, said["path"]))),)
    parts = [part.strip() for part in expression.split("|")]
    return tuple(branch for part in parts for branch in _paths(type, part))


def _paths(type: str, text: str) -> Iterator[Branch]:
    on_resource = text.startswith("%resource.")
    text = text.removeprefix("%resource.")
    if typed := _TYPED.fullmatch(text):
        text = f"{typed['path']}.as({typed['of']}){typed['rest'] or ''}"
    steps = _steps(text)
    head = steps[0]["name"]
    if head[0].isupper():
        if head not in r4().bases(_root(type)):
            return  # of another type: R4 defines some parameters for several at once
        steps = steps[1:]
    start = "MolecularSequence" if on_resource else type
    for branch in _ways(Element(path=start, types=(start,)) if "." not in start else _at(start), steps):
        yield Branch(branch.steps, branch.type, branch.element, on_resource)


def _root(type: str) -> str:
    return type.partition(".")[0]


def _at(path: str) -> Element:
    element = r4().element(path)
    assert element is not None, f"R4 has no element {path}"
    return element


def _steps(text: str) -> list[re.Match[str]]:
    steps: list[re.Match[str]] = []
    at = 0
    while at < len(text):
        step = _STEP.match(text, at)
        assert step is not None, f"a search parameter is written in a way that is not known: {text}"
        steps.append(step)
        at = step.end()
        assert at == len(text) or text[at] == ".", f"a search parameter is not understood: {text}"
        at += 1
    return steps


def _ways(element: Element, steps: list[re.Match[str]]) -> Iterator[Branch]:
    """Every way from an element through the steps; a choice is as many as it has types."""
    if not steps:
        [type] = element.types or (element.content,)
        yield Branch((), type, element)
        return
    step, *rest = steps
    for child in _children(element, step["name"], step["of"]):
        for way in _ways(child, rest):
            name = (child.name, _condition(step))
            yield Branch((name, *way.steps), way.type, way.element)


def _children(element: Element, name: str, of: str | None) -> Iterator[Element]:
    if element.types == ("Resource",) or (name == "resource" and element.types == ()):
        return
    found = r4().child(element, name) or r4().child(element, f"{name}[x]")
    assert found is not None, f"R4 has no {name} in {element.path}"
    types = [each for each in found.types if of is None or each.lower() == of.lower()]
    if not found.choice:
        yield found
        return
    for each in types:
        typed = r4().child(element, found.choice + each[0].upper() + each[1:])
        assert typed is not None, f"a choice has its own types: {found.path}"
        yield typed


def _condition(step: re.Match[str]) -> Keep | None:
    if step["target"]:
        return _leading_to(step["target"])
    if step["field"]:
        field, value = step["field"], step["value"]
        return lambda found: [node for node in found if isinstance(node, dict) and node.get(field) == value]
    return _first if step["condition"] else None


def _first(found: list[Any]) -> list[Any]:
    return found[:1]


def _leading_to(target: str) -> Keep:
    def leads_there(node: Any) -> bool:
        if not isinstance(node, dict):
            return False
        text = node.get("reference")
        literal = parse_reference(text).type if isinstance(text, str) else None
        return (literal or node.get("type")) == target

    return lambda found: list(filter(leads_there, found))
