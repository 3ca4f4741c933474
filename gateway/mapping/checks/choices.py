"""M151: of the alternatives of a choice one holds at a time, or writing one would take another away."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from gateway.mapping.checks.findings import Finding
from gateway.mapping.checks.trails import Spot
from gateway.mapping.codecs import Plain, PlainKind
from gateway.mapping.paths import Steps, show
from gateway.mapping.problems import Problem, Severity
from gateway.mapping.rules import Alternative, Choice, Field


def check(spot: Spot) -> Iterator[Problem]:
    """The pairs of alternatives of which the second is never read, or that FHIR lets stand side by side."""
    for rule in spot.block.rules:
        if not isinstance(rule, Choice):
            continue
        for (number, one), (other, two) in combinations(enumerate(rule.alternatives, start=1), 2):
            if _hides(one, two):
                text = f"alternative {other} is never read: alternative {number} reads all of its elements"
                yield Finding("M151", f"{spot.ground.path}.{rule.name}", text).at(rule.origin)
            elif not _exclude(one, two) and not _share(one, two):
                text = (
                    f"alternatives {number} and {other} can stand side by side in FHIR, and writing one "
                    f"takes {_shown(two)} or {_shown(one)} away: give each a field of its own"
                )
                found = Finding("M151", f"{spot.ground.path}.{rule.name}", text, Severity.WARNING)
                yield found.at(rule.origin)


def _steps(way: Alternative) -> list[Steps]:
    return [rule.steps if isinstance(rule, Field) else rule.list.holder for rule in way.rules]


def _hides(one: Alternative, two: Alternative) -> bool:
    """Whether whatever the second could read, the first reads before."""
    taken = {rule.steps: rule.codec for rule in one.rules if isinstance(rule, Field)}
    return all(
        isinstance(rule, Field)
        and rule.steps in taken
        and (taken[rule.steps] == rule.codec or taken[rule.steps] == Plain(PlainKind.ANY))
        for rule in two.rules
    )


def _exclude(one: Alternative, two: Alternative) -> bool:
    """Whether a value[x] stands between them: FHIR allows one of its types at a time."""
    return any(a[:2] == b[:2] and a[2] != b[2] for a in one.siblings for b in two.siblings)


def _share(one: Alternative, two: Alternative) -> bool:
    """Whether they are forms of one element, told apart by their codecs."""
    return any(a == b for a in _steps(one) for b in _steps(two))


def _shown(way: Alternative) -> str:
    return show(_steps(way)[0])
