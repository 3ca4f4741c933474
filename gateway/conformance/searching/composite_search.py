"""Searching composites: values that stand together below one element, `code$value`.

Source: https://hl7.org/fhir/R4/search.html#combining
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.conformance.searching.date_search import DateWanted
from gateway.conformance.searching.escaping import split
from gateway.conformance.searching.number_search import NumberWanted, QuantityWanted
from gateway.conformance.searching.parameters import SearchParam
from gateway.conformance.searching.reference_search import ReferenceSearch
from gateway.conformance.searching.text_search import StringSearch, UriSearch
from gateway.conformance.searching.token_search import TokenSearch
from gateway.conformance.searching.values import CompositeValue, Value
from gateway.errors import BadRequest

SingleWanted = (
    TokenSearch | ReferenceSearch | DateWanted | NumberWanted | QuantityWanted | StringSearch | UriSearch
)


@dataclass(frozen=True, slots=True)
class CompositeWanted:
    """One wish for each component; all must be met below the same element."""

    parts: tuple[SingleWanted, ...]

    def matches(self, value: Value) -> bool:
        """Whether each component of the value meets its wish."""
        return isinstance(value, CompositeValue) and all(
            any(wanted.matches(each) for each in part)
            for wanted, part in zip(self.parts, value.parts, strict=True)
        )


def read_composite(
    param: SearchParam, text: str, read: Callable[[SearchParam, str], SingleWanted]
) -> CompositeWanted:
    """What one value of a composite asks for; `read` reads the value of a component. Raises BadRequest."""
    parts = split(text, "$")
    if len(parts) != len(param.components) or not all(parts):
        shape = "$".join(component.name for component in param.components)
        raise BadRequest(f"{param.name} takes {shape}", expression=param.name)
    return CompositeWanted(
        tuple(read(component, part) for component, part in zip(param.components, parts, strict=True))
    )
