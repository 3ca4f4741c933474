"""What the CapabilityStatement says of searching: parameters, what they take, and what may be included.

All of it is read from what the searches themselves are made of: the parameters of the served types, and the
modifiers of each kind.
https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.rest.resource.searchParam
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from gateway.conformance.facts import r4
from gateway.conformance.searching.criterion import MODIFIERS
from gateway.conformance.searching.parameters import ParamKind, SearchParam
from gateway.conformance.served_types import ServedType
from gateway.store.includes import ANY

_COMPARTMENT: Final = "http://hl7.org/fhir/CompartmentDefinition/"


def searched_by(type: ServedType, served: Mapping[str, ServedType]) -> dict[str, Any]:
    """The parameters of one type, and what a search for it may bring along."""
    return {
        "searchInclude": [ANY, *_references(type, served)],
        "searchRevInclude": list(_pointing_at(type, served)),
        "searchParam": [stated(param) for param in type.search],
    }


def common(served: Iterable[ServedType]) -> list[dict[str, Any]]:
    """The parameters that every served type has: those that a search of the system takes without `_type`."""
    types = [type for type in served if not type.read_only]  # the others are searched alone
    shared = set.intersection(*({param.name for param in type.search} for type in types))
    return [stated(param) for param in types[0].search if param.name in shared]


def compartments(served: Mapping[str, ServedType]) -> list[str]:
    """The definitions of the compartments that can be searched in."""
    return [f"{_COMPARTMENT}{type.lower()}" for type in sorted(r4().compartments) if type in served]


def stated(param: SearchParam) -> dict[str, Any]:
    """One parameter, with its canonical and what can be said with it."""
    return {
        "name": param.name,
        "definition": param.url,
        "type": param.kind.value,
        "documentation": " ".join(_documented(param)),
    }


def _documented(param: SearchParam) -> Iterator[str]:
    yield f"Modifiers: {', '.join(sorted(MODIFIERS[param.kind]))}."
    if param.kind is ParamKind.REFERENCE:
        yield f"Refers to {', '.join(sorted(param.targets)) or 'any type'}; chains, and types as modifiers."
    elif param.kind is ParamKind.COMPOSITE:
        yield f"Write {'$'.join(part.name for part in param.components)}."


def _references(type: ServedType, served: Mapping[str, ServedType]) -> Iterator[str]:
    for param in type.search:
        if param.kind is ParamKind.REFERENCE and (not param.targets or not param.targets.isdisjoint(served)):
            yield f"{type.name}:{param.name}"


def _pointing_at(type: ServedType, served: Mapping[str, ServedType]) -> Iterator[str]:
    for other in served.values():
        if other.read_only:  # what the gateway makes itself is searched directly, not through what it names
            continue
        for param in other.search:
            if param.kind is ParamKind.REFERENCE and (not param.targets or type.name in param.targets):
                yield f"{other.name}:{param.name}"
