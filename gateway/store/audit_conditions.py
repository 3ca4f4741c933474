"""What the criteria of a search over AuditEvents mean in SQL over the audit's rows, `a`.

A condition may let through more than its criterion means, never less: each event is judged itself afterwards.
A criterion that no column answers narrows nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text

from gateway.access.audit_event import row_id
from gateway.access.audited_acts import ACTS, OTHER, SEARCH_SYSTEM, SEVERAL, Act
from gateway.conformance.searching.criterion import AnyOf, Criterion, Demand, Wanted
from gateway.conformance.searching.date_search import DateWanted, Prefix
from gateway.conformance.searching.reference_search import AmongWanted, ReferenceWanted
from gateway.conformance.searching.token_search import TokenWanted
from gateway.fhir.json_codec import Resource
from gateway.fhir.resource_types import R4_TYPES
from gateway.store.database import Transaction
from gateway.store.versions import our_id

# Every name that ever acted, one step along the index per name; of the few rows not yet in it, all.
_NAMES: Final = text("""
    WITH RECURSIVE known (name) AS (
        (SELECT actor_name FROM audit WHERE seq IS NOT NULL ORDER BY actor_name LIMIT 1)
        UNION ALL
        SELECT (SELECT a.actor_name FROM audit AS a WHERE a.seq IS NOT NULL AND a.actor_name > known.name
                ORDER BY a.actor_name LIMIT 1)
        FROM known WHERE known.name IS NOT NULL
    )
    SELECT name FROM known WHERE name IS NOT NULL
    UNION SELECT actor_name FROM audit WHERE seq IS NULL
""")
# `recorded` says whole milliseconds, the column microseconds.
_SLACK: Final = "interval '1 millisecond'"
_SINCE: Final = f"a.at >= CAST(:{{mark}}since AS timestamptz) - {_SLACK}"
_UNTIL: Final = f"a.at <= CAST(:{{mark}}until AS timestamptz) + {_SLACK}"
_AFTER: Final = f"a.at >= CAST(:{{mark}}until AS timestamptz) - {_SLACK}"
_BEFORE: Final = f"a.at <= CAST(:{{mark}}since AS timestamptz) + {_SLACK}"
_DATES: Final[Mapping[Prefix, str]] = {
    Prefix.EQ: f"{_SINCE} AND {_UNTIL}",
    Prefix.AP: f"{_SINCE} AND {_UNTIL}",
    Prefix.GT: _AFTER,
    Prefix.SA: _AFTER,
    Prefix.GE: _SINCE,
    Prefix.LT: _BEFORE,
    Prefix.EB: _BEFORE,
    Prefix.LE: _UNTIL,
}


@dataclass(frozen=True, slots=True)
class Narrowed:
    """SQL over `a`, with its bound values."""

    sql: str
    values: Mapping[str, Any]


def narrowed(tx: Transaction, demands: Iterable[Demand]) -> Narrowed:
    """The condition that every event meeting all the demands meets."""
    parts, values = ["TRUE"], dict[str, Any]()
    for at, demand in enumerate(demands):
        found = _of_demand(tx, demand, f"d{at}")
        if found is not None:
            parts.append(f"({found.sql})")
            values |= found.values
    return Narrowed(" AND ".join(parts), values)


def _of_demand(tx: Transaction, demand: Demand, mark: str) -> Narrowed | None:
    if isinstance(demand, AnyOf):
        return _any(_of_criterion(tx, each, f"{mark}_{at}") for at, each in enumerate(demand.criteria))
    return _of_criterion(tx, demand, mark)


def _of_criterion(tx: Transaction, criterion: Criterion, mark: str) -> Narrowed | None:
    if criterion.negated or criterion.missing is not None:
        return None
    match criterion.param.name:
        case "agent-name":
            return _by_name(tx, criterion, mark)
        case "action" | "subtype" | "type":
            return _by_act(criterion, mark)
    way = _WAYS.get(criterion.param.name)
    if way is None:
        return None
    return _any(way(wanted, f"{mark}w{at}") for at, wanted in enumerate(criterion.wanted))


def _any(parts: Iterable[Narrowed | None]) -> Narrowed | None:
    held = list(parts)
    if any(part is None for part in held):
        return None
    known = [part for part in held if part is not None]
    values = {name: value for part in known for name, value in part.values.items()}
    return Narrowed(" OR ".join(f"({part.sql})" for part in known) or "FALSE", values)


def _by_id(wanted: Wanted, mark: str) -> Narrowed | None:
    if not isinstance(wanted, TokenWanted) or not wanted.code:
        return None
    return Narrowed(f"a.id = :{mark}id", {f"{mark}id": row_id(wanted.code)})


def _by_date(wanted: Wanted, mark: str) -> Narrowed | None:
    if not isinstance(wanted, DateWanted) or wanted.prefix not in _DATES:
        return None
    sql = _DATES[wanted.prefix].format(mark=mark)
    ends = {f"{mark}since": wanted.since, f"{mark}until": wanted.until}
    return Narrowed(sql, {name: value for name, value in ends.items() if f":{name} " in sql})


def _by_patient(wanted: Wanted, mark: str) -> Narrowed | None:
    references = _references(wanted, ("Patient",))
    return None if references is None else _about(references, mark)


def _by_entity(wanted: Wanted, mark: str) -> Narrowed | None:
    references = _references(wanted, R4_TYPES)
    return None if references is None else _about(references, mark)


def _by_agent(wanted: Wanted, mark: str) -> Narrowed | None:
    references = _references(wanted, ("Organization",))
    if references is None:
        return None
    ids = [reference.removeprefix("Organization/") for reference in references]
    return Narrowed(
        f"a.organisation = ANY(CAST(:{mark}organisations AS text[]))", {f"{mark}organisations": ids}
    )


def _references(wanted: Wanted, types: Iterable[str]) -> list[str] | None:
    """The references of ours, `Type/id`, that meet the wish; None when others may as well."""
    if isinstance(wanted, AmongWanted):
        return sorted(wanted.references)
    if not isinstance(wanted, ReferenceWanted) or wanted.base is not None:
        return None
    return [f"{type}/{wanted.id}" for type in sorted(types) if wanted.type in (None, type)]


def _about(references: list[str], mark: str) -> Narrowed:
    """Rows that name one of these, or that are about a Patient among them."""
    named = (it.removeprefix("Patient/") for it in references if it.startswith("Patient/"))
    patients = [uuid for uuid in map(our_id, named) if uuid is not None]
    sql = f"a.entities && CAST(:{mark}references AS text[])"
    values: dict[str, Any] = {f"{mark}references": references}
    if patients:
        sql += f" OR a.patients && CAST(:{mark}patients AS uuid[])"
        values[f"{mark}patients"] = patients
    return Narrowed(sql, values)


def _by_outcome(wanted: Wanted, mark: str) -> Narrowed | None:
    if not isinstance(wanted, TokenWanted) or not wanted.code:
        return None
    sign = "=" if wanted.code == "0" else "<>"
    return Narrowed(f"a.outcome {sign} 'success'", {})


def _by_name(tx: Transaction, criterion: Criterion, mark: str) -> Narrowed:
    names = [
        name
        for name in tx.connection.execute(_NAMES).scalars()
        if criterion.is_met_by({"resourceType": "AuditEvent", "agent": [{"name": name}]})
    ]
    return Narrowed(f"a.actor_name = ANY(CAST(:{mark}names AS text[]))", {f"{mark}names": names})


def _by_act(criterion: Criterion, mark: str) -> Narrowed:
    """By the first word of what was done; what is meant by other words than ours, by all that was done."""
    words = [word for word, act in ACTS.items() if criterion.is_met_by(_as_event(act))]
    parts = [f"split_part(a.action, ' ', 1) = ANY(CAST(:{mark}words AS text[]))"]
    values: dict[str, Any] = {f"{mark}words": words}
    if criterion.is_met_by(_as_event(SEARCH_SYSTEM)):
        parts.append(f"a.action = '{SEVERAL}'")
    if criterion.is_met_by(_as_event(OTHER)):
        parts.append(f"split_part(a.action, ' ', 1) <> ALL(CAST(:{mark}known AS text[]))")
        values[f"{mark}known"] = list(ACTS)
    said = [wanted.code for wanted in criterion.wanted if isinstance(wanted, TokenWanted) and wanted.code]
    if criterion.param.name == "subtype":
        if len(said) < len(criterion.wanted):
            return Narrowed("TRUE", {})
        parts.append(f"a.action = ANY(CAST(:{mark}said AS text[]))")
        values[f"{mark}said"] = said
    return Narrowed(" OR ".join(parts), values)


def _as_event(act: Act) -> Resource:
    return {
        "resourceType": "AuditEvent",
        "type": act.type,
        "subtype": list(act.subtypes),
        "action": act.code,
    }


_WAYS: Final[Mapping[str, Callable[[Wanted, str], Narrowed | None]]] = {
    "_id": _by_id,
    "_lastUpdated": _by_date,
    "date": _by_date,
    "patient": _by_patient,
    "entity": _by_entity,
    "agent": _by_agent,
    "outcome": _by_outcome,
}
