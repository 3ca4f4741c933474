"""What a search asks for, read from the text of its parameters: pure, no database.

The value grammar is R4's: `,` is or, a repeated parameter is and, `\\` escapes `,` `|` `$` and itself.
Source: https://hl7.org/fhir/R4/search.html#escaping, #token, #reference, #date and #prefix
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, assert_never

from gateway.conformance.served_types import ParamKind, SearchParam
from gateway.errors import BadRequest, UnknownParameter
from gateway.fhir.dates import FhirDateTime
from gateway.fhir.references import ReferenceKind, parse_reference
from gateway.store.postings import parameters_of, reference_key, token_key

MAX_VALUES: Final = 200
_TICK: Final = timedelta(microseconds=1)
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


class Sort(StrEnum):
    """Orders of a search's answer. CREATED never changes, so its pages neither repeat nor skip a resource."""

    CREATED = "created"
    OLDEST = "_lastUpdated"
    NEWEST = "-_lastUpdated"


@dataclass(frozen=True, slots=True)
class Query:
    """A search over one type.

    criteria  (parameter, value text) pairs, all of which must hold
    source    only rows of this source; None for every source the actor can see
    count     at most so many resources on a page
    cursor    a `Page.next_cursor` of the same actor and query
    """

    type: str
    criteria: tuple[tuple[str, str], ...] = ()
    count: int = 50
    sort: Sort = Sort.CREATED
    cursor: str | None = None
    source: str | None = None

    @classmethod
    def of(
        cls,
        type: str,
        criteria: Iterable[tuple[str, str]] = (),
        *,
        count: int = 50,
        sort: str | None = None,
        cursor: str | None = None,
        source: str | None = None,
    ) -> Query:
        """The query of a request's parameters. Raises BadRequest for an order that is not offered."""
        try:
            order = Sort(sort) if sort else Sort.CREATED
        except ValueError:
            told = "_sort is offered by _lastUpdated and -_lastUpdated only"
            raise BadRequest(told, expression="_sort") from None
        return cls(type, tuple(criteria), max(1, count), order, cursor, source)


@dataclass(frozen=True, slots=True)
class Span:
    """Moments from `since` to `until`, both included; an `outside` span is every other moment."""

    since: datetime = _FIRST
    until: datetime = _LAST
    outside: bool = False

    def holds(self, moment: datetime) -> bool:
        """Whether the moment lies in it."""
        return (self.since <= moment <= self.until) is not self.outside


@dataclass(frozen=True, slots=True)
class Keys:
    """One criterion over the index: any of these keys. `patients` are those that may be persons."""

    param: SearchParam
    wanted: frozenset[str]
    patients: frozenset[str] = frozenset()

    def also_about(self, type: str, linked: Mapping[str, Iterable[str]]) -> Keys:
        """The same criterion, also met by resources about the Patients linked to the persons it names."""
        more = {
            reference_key(type, self.param.name, f"Patient/{patient}")
            for person in self.patients
            for patient in linked.get(person, ())
        }
        return replace(self, wanted=self.wanted | more)


@dataclass(frozen=True, slots=True)
class Criteria:
    """The query taken apart. All of `ids` sets, `times` and `keys` must hold; within each, any value may."""

    ids: tuple[frozenset[str], ...] = ()
    times: tuple[tuple[Span, ...], ...] = ()
    keys: tuple[Keys, ...] = ()


def criteria_of(query: Query) -> Criteria:
    """The criteria of a query. Raises UnknownParameter, or BadRequest for a value that cannot be read."""
    params = {param.name: param for param in parameters_of(query.type)}
    ids, times, keys = [], [], []
    for name, text in query.criteria:
        values = _values(name, text)
        if name == "_id":
            ids.append(frozenset(map(_unescaped, values)))
        elif name == "_lastUpdated":
            times.append(tuple(_span(value) for value in values))
        elif name in params:
            keys.append(_keys(query.type, params[name], values))
        else:
            raise UnknownParameter(f"{query.type} cannot be searched by {name!r}")
    return Criteria(tuple(ids), tuple(times), tuple(keys))


def _values(name: str, text: str) -> list[str]:
    values = [value for value in _split(text, ",") if value]
    if not values:
        raise BadRequest(f"the search parameter {name} has no value", expression=name)
    if len(values) > MAX_VALUES:
        told = f"the search parameter {name} has more than {MAX_VALUES} values"
        raise BadRequest(told, expression=name)
    return values


def _keys(type: str, param: SearchParam, values: list[str]) -> Keys:
    match param.kind:
        case ParamKind.TOKEN:
            return Keys(param, frozenset(_token(type, param, value) for value in values))
        case ParamKind.REFERENCE:
            targets = [_target(param, _unescaped(value)) for value in values]
            patients = (target.rpartition("/") for target in targets)
            return Keys(
                param,
                frozenset(reference_key(type, param.name, target) for target in targets),
                frozenset(id for kind, _, id in patients if kind in ("", "Patient")),
            )
        case ParamKind.ID | ParamKind.DATE:
            raise AssertionError(f"{param.name} is not kept in the index")
        case _:
            assert_never(param.kind)


def _token(type: str, param: SearchParam, value: str) -> str:
    before, *rest = _split(value, "|")
    if not rest:
        return token_key(type, param.name, None, _unescaped(before))
    system = _unescaped(before)
    if param.system and not any(rest):
        # Every code of the one system there is: not indexed, and no criterion at all.
        raise BadRequest(f"{param.name} needs a code after the |", expression=param.name)
    # A `code` is of the system that its binding names, but stands in the resource, and the index, without it.
    implied = system if system != param.system else ""
    return token_key(type, param.name, implied, _unescaped("|".join(rest)))


def _target(param: SearchParam, value: str) -> str:
    """What the index calls the target: `Type/id`, a full address, or a bare id where the type is open."""
    reference = parse_reference(value)
    if reference.kind is ReferenceKind.RELATIVE:
        return f"{reference.type}/{reference.id}"
    if reference.kind is ReferenceKind.ABSOLUTE:
        return f"{reference.base}/{reference.type}/{reference.id}"
    return f"{param.target}/{value}" if param.target else value


# Unlike a dateTime: without seconds or zone as well. A plus sign in an address arrives as a blank.
_MINUTES: Final = re.compile(
    r"(?P<minutes>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2})(?P<seconds>:[0-9]{2}(?:\.[0-9]+)?)?"
    r"(?P<zone>Z|[+ -][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)
_PREFIXES: Final = frozenset({"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"})


def _span(value: str) -> Span:
    prefix, rest = (value[:2], value[2:]) if value[:2].isalpha() else ("eq", value)
    if prefix not in _PREFIXES:
        told = "_lastUpdated takes the prefixes eq, ne, gt, lt, ge, le, sa and eb"
        raise BadRequest(told, expression="_lastUpdated")
    try:
        first, last = _meant(rest)
    except ValueError as error:
        raise BadRequest(f"_lastUpdated cannot be read: {error}", expression="_lastUpdated") from None
    match prefix:
        case "eq" | "ne":
            return Span(first, last, outside=prefix == "ne")
        case "ge":
            return Span(since=first)
        case "le":
            return Span(until=last)
        case "gt" | "sa":
            return Span(since=last + _TICK) if last < _LAST else Span(outside=True)
        case _:
            return Span(until=first - _TICK) if first > _FIRST else Span(outside=True)


def _meant(text: str) -> tuple[datetime, datetime]:
    """The first and the last moment that a date or time can mean, in UTC. Raises ValueError.

    A time may be given to the minute, and without a zone: then it is one in UTC.
    """
    found = _MINUTES.fullmatch(text)
    if found is None:
        known = FhirDateTime.parse(text)
        return known.earliest(), known.latest()
    zone = (found["zone"] or "Z").replace(" ", "+")
    seconds = [found["seconds"]] if found["seconds"] else [":00", ":59"]
    moments = [FhirDateTime.parse(f"{found['minutes']}{second}{zone}") for second in seconds]
    return moments[0].earliest(), moments[-1].latest()


def _split(text: str, at: str) -> list[str]:
    parts = [""]
    for piece in _pieces(text):
        if piece == at:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _pieces(text: str) -> Iterator[str]:
    signs = iter(text)
    for sign in signs:
        yield sign + next(signs, "") if sign == "\\" else sign


def _unescaped(text: str) -> str:
    return "".join(piece[1:] if piece[0] == "\\" and len(piece) > 1 else piece for piece in _pieces(text))
