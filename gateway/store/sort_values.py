"""What a resource is ordered by: for each key of the order its lowest value, or its highest when it falls.

Source: https://hl7.org/fhir/R4/search.html#sort
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import total_ordering
from typing import Final, TypeAlias

from gateway.conformance.searching.parameters import search_params
from gateway.conformance.searching.values import (
    CompositeValue,
    DateValue,
    NumberValue,
    QuantityValue,
    ReferenceValue,
    StringValue,
    Token,
    UriValue,
    Value,
    folded,
)
from gateway.fhir.json_codec import Resource
from gateway.store.query import Query

_LONGEST: Final = 200  # a place in an order is carried from page to page
Comparable: TypeAlias = str | Decimal


@total_ordering
@dataclass(frozen=True, slots=True)
class SortValue:
    """One value in an order; None, for a resource without any, comes last either way."""

    value: Comparable | None
    descending: bool = False

    def __lt__(self, other: SortValue) -> bool:
        if self.value is None or other.value is None:
            return self.value is not None
        if isinstance(self.value, Decimal) is not isinstance(other.value, Decimal):
            return isinstance(self.value, Decimal) is not self.descending
        if self.descending:
            return bool(self.value > other.value)  # type: ignore[operator]  # of one kind, as just seen
        return bool(self.value < other.value)  # type: ignore[operator]


def sort_values(query: Query, resource: Resource) -> tuple[SortValue, ...]:
    """The place of a resource in the order of the query."""
    known = search_params(resource["resourceType"])
    return tuple(_value(known[key.name].values_in(resource), descending=key.descending) for key in query.sort)


def _value(values: tuple[Value, ...], *, descending: bool) -> SortValue:
    found = [SortValue(each, descending) for value in values if (each := _comparable(value)) is not None]
    return min(found, default=SortValue(None, descending))


def _comparable(value: Value) -> Comparable | None:
    match value:
        case StringValue(text):
            return folded(text)[:_LONGEST]
        case Token():
            return folded(value.code or next(iter(value.texts), ""))[:_LONGEST]
        case DateValue(since):
            return since.isoformat()
        case NumberValue(low, high) | QuantityValue(low, high):
            return low if low is not None else high
        case ReferenceValue():
            return f"{value.type}/{value.id}" if value.id else (value.url or "")[:_LONGEST]
        case UriValue(text):
            return text[:_LONGEST]
        case CompositeValue():
            return None
