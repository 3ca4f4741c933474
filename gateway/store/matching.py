"""Rows that the index finds for criteria, and the second look at each: the resource itself decides.

Hashes may clash, and an agency is shown less than is stored. What is not shown is not searched either:
nobody finds out by asking.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import text

from gateway.conformance.searching.criterion import Demand
from gateway.errors import TooCostly
from gateway.store.database import Transaction
from gateway.store.index_conditions import Condition, condition
from gateway.store.rows import select
from gateway.store.shown import shown_to
from gateway.store.versions import COLUMNS, Version, version_of

Demands: TypeAlias = Mapping[str, tuple[Demand, ...]]
"""What is asked of each type that is searched; all of it must be met."""

MAX_CANDIDATES: Final = 10_000
"""How many resources a chain may pass through, and an order that no index holds may sort."""

# A prepared statement's generic plan joins the most frequent code first: 300 times slower (runtime.md 1.2).
_PLAN = text("""
    SELECT gateway_now() AS now, CAST(pg_current_snapshot() AS text) AS snapshot,
           set_config('plan_cache_mode', 'force_custom_plan', true),
           set_config('random_page_cost', '1.1', true), set_config('jit', 'off', true)
""")


@dataclass(frozen=True, slots=True)
class Began:
    """When a walk through pages began: the time, and what was committed then, as PostgreSQL writes it."""

    now: datetime
    snapshot: str


def plan_for_search(tx: Transaction) -> Began:
    """A beginning; from now on statements of this transaction are planned with the values they are asked."""
    row = tx.connection.execute(_PLAN).one()
    return Began(row.now, row.snapshot)


def conditions(demands: Demands, source: str | None) -> Condition:
    """What a head row `r` must meet besides being visible: type, that type's demands, source."""
    parts, values, exact = [], dict[str, Any](), True
    for number, (type, wanted) in enumerate(demands.items()):
        held = [condition(type, demand, f"t{number}c{at}") for at, demand in enumerate(wanted)]
        values |= {f"type{number}": type} | {
            name: value for each in held for name, value in each.values.items()
        }
        parts.append(" AND ".join([f"r.type = :type{number}", *(each.sql for each in held)]))
        exact = exact and all(each.exact for each in held)
    sql = parts[0] if len(parts) == 1 else "(" + " OR ".join(f"({part})" for part in parts) + ")"
    if source is not None:
        values["source"] = source
        sql += " AND r.source = :source"
    return Condition(f"NOT r.deleted AND {sql}", values, exact)


def every_match(tx: Transaction, type: str, wanted: Sequence[Demand]) -> list[Version]:
    """All of a type that the actor sees and that meet the demands, in no order.

    Raises TooCostly when the index finds more than MAX_CANDIDATES.
    """
    demands = {type: tuple(wanted)}
    held = conditions(demands, None)
    rows = select(
        tx,
        f"SELECT {COLUMNS} FROM resource AS r"  # noqa: S608 (fixed parts)
        " JOIN resource_version AS v ON v.resource_pk = r.pk AND v.version = r.version"
        f" WHERE {{rows}} AND {held.sql} LIMIT :many",
        {**held.values, "many": MAX_CANDIDATES + 1},
    )
    if len(rows) > MAX_CANDIDATES:
        raise TooCostly(
            f"a part of this search finds more than {MAX_CANDIDATES} of type {type}: narrow it further"
        )
    return list(asked_for(tx, rows, demands))


def asked_for(tx: Transaction, rows: Sequence[Mapping[str, Any]], demands: Demands) -> Iterator[Version]:
    """The versions of these rows that meet their type's demands in what the actor is shown of them."""
    return (version for _, version in shown_matches(tx, rows, demands))


def shown_matches(
    tx: Transaction, rows: Sequence[Mapping[str, Any]], demands: Demands
) -> list[tuple[Mapping[str, Any], Version]]:
    """The same, each with its row."""
    versions = shown_to(tx, [version_of(row) for row in rows])
    return [
        (row, version)
        for row, version in zip(rows, versions, strict=True)
        if _meets(version, demands[version.type])
    ]


def _meets(version: Version, wanted: Sequence[Demand]) -> bool:
    if not wanted:
        return True
    resource = version.resource
    return all(demand.is_met_by(resource) for demand in wanted)
