"""W131: a list of objects without a key, whose items can only be told apart by their place."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.mapping.checks.findings import Finding
from gateway.mapping.checks.trails import Spot, Use
from gateway.mapping.problems import Problem, Severity
from gateway.mapping.rules import Items


def check(spot: Spot) -> Iterator[Problem]:
    """The lists of a block that name no key and do not say that they mean it (`key: none`)."""
    for trail in spot.trails:
        rule = trail.rule
        if trail.use is Use.HOLDER and isinstance(rule, Items) and not rule.key and not rule.keyless:
            text = (
                "changed items are matched by their place: name a key, or say key: none "
                "when there is nothing to tell them apart by"
            )
            yield Finding("W131", trail.way.end.path, text, Severity.WARNING).at(rule.origin)
