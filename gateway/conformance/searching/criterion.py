"""One criterion of a search, read from the name and the text of a parameter: pure, and its own judge.

The value grammar is R4's: `,` is or, a repeated parameter is and. A modifier that is not known is always
refused, for without it the parameter would mean something else.
Source: https://hl7.org/fhir/R4/search.html#modifiers
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, assert_never

from gateway.conformance.searching.composite_search import CompositeWanted, SingleWanted, read_composite
from gateway.conformance.searching.date_search import read_date
from gateway.conformance.searching.escaping import split
from gateway.conformance.searching.number_search import read_number, read_quantity
from gateway.conformance.searching.parameters import ParamKind, SearchParam
from gateway.conformance.searching.reference_search import read_reference
from gateway.conformance.searching.text_search import read_string, read_uri
from gateway.conformance.searching.token_search import TokenModifier, read_token
from gateway.errors import BadRequest, UnknownParameter
from gateway.fhir.json_codec import Resource
from gateway.fhir.resource_types import R4_TYPES

MAX_VALUES: Final = 200
MISSING: Final = "missing"
NOT: Final = "not"

MODIFIERS: Final[Mapping[ParamKind, frozenset[str]]] = MappingProxyType(
    {
        ParamKind.TOKEN: frozenset({MISSING, NOT, *TokenModifier}),
        ParamKind.REFERENCE: frozenset({MISSING, "identifier"}),  # and every resource type it may point at
        ParamKind.STRING: frozenset({MISSING, "exact", "contains"}),
        ParamKind.URI: frozenset({MISSING, "above", "below"}),
        ParamKind.DATE: frozenset({MISSING}),
        ParamKind.NUMBER: frozenset({MISSING}),
        ParamKind.QUANTITY: frozenset({MISSING}),
        ParamKind.COMPOSITE: frozenset({MISSING}),
        ParamKind.SPECIAL: frozenset(),
    }
)
"""The modifiers that each kind of parameter takes."""


Wanted = SingleWanted | CompositeWanted


@dataclass(frozen=True, slots=True)
class Criterion:
    """What a resource must meet: one of `wanted` by one of its values.

    negated   none of its values may meet any of them (`:not`); a resource without values does meet that
    missing   whether it must have no value at all (True) or any (False); None when that was not asked
    """

    param: SearchParam
    wanted: tuple[Wanted, ...] = ()
    negated: bool = False
    missing: bool | None = None

    def is_met_by(self, resource: Resource) -> bool:
        """Whether the resource itself meets it, whatever an index says."""
        values = self.param.values_in(resource)
        if self.missing is not None:
            return (not values) is self.missing
        return any(wanted.matches(value) for value in values for wanted in self.wanted) is not self.negated


def read_criterion(
    param: SearchParam, modifier: str, text: str, *, own_base: str = "", now: datetime | None = None
) -> Criterion:
    """The criterion that a parameter of a search states.

    modifier   what stands after the colon, or ""
    own_base   our own address, with a slash at its end: references under it are ours
    now        what dates with the prefix `ap` are measured from
    Raises UnknownParameter for a modifier that the parameter does not take, BadRequest for a value that
    cannot be read.
    """
    refuse_unknown_modifier(param, modifier)
    if modifier == MISSING:
        if text not in ("true", "false"):
            raise BadRequest(f"{param.name}:missing takes true or false", expression=param.name)
        return Criterion(param, missing=text == "true")
    negated = modifier in (NOT, TokenModifier.NOT_IN)
    plain = "" if modifier == NOT else modifier
    texts = _values(param.name, text)
    if param.kind is ParamKind.COMPOSITE:
        return Criterion(
            param,
            tuple(
                read_composite(param, each, lambda part, value: _single(part, "", value, own_base, now))
                for each in texts
            ),
        )
    wanted = tuple(_single(param, plain, each, own_base, now) for each in texts)
    return Criterion(param, wanted, negated)


def refuse_unknown_modifier(param: SearchParam, modifier: str) -> None:
    """Nothing when the parameter takes the modifier. Raises UnknownParameter otherwise."""
    if not modifier or modifier in MODIFIERS[param.kind]:
        return
    if param.kind is ParamKind.REFERENCE and modifier in R4_TYPES and modifier in (param.targets or R4_TYPES):
        return
    known = sorted(MODIFIERS[param.kind])
    also = ", or the type it points at" if param.kind is ParamKind.REFERENCE else ""
    raise UnknownParameter(
        f"{param.name} takes the modifiers {', '.join(known) or 'none'}{also} only", expression=param.name
    )


def _values(name: str, text: str) -> Iterable[str]:
    values = split(text, ",")
    if not all(values):
        raise BadRequest(f"the search parameter {name} has no value, or an empty one", expression=name)
    if len(values) > MAX_VALUES:
        raise BadRequest(f"the search parameter {name} has more than {MAX_VALUES} values", expression=name)
    return values


def _single(
    param: SearchParam, modifier: str, text: str, own_base: str, now: datetime | None
) -> SingleWanted:
    match param.kind:
        case ParamKind.TOKEN:
            return read_token(param.name, modifier, text)
        case ParamKind.REFERENCE:
            return read_reference(param, modifier, text, own_base)
        case ParamKind.DATE:
            return read_date(param.name, text, now)
        case ParamKind.NUMBER:
            return read_number(param.name, text)
        case ParamKind.QUANTITY:
            return read_quantity(param.name, text)
        case ParamKind.STRING:
            return read_string(param.name, modifier, text)
        case ParamKind.URI:
            return read_uri(modifier, text)
        case ParamKind.COMPOSITE | ParamKind.SPECIAL:
            raise UnknownParameter(f"{param.name} is not served", expression=param.name)
        case _:
            assert_never(param.kind)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of several criteria: what a compartment asks for."""

    criteria: tuple[Criterion, ...]

    def is_met_by(self, resource: Resource) -> bool:
        """Whether the resource itself meets one of them."""
        return any(criterion.is_met_by(resource) for criterion in self.criteria)


Demand = Criterion | AnyOf
"""What a resource can be asked to meet."""
