"""The criteria of a query as they can be searched: chains followed, lists read, persons widened.

A chain is followed in steps, each of which finds only what the actor sees: what is hidden never decides what
is found. Source: https://hl7.org/fhir/R4/search.html#chaining, #has and #list
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.access.policy import Interaction, chainable, gate, may_reverse, searchable
from gateway.conformance.facts import r4
from gateway.conformance.searching.criterion import AnyOf, Criterion, Demand, read_criterion
from gateway.conformance.searching.escaping import split
from gateway.conformance.searching.names import Chain, Plain, Reverse, read_name
from gateway.conformance.searching.parameters import ParamKind, SearchParam, search_params
from gateway.conformance.searching.reference_search import AmongWanted, ReferenceWanted
from gateway.conformance.searching.token_search import TokenWanted
from gateway.conformance.searching.values import ReferenceValue
from gateway.conformance.served_types import ServedType
from gateway.errors import BadRequest, Forbidden, UnknownParameter
from gateway.fhir.references import ReferenceKind, parse_reference
from gateway.store import resources
from gateway.store.database import Transaction
from gateway.store.matching import Demands, every_match
from gateway.store.query import Query
from gateway.store.rows import select
from gateway.store.versions import Version, our_id

LIST = "_list"

_LINKED = """
    SELECT p.person_id, p.patient_id FROM resource AS r
    JOIN person_patient AS p ON p.person_id = r.id
    WHERE r.type = 'Patient' AND r.id = ANY(CAST(:ids AS uuid[])) AND {rows}
"""


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the text of every criterion of one search is read with."""

    own_base: str
    served: Mapping[str, ServedType]
    now: datetime


def demands_of(tx: Transaction, query: Query, now: datetime) -> Demands:
    """What a match of the query must meet, by type.

    Raises UnknownParameter, BadRequest for a value that cannot be read, TooCostly for a chain too broad.
    """
    ground = _Ground(query.own_base, query.served, now)
    return {type: _demands_on(tx, query, type, ground) for type in query.types}


def _demands_on(tx: Transaction, query: Query, type: str, ground: _Ground) -> tuple[Demand, ...]:
    gate(tx.actor, Interaction.SEARCH, type)
    found = [_resolved(tx, type, name, value, ground) for name, value in query.criteria]
    demands: tuple[Demand, ...] = tuple(_with_linked(tx, found))
    return demands if query.within is None else (*demands, _within(tx, type, query.within))


def _within(tx: Transaction, type: str, compartment: str) -> AnyOf:
    """In the compartment of one resource: what any of R4's parameters for it leads there from."""
    about, _, id = compartment.partition("/")
    names = r4().compartments[about].members.get(type, ())
    wanted = ReferenceWanted(about, id)
    paths = [Criterion(_param(type, name), (wanted,)) for name in names if name in search_params(type)]
    return AnyOf(tuple(_with_linked(tx, paths)))


def _resolved(tx: Transaction, type: str, text: str, value: str, ground: _Ground) -> Criterion:
    match read_name(text):
        case Plain(name, modifier):
            if name == LIST and not modifier:
                return _in_list(tx, type, value)
            param = _allowed(tx, type, name, modifier)
            return read_criterion(param, modifier, value, own_base=ground.own_base, now=ground.now)
        case Chain(name, target, rest):
            return _chained(tx, _param(type, name), target, (rest, value), ground)
        case Reverse(source, name, rest):
            return _reversed(tx, type, _param(source, name), (rest, value), ground)


def _param(type: str, name: str) -> SearchParam:
    param = search_params(type).get(name)
    if param is None or param.kind is ParamKind.SPECIAL:
        raise UnknownParameter(f"{type} cannot be searched by a parameter of this name")
    return param


def _allowed(tx: Transaction, type: str, name: str, modifier: str) -> SearchParam:
    param = _param(type, name)
    allowed = searchable(tx.actor, type)
    # A modifier such as `missing` would tell of what the actor is not shown.
    if allowed is not None and (name not in allowed or modifier not in ("", *param.targets)):
        raise UnknownParameter(
            f"{name} is not served to a client of kind {tx.actor.kind} for {type}", expression=name
        )
    return param


def _chained(
    tx: Transaction,
    param: SearchParam,
    target: str,
    rest: tuple[str, str],
    ground: _Ground,
) -> Criterion:
    allowed = chainable(tx.actor)
    if allowed is not None and f"{param.name}.{rest[0]}" not in allowed:
        raise UnknownParameter("this chain is not served to this client", expression=param.name)
    if param.kind is not ParamKind.REFERENCE:
        raise BadRequest(f"{param.name} is no reference: nothing can be chained to it", expression=param.name)
    if target and param.targets and target not in param.targets:
        raise BadRequest(f"{param.name} does not point at the type that was named", expression=param.name)
    if target and target not in ground.served:
        raise BadRequest("a chain leads to a type that is served here", expression=param.name)
    linked = {type for type, held in ground.served.items() if not held.read_only}
    if target and target not in linked:
        raise UnknownParameter(f"no chain leads to {target}", expression=param.name)
    types = [target] if target else sorted(linked & (param.targets or linked))
    first = rest[0].partition(".")[0].partition(":")[0]
    searched = [type for type in types if first in search_params(type) or first == "_has"]
    if not searched:
        raise UnknownParameter(
            f"nothing that {param.name} points at has that parameter", expression=param.name
        )
    found: set[str] = set()
    for type in searched:
        try:
            gate(tx.actor, Interaction.SEARCH, type)
        except Forbidden:
            if target:
                raise
            continue
        inner = _inner(tx, type, rest, ground)
        found.update(version.reference for version in every_match(tx, type, inner))
    return Criterion(param, (AmongWanted(frozenset(found)),))


def _reversed(
    tx: Transaction, type: str, param: SearchParam, rest: tuple[str, str], ground: _Ground
) -> Criterion:
    if not may_reverse(tx.actor):
        raise UnknownParameter("_has is not served to this client", expression="_has")
    if param.kind is not ParamKind.REFERENCE or (param.targets and type not in param.targets):
        raise BadRequest(f"{param.name} of {param.type} does not point at {type}", expression="_has")
    if param.type not in ground.served:
        raise BadRequest("_has names a type that is served here", expression="_has")
    gate(tx.actor, Interaction.SEARCH, param.type)
    if ground.served[param.type].read_only:
        raise UnknownParameter(f"_has is not served for {param.type}: search it itself", expression="_has")
    inner = _inner(tx, param.type, rest, ground)
    ids = {
        value.id
        for version in every_match(tx, param.type, inner)
        for value in param.values_in(version.resource)
        if isinstance(value, ReferenceValue) and value.base is None and value.type == type and value.id
    }
    return _with_ids(type, ids)


def _inner(tx: Transaction, type: str, rest: tuple[str, str], ground: _Ground) -> tuple[Criterion, ...]:
    return tuple(_with_linked(tx, [_resolved(tx, type, *rest, ground)]))


def _in_list(tx: Transaction, type: str, value: str) -> Criterion:
    """`_list`: what a List that the actor sees names, and has not marked as deleted; commas mean any of them.

    A List that is hidden or missing names nothing.
    """
    ids = split(value, ",")
    if any(id.startswith("$") for id in ids):  # $current-problems and the like
        raise BadRequest("_list takes the id of a List here; no functional list is served", expression=LIST)
    if searchable(tx.actor, type) is not None:
        raise UnknownParameter(f"{LIST} is not served to this client", expression=LIST)
    gate(tx.actor, Interaction.SEARCH, "List")
    named = [reference for id in ids for reference in _named_by(resources.find(tx, "List", id))]
    return _with_ids(type, {it.id for it in map(parse_reference, named) if _is_ours(it, type)})


def _named_by(held: Version | None) -> Iterator[str]:
    entries = held.resource.get("entry") if held is not None and not held.deleted else None
    yield from filter(None, map(_listed, entries if isinstance(entries, list) else ()))


def _listed(entry: Any) -> str | None:
    if not isinstance(entry, dict) or entry.get("deleted") is True:
        return None
    item = entry.get("item")
    held = item.get("reference") if isinstance(item, dict) else None
    return held if isinstance(held, str) else None


def _is_ours(it: Any, type: str) -> bool:
    return it.kind is ReferenceKind.RELATIVE and it.type == type


def _with_ids(type: str, ids: Iterable[str | None]) -> Criterion:
    return Criterion(
        search_params(type)["_id"], tuple(TokenWanted(None, id) for id in sorted(filter(None, ids)))
    )


def _with_linked(tx: Transaction, criteria: Iterable[Criterion]) -> list[Criterion]:
    """References to a person also find what points at its linked Patients, when the actor sees the person."""
    held = list(criteria)
    ids = sorted({uuid for it in held for id in _patients(it) if (uuid := our_id(id))})
    if not ids:
        return held
    linked: dict[str, list[str]] = {}
    for row in select(tx, _LINKED, {"ids": ids}):
        linked.setdefault(str(row["person_id"]), []).append(str(row["patient_id"]))
    return [_also(it, linked) for it in held] if linked else held


def _patients(criterion: Criterion) -> Iterable[str]:
    for wanted in criterion.wanted:
        if (
            isinstance(wanted, ReferenceWanted)
            and wanted.base is None
            and wanted.version is None
            and wanted.type in (None, "Patient")
        ):
            yield wanted.id


def _also(criterion: Criterion, linked: Mapping[str, list[str]]) -> Criterion:
    more = frozenset(
        f"Patient/{patient}" for person in _patients(criterion) for patient in linked.get(person, ())
    )
    return replace(criterion, wanted=(*criterion.wanted, AmongWanted(more))) if more else criterion
