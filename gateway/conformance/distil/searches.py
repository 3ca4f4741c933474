"""SearchParameters and CompartmentDefinitions to the facts of searching."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.conformance.distil.package import Package
from gateway.conformance.facts import Compartment, Component, SearchParameter


def search_parameters_of(package: Package) -> list[SearchParameter]:
    """The search parameters by id; not the package's examples and experiments, which no server knows."""
    return [
        _parameter(held)
        for held in sorted(package.all("SearchParameter"), key=lambda held: str(held["id"]))
        if not held.get("experimental") and held.get("base")
    ]


def _parameter(held: Mapping[str, Any]) -> SearchParameter:
    return SearchParameter(
        id=str(held["id"]),
        code=str(held["code"]),
        type=str(held["type"]),
        base=tuple(held["base"]),
        expression=str(held.get("expression", "")),
        targets=tuple(held.get("target", ())),
        components=tuple(
            Component(str(part["definition"]), str(part["expression"])) for part in held.get("component", ())
        ),
        comparators=tuple(held.get("comparator", ())),
        modifiers=tuple(held.get("modifier", ())),
        multiple_or=held.get("multipleOr"),
        multiple_and=held.get("multipleAnd"),
    )


def compartments_of(package: Package) -> list[Compartment]:
    """The compartments by type; not the package's example."""
    return [
        Compartment(
            str(held["code"]),
            {str(member["code"]): tuple(member.get("param", ())) for member in held["resource"]},
        )
        for held in sorted(package.all("CompartmentDefinition"), key=lambda held: str(held["code"]))
        if held["id"] != "example"
    ]
