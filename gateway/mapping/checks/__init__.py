"""What a rule file is held to before it may work: R4's facts on one side, the record's schema on the other.

One file an idea; `gateway/mapping/README.md` lists the codes. The readers report what the syntax tree alone
shows; everything here looks at the rules as they will work, overlays included.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from marshmallow import Schema

from gateway.mapping.checks import (
    choices,
    codes,
    copies,
    fixed_values,
    guards,
    homes,
    lists,
    paths,
    required,
    targets,
    types,
)
from gateway.mapping.checks.definitions import atlas
from gateway.mapping.checks.ground import Atlas
from gateway.mapping.checks.inventory import inventory
from gateway.mapping.checks.trails import Spot, spots
from gateway.mapping.problems import Problem
from gateway.mapping.rules import RuleFile

__all__ = ["Atlas", "atlas", "check", "not_mapped"]


def check(file: RuleFile, schema: Schema, known: Atlas, *, whole: bool = True) -> list[Problem]:
    """Every error and warning of a rule file, each once, in the order of its lines.

    whole   all of its rules could be read; otherwise nothing is said to be missing
    """
    found: list[Problem] = []
    for spot in spots(file, schema, known):
        found += _once(_of_spot(spot, known, whole=whole))
    return sorted(found)


def _of_spot(spot: Spot, known: Atlas, *, whole: bool) -> Iterator[Problem]:
    yield from paths.check(spot, known)
    yield from fixed_values.check(spot, known)
    yield from types.check(spot, known)
    yield from targets.check(spot)
    yield from codes.check(spot, known, whole=whole)
    yield from homes.check(spot, whole=whole)
    yield from lists.check(spot)
    yield from choices.check(spot)
    if whole:
        yield from required.check(spot, known)
        yield from guards.check(spot)
        yield from copies.check(spot)


def not_mapped(file: RuleFile, schema: Schema, known: Atlas) -> list[Problem]:
    """The elements of the file's resources that it says nothing of (I190)."""
    return [problem for spot in spots(file, schema, known) for problem in inventory(spot, known)]


def _once(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Each problem once: fields that share a mistaken path share one line, the first."""
    seen: set[tuple[str, str, str, str]] = set()
    for problem in sorted(problems):
        key = (problem.file, problem.code, problem.where, problem.text)
        if key not in seen:
            seen.add(key)
            yield problem
