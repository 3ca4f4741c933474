"""What a criterion means in SQL: conditions over the head row `r` that the index answers.

Each condition is fixed text with its own names for its bound values, so nothing that a client sends becomes
SQL. A condition may let through more than the criterion means where hashes clash, or where a composite asks
for values below one element; it never lets through less. `Condition.exact` says which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, assert_never

from gateway.conformance.searching.composite_search import CompositeWanted
from gateway.conformance.searching.criterion import Criterion, Demand, Wanted
from gateway.conformance.searching.date_search import DateWanted, Prefix
from gateway.conformance.searching.number_search import NumberWanted, QuantityWanted
from gateway.conformance.searching.reference_search import (
    AmongWanted,
    IdentifiedWanted,
    ReferenceWanted,
    UrlWanted,
)
from gateway.conformance.searching.text_search import (
    AboveWanted,
    BeginsWanted,
    BelowWanted,
    ContainsWanted,
    ExactWanted,
    UriWanted,
)
from gateway.conformance.searching.token_search import SetWanted, TextWanted, TokenWanted, TypedWanted
from gateway.store.index_rows import GRAM, PREFIX, component, grams, hashed
from gateway.store.versions import our_id


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL over `r`, with its bound values. `exact`: what it lets through needs no second look."""

    sql: str
    values: Mapping[str, Any]
    exact: bool = True


@dataclass(frozen=True, slots=True)
class _Alternative:
    """One of the wishes of a criterion: hashes any of which will do, or SQL."""

    hashes: frozenset[int] = frozenset()
    sql: str = ""
    values: tuple[tuple[str, Any], ...] = ()
    exact: bool = True


def condition(type: str, demand: Demand, mark: str) -> Condition:
    """The demand over resources of a type; `mark` makes the names of its values its own."""
    if isinstance(demand, Criterion):
        return _of_one(type, demand, mark)
    parts = [_of_one(type, each, f"{mark}_{at}") for at, each in enumerate(demand.criteria)]
    values = {key: value for each in parts for key, value in each.values.items()}
    sql = " OR ".join(each.sql for each in parts) or "FALSE"
    return Condition(f"({sql})", values, all(each.exact for each in parts))


def _of_one(type: str, criterion: Criterion, mark: str) -> Condition:
    name = criterion.param.name
    if name == "_id":
        return _of_ids(criterion, mark)
    if name == "_lastUpdated":
        return _of_times(criterion, mark)
    if criterion.missing is not None:
        held = _any_of(frozenset({hashed(type, name, "*")}), mark)
        return Condition(f"NOT {held.sql}" if criterion.missing else held.sql, held.values)
    found = _either(
        [_alternative(type, name, wanted, f"{mark}_{at}") for at, wanted in enumerate(criterion.wanted)], mark
    )
    if not criterion.negated:
        return found
    assert found.exact, "no composite can be negated"
    return Condition(f"NOT ({found.sql})", found.values)


def _either(alternatives: Iterable[_Alternative], mark: str) -> Condition:
    hashes: frozenset[int] = frozenset()
    parts: list[str] = []
    values: dict[str, Any] = {}
    exact = True
    for each in alternatives:
        hashes |= each.hashes
        exact = exact and each.exact
        if each.sql:
            parts.append(each.sql)
            values |= dict(each.values)
    if hashes or not parts:
        held = _any_of(hashes, mark)
        parts.append(held.sql)
        values |= held.values
    return Condition(f"({' OR '.join(parts)})" if len(parts) > 1 else parts[0], values, exact)


def _any_of(hashes: frozenset[int], mark: str) -> Condition:
    return Condition(
        f"EXISTS (SELECT FROM posting AS p"
        f" WHERE p.h = ANY(CAST(:{mark} AS bigint[])) AND p.resource_pk = r.pk)",
        {mark: sorted(hashes)},
    )


def _alternative(type: str, name: str, wanted: Wanted, mark: str) -> _Alternative:
    match wanted:
        case TokenWanted() | TypedWanted() | SetWanted():
            return _Alternative(frozenset(hashed(type, name, *form) for form in _token_forms(wanted)))
        case ReferenceWanted() | UrlWanted() | IdentifiedWanted() | AmongWanted():
            versioned = isinstance(wanted, ReferenceWanted | UrlWanted) and wanted.version is not None
            hashes = frozenset(hashed(type, name, *form) for form in _target_forms(wanted))
            return _Alternative(hashes, exact=not versioned)
        case ExactWanted(text):
            return _Alternative(frozenset({hashed(type, name, "exact", text)}))
        case UriWanted(uri):
            return _Alternative(frozenset({hashed(type, name, "uri", uri)}))
        case AboveWanted():
            return _Alternative(frozenset(hashed(type, name, "uri", uri) for uri in wanted.all()))
        case BelowWanted():
            below = _beginning(hashed(type, name), wanted.prefix, mark)
            return _Alternative(frozenset({hashed(type, name, "uri", wanted.uri)}), below.sql, below.values)
        case TextWanted(text):
            return _beginning(hashed(type, name, "text"), text, mark)
        case BeginsWanted(text):
            return _beginning(hashed(type, name), text, mark)
        case ContainsWanted(text):
            return _containing(type, name, text, mark)
        case DateWanted():
            return _span(hashed(type, name), wanted, mark)
        case NumberWanted():
            return _number(hashed(type, name), wanted, mark)
        case QuantityWanted():
            return _number(hashed(type, name, *_unit(wanted)), wanted.number, mark)
        case CompositeWanted(parts):
            return _together(type, name, parts, mark)
        case _:
            assert_never(wanted)


def _token_forms(wanted: TokenWanted | TypedWanted | SetWanted) -> Iterable[tuple[str, ...]]:
    match wanted:
        case TypedWanted(system, code, value):
            yield "typed", system, code, value
        case SetWanted(codes):
            for system, code in codes:
                yield "both", system, code
        case TokenWanted(None, code):
            yield "code", code
        case TokenWanted(str(system), "") if system:
            yield "system", system
        case TokenWanted(system, code):
            yield "both", system or "", code


def _target_forms(
    wanted: ReferenceWanted | UrlWanted | IdentifiedWanted | AmongWanted,
) -> Iterable[tuple[str, ...]]:
    match wanted:
        case ReferenceWanted(None, id):
            yield "to", id
        case ReferenceWanted(type, id):
            yield "to", wanted.url or f"{type}/{id}"
            if wanted.url:
                yield "url", wanted.url
        case UrlWanted(url):
            yield "url", url
        case IdentifiedWanted(token):
            yield from (("identifier", *form) for form in _token_forms(token))
        case AmongWanted(references):
            yield from (("to", reference) for reference in references)


def _beginning(p: int, text: str, mark: str) -> _Alternative:
    prefix = text[:PREFIX]
    sql = (
        f"EXISTS (SELECT FROM word_value AS w WHERE w.resource_pk = r.pk AND w.p = :{mark}_p"
        f" AND w.prefix >= :{mark}_from AND w.prefix < :{mark}_to AND starts_with(w.words, :{mark}_all))"
    )
    # U+10FFFF is the last code point there is: nothing that begins with the prefix sorts behind it.
    values = {"p": p, "from": prefix, "to": prefix + "\U0010ffff", "all": text}
    return _Alternative(sql=sql, values=_named(values, mark))


def _containing(type: str, name: str, text: str, mark: str) -> _Alternative:
    sql = (
        f"EXISTS (SELECT FROM word_value AS w WHERE w.resource_pk = r.pk AND w.p = :{mark}_p"
        f" AND position(:{mark}_text IN w.words) > 0)"
    )
    values: dict[str, Any] = {"p": hashed(type, name), "text": text}
    if len(text) >= GRAM:
        wanted = sorted({hashed(type, name, "gram", gram) for gram in grams(text)})
        rare = wanted[:_MAX_GRAMS]
        for at, gram in enumerate(rare):
            sql += (
                f" AND EXISTS (SELECT FROM posting AS p WHERE p.h = :{mark}_g{at} AND p.resource_pk = r.pk)"
            )
            values[f"g{at}"] = gram
    return _Alternative(sql=f"({sql})", values=_named(values, mark))


_MAX_GRAMS: Final = 4  # each is one probe; the words themselves decide

_SPANS: Final[Mapping[Prefix, str]] = {
    Prefix.EQ: "d.since >= :{m}_s AND d.until <= :{m}_u",
    Prefix.NE: "NOT (d.since >= :{m}_s AND d.until <= :{m}_u)",
    Prefix.GT: "d.until > :{m}_u",
    Prefix.LT: "d.since < :{m}_s",
    Prefix.GE: "(d.until > :{m}_u OR (d.since >= :{m}_s AND d.until <= :{m}_u))",
    Prefix.LE: "(d.since < :{m}_s OR (d.since >= :{m}_s AND d.until <= :{m}_u))",
    Prefix.SA: "d.since > :{m}_u",
    Prefix.EB: "d.until < :{m}_s",
    Prefix.AP: "d.since <= :{m}_u AND d.until >= :{m}_s",
}


def _span(p: int, wanted: DateWanted, mark: str) -> _Alternative:
    sql = (
        f"EXISTS (SELECT FROM date_value AS d WHERE d.resource_pk = r.pk AND d.p = :{mark}_p"
        f" AND {_SPANS[wanted.prefix].format(m=mark)})"
    )
    return _Alternative(sql=sql, values=_named({"p": p, "s": wanted.since, "u": wanted.until}, mark))


_NUMBERS: Final[Mapping[Prefix, str]] = {
    Prefix.EQ: "n.low >= :{m}_l AND n.high < :{m}_h",
    Prefix.NE: "NOT coalesce(n.low >= :{m}_l AND n.high < :{m}_h, FALSE)",
    Prefix.GT: "(n.high IS NULL OR n.high > :{m}_n)",
    Prefix.LT: "(n.low IS NULL OR n.low < :{m}_n)",
    Prefix.GE: "(n.high IS NULL OR n.high >= :{m}_n)",
    Prefix.LE: "(n.low IS NULL OR n.low <= :{m}_n)",
    Prefix.SA: "n.low > :{m}_n",
    Prefix.EB: "n.high < :{m}_n",
    Prefix.AP: "(n.low IS NULL OR n.low <= :{m}_h) AND (n.high IS NULL OR n.high >= :{m}_l)",
}


def _number(p: int, wanted: NumberWanted, mark: str) -> _Alternative:
    sql = (
        f"EXISTS (SELECT FROM number_value AS n WHERE n.resource_pk = r.pk AND n.p = :{mark}_p"
        f" AND {_NUMBERS[wanted.prefix].format(m=mark)})"
    )
    used = {"p": p, "l": wanted.low, "h": wanted.high, "n": wanted.number}
    values = {name: value for name, value in used.items() if f":{mark}_{name}" in sql}
    return _Alternative(sql=sql, values=_named(values, mark))


def _unit(wanted: QuantityWanted) -> tuple[str, ...]:
    if wanted.system is not None:
        return "coded", wanted.system, wanted.code
    return ("unit", wanted.code) if wanted.code else ()


def _together(type: str, name: str, parts: Iterable[Wanted], mark: str) -> _Alternative:
    """Each component somewhere in the resource; that they stand together is for the resource to say."""
    held = [
        _either([_alternative(type, component(name, at), part, f"{mark}_{at}")], f"{mark}_{at}")
        for at, part in enumerate(parts)
    ]
    values = {key: value for each in held for key, value in each.values.items()}
    return _Alternative(
        sql="(" + " AND ".join(each.sql for each in held) + ")", values=tuple(values.items()), exact=False
    )


def _of_ids(criterion: Criterion, mark: str) -> Condition:
    if criterion.missing is not None:
        return Condition("FALSE" if criterion.missing else "TRUE", {})
    ids = [
        uuid
        for wanted in criterion.wanted
        if isinstance(wanted, TokenWanted) and not wanted.system and (uuid := our_id(wanted.code))
    ]
    held = f"r.id = ANY(CAST(:{mark} AS uuid[]))"
    return Condition(f"NOT ({held})" if criterion.negated else held, {mark: ids})


def _of_times(criterion: Criterion, mark: str) -> Condition:
    if criterion.missing is not None:
        return Condition("FALSE" if criterion.missing else "TRUE", {})
    parts: list[str] = []
    values: dict[str, Any] = {}
    for at, wanted in enumerate(criterion.wanted):
        assert isinstance(wanted, DateWanted), "_lastUpdated is a date"
        name = f"{mark}_{at}"
        sql = _SPANS[wanted.prefix].format(m=name).replace("d.since", "r.last_updated")
        parts.append(f"({sql.replace('d.until', 'r.last_updated')})")
        bound = {f"{name}_s": wanted.since, f"{name}_u": wanted.until}
        values |= {key: value for key, value in bound.items() if f":{key}" in sql}
    return Condition(f"({' OR '.join(parts)})", values)


def _named(values: Mapping[str, Any], mark: str) -> tuple[tuple[str, Any], ...]:
    return tuple((f"{mark}_{name}", value) for name, value in values.items())
