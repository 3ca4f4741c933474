"""R4's search parameters, each compiled once to a function that reads its values out of a resource.

Source: https://hl7.org/fhir/R4/searchparameter-registry.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from msgspec.structs import replace as replace_struct

from gateway.conformance.facts import SearchParameter, r4
from gateway.conformance.searching import conversion
from gateway.conformance.searching.expressions import Branch, Said, compiled
from gateway.conformance.searching.values import CompositeValue, SingleValue, Value
from gateway.fhir.json_codec import Resource


class ParamKind(StrEnum):
    """How the values of a search parameter are compared.

    Source: https://hl7.org/fhir/R4/valueset-search-param-type.html
    """

    TOKEN = "token"  # noqa: S105 (a kind of search parameter, no secret)
    REFERENCE = "reference"
    DATE = "date"
    STRING = "string"
    NUMBER = "number"
    QUANTITY = "quantity"
    URI = "uri"
    COMPOSITE = "composite"
    SPECIAL = "special"


@dataclass(frozen=True, slots=True)
class SearchParam:
    """One search parameter of one resource type.

    name        its code: `birthdate`
    type        the resource type that it searches
    url         its canonical
    targets     types that a reference may point at; empty when any may
    components  of a composite, in their order; each reads below the composite's element
    values_in   every value that the parameter finds in a resource of the type, 0..*, in document order
    """

    name: str
    type: str
    kind: ParamKind
    url: str
    values_in: Callable[[Resource], tuple[Value, ...]]
    targets: frozenset[str] = frozenset()
    components: tuple[SearchParam, ...] = ()


@cache
def search_params(type: str) -> Mapping[str, SearchParam]:
    """The search parameters of a resource type by name, those of every resource (`_id`, `_tag`) included.

    Raises AssertionError for an expression outside the subset of FHIRPath that R4 uses here.
    """
    return MappingProxyType(
        {name: _param(type, stated) for name, stated in sorted(r4().searched_by(type).items())}
    )


_CROSSED: Final = frozenset({"DocumentReference-relationship"})
"""Composites that R4 publishes with the expressions of their two components interchanged."""

Way: TypeAlias = tuple[Callable[[Any], list[Any]], conversion.Convert]

_CONVERSIONS: Final = {
    ParamKind.TOKEN: conversion.tokens,
    ParamKind.REFERENCE: conversion.references,
    ParamKind.DATE: conversion.dates,
    ParamKind.STRING: conversion.strings,
    ParamKind.NUMBER: conversion.numbers,
    ParamKind.QUANTITY: conversion.quantities,
    ParamKind.URI: conversion.uris,
}


def _param(type: str, stated: SearchParameter) -> SearchParam:
    kind = ParamKind(stated.type)
    param = SearchParam(
        stated.code, type, kind, stated.url, lambda _: (), frozenset(stated.targets) - {"Resource"}
    )
    if kind is ParamKind.SPECIAL or not stated.expression:
        return replace(param, kind=ParamKind.SPECIAL)
    if kind is ParamKind.COMPOSITE:
        return _composite(param, stated)
    branches = compiled(type, stated.expression)
    read = _reader(kind, branches)
    if kind is ParamKind.REFERENCE and any(
        isinstance(it, Branch) and it.type == "Resource" for it in branches
    ):
        return replace(param, values_in=_of_types(read, param.targets))  # Bundle?message: a resource itself
    return replace(param, values_in=read)


def _of_types(
    read: Callable[[Any], tuple[Any, ...]], types: frozenset[str]
) -> Callable[[Any], tuple[Any, ...]]:
    return lambda start: tuple(value for value in read(start) if value.type in types)


def _reader(kind: ParamKind, branches: tuple[Branch | Said, ...]) -> Callable[[Any], tuple[Any, ...]]:
    ways = [_way(kind, branch) for branch in branches]

    def values_in(start: Any) -> tuple[Any, ...]:
        return tuple(value for read, convert in ways for node in read(start) for value in convert(node))

    return values_in


def _way(kind: ParamKind, branch: Branch | Said) -> Way:
    if isinstance(branch, Said):
        return branch.read, conversion.tokens("boolean", branch.branches[0].element)
    return branch.read, _CONVERSIONS[kind](branch.type, branch.element)


def _composite(param: SearchParam, stated: SearchParameter) -> SearchParam:
    """Every element that the expression finds, with the values of each component below it."""
    named = {parameter.url: parameter for parameter in r4().search_parameters}
    if stated.id in _CROSSED:
        first, second = stated.components
        swapped = (
            replace_struct(first, expression=second.expression),
            replace_struct(second, expression=first.expression),
        )
        stated = replace_struct(stated, components=swapped)
    kinds = [ParamKind(named[part.definition].type) for part in stated.components]
    readers: list[tuple[Branch, list[Callable[[Any, Any], tuple[Any, ...]]]]] = []
    for branch in compiled(param.type, stated.expression):
        assert isinstance(branch, Branch), "a composite is of elements"
        below = branch.element.path if branch.steps else param.type
        parts = [
            _component_reader(kind, compiled(below, part.expression))
            for kind, part in zip(kinds, stated.components, strict=True)
        ]
        readers.append((branch, parts))

    def values_in(resource: Resource) -> tuple[Value, ...]:
        found: list[Value] = []
        for branch, parts in readers:
            for element in branch.read(resource):
                held: tuple[tuple[SingleValue, ...], ...] = tuple(part(element, resource) for part in parts)
                if all(held):
                    found.append(CompositeValue(held))
        return tuple(found)

    components = tuple(
        SearchParam(
            named[part.definition].code,
            param.type,
            kind,
            part.definition,
            lambda _: (),
            frozenset(named[part.definition].targets) - {"Resource"},
        )
        for kind, part in zip(kinds, stated.components, strict=True)
    )
    return replace(param, values_in=values_in, components=components)


def _component_reader(
    kind: ParamKind, branches: tuple[Branch | Said, ...]
) -> Callable[[Any, Any], tuple[Any, ...]]:
    ways: list[tuple[bool, Way]] = [
        (isinstance(branch, Branch) and branch.on_resource, _way(kind, branch)) for branch in branches
    ]

    def values_in(element: Any, resource: Any) -> tuple[Any, ...]:
        return tuple(
            value
            for on_resource, (read, convert) in ways
            for node in read(resource if on_resource else element)
            for value in convert(node)
        )

    return values_in
