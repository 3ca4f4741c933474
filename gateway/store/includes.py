"""What a search brings along: what its matches refer to and what refers to them, if the actor sees it.

Every step selects with the actor's own eyes, so nothing hidden is brought along or leads any further.
Source: https://hl7.org/fhir/R4/search.html#include
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from gateway.access.policy import Interaction, gate, includable, may, may_reverse
from gateway.conformance.searching.parameters import ParamKind, SearchParam, search_params
from gateway.conformance.searching.values import ReferenceValue
from gateway.errors import BadRequest, TooCostly, UnknownParameter
from gateway.store.database import Transaction
from gateway.store.index_rows import hashed
from gateway.store.query import Include, Query
from gateway.store.rows import select
from gateway.store.shown import shown_to
from gateway.store.versions import COLUMNS, Version, our_id, version_of

MAX_INCLUDED: Final = 1_000
MAX_ROUNDS: Final = 5  # of :iterate
ANY: Final = "*"

_NAMED: Final = f"""
    SELECT {COLUMNS} FROM resource AS r
    JOIN resource_version AS v ON v.resource_pk = r.pk AND v.version = r.version
    WHERE (r.type, r.id) IN (SELECT * FROM unnest(CAST(:types AS text[]), CAST(:ids AS uuid[])))
      AND NOT r.deleted AND {{rows}}
    ORDER BY r.pk LIMIT :many
"""  # noqa: S608 (fixed text)
_POINTING: Final = f"""
    SELECT {COLUMNS} FROM resource AS r
    JOIN resource_version AS v ON v.resource_pk = r.pk AND v.version = r.version
    WHERE r.type = :type AND NOT r.deleted AND {{rows}}
      AND r.pk IN (SELECT p.resource_pk FROM posting AS p WHERE p.h = ANY(CAST(:hashes AS bigint[])))
    ORDER BY r.pk LIMIT :many
"""  # noqa: S608 (fixed text)


def included(tx: Transaction, query: Query, matches: Sequence[Version]) -> tuple[Version, ...]:
    """What the query's includes bring along for these matches: each once, none that is a match itself.

    Raises UnknownParameter for an include that is not served to the actor, TooCostly beyond MAX_INCLUDED.
    """
    for include in query.includes:
        _refuse_unserved(tx, query, include)
    known = {version.reference for version in matches}
    found: dict[str, Version] = {}
    fresh: Sequence[Version] = matches
    for round in range(MAX_ROUNDS):
        steps = [include for include in query.includes if include.iterate or round == 0]
        new: dict[str, Version] = {}
        for include in steps:
            step = (
                _pointing_here(tx, include, fresh) if include.reverse else _led_to(tx, query, include, fresh)
            )
            new |= {version.reference: version for version in step if version.reference not in known}
            if len(found) + len(new) > MAX_INCLUDED:
                raise TooCostly(
                    f"more than {MAX_INCLUDED} resources would be included: ask for less with _count",
                    expression="_revinclude" if include.reverse else "_include",
                )
        if not new:
            break
        known |= new.keys()
        found |= new
        fresh = list(new.values())
    return tuple(found.values())


def _led_to(tx: Transaction, query: Query, include: Include, fresh: Sequence[Version]) -> Sequence[Version]:
    """What the references of `fresh` lead to."""
    named: dict[tuple[str, str], None] = {}
    for version in fresh:
        if version.type == include.type and not version.deleted:
            resource = version.resource
            for param in _params(include):
                for value in param.values_in(resource):
                    if isinstance(value, ReferenceValue) and _is_wanted(value, include):
                        assert value.type is not None
                        assert value.id is not None
                        named[value.type, value.id] = None
    asked = [(type, uuid) for type, id in named if (uuid := our_id(id)) and _may_search(tx, query, type)]
    if not asked:
        return ()
    values = {
        "types": [type for type, _ in asked],
        "ids": [id for _, id in asked],
        "many": MAX_INCLUDED + 1,
    }
    return shown_to(tx, [version_of(row) for row in select(tx, _NAMED, values)])


def _pointing_here(tx: Transaction, include: Include, fresh: Sequence[Version]) -> Sequence[Version]:
    """What of the include's type refers to `fresh`; the resource itself confirms what the index says."""
    here = {version.reference for version in fresh if include.target in (None, version.type)}
    params = _params(include)
    hashes = sorted(
        {hashed(include.type, param.name, "to", reference) for param in params for reference in here}
    )
    if not hashes:
        return ()
    values = {"type": include.type, "hashes": hashes, "many": MAX_INCLUDED + 1}
    found = shown_to(tx, [version_of(row) for row in select(tx, _POINTING, values)])
    return [version for version in found if not here.isdisjoint(_references(version, params))]


def _references(version: Version, params: Iterable[SearchParam]) -> Iterator[str]:
    resource = version.resource
    for param in params:
        for value in param.values_in(resource):
            if isinstance(value, ReferenceValue) and value.base is None and value.id:
                yield f"{value.type}/{value.id}"


def _is_wanted(value: ReferenceValue, include: Include) -> bool:
    return (
        value.base is None
        and value.type is not None
        and value.id is not None
        and (include.target in (None, value.type))
    )


def _params(include: Include) -> list[SearchParam]:
    held = search_params(include.type)
    if include.name == ANY:
        return [param for param in held.values() if param.kind is ParamKind.REFERENCE]
    return [held[include.name]]


def _refuse_unserved(tx: Transaction, query: Query, include: Include) -> None:
    kind = "_revinclude" if include.reverse else "_include"
    allowed = includable(tx.actor)
    if (include.reverse and not may_reverse(tx.actor)) or (
        allowed is not None and f"{include.type}:{include.name}" not in allowed
    ):
        raise UnknownParameter(f"this {kind} is not served to this client", expression=kind)
    if include.type not in query.served:
        raise BadRequest(f"{kind} starts with a type that is served here", expression=kind)
    if include.target is not None and include.target not in query.served:
        raise BadRequest(f"{kind} leads to a type that is served here", expression=kind)
    param = search_params(include.type).get(include.name)
    if include.name != ANY and (param is None or param.kind is not ParamKind.REFERENCE):
        raise BadRequest(f"{kind} takes a reference parameter of {include.type}", expression=kind)
    if include.reverse:
        gate(tx.actor, Interaction.SEARCH, include.type)
        if query.served[include.type].read_only:
            raise UnknownParameter(
                f"{kind} is not served for {include.type}: search it itself", expression=kind
            )


def _may_search(tx: Transaction, query: Query, type: str) -> bool:
    return type in query.served and may(tx.actor, Interaction.SEARCH, type)
