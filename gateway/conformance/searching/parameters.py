"""R4's search parameters, each compiled once to a function that reads its values out of a resource.

Source: https://hl7.org/fhir/R4/searchparameter-registry.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.conformance.searching.values import Value
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


def search_params(type: str) -> Mapping[str, SearchParam]:
    """The search parameters of a resource type by name, those of every resource (`_id`, `_tag`) included.

    Raises AssertionError for an expression outside the subset of FHIRPath that R4 uses here.
    """
    raise NotImplementedError  # being built
