"""M130: what a rule makes passes the rule's own guard, or a record that was written could not be read back.

A guard is sure of what `fixed`, a selector, or a field that every item must have puts there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.mapping import guards
from gateway.mapping.checks.findings import Finding
from gateway.mapping.checks.trails import Spot
from gateway.mapping.elements import locate, replace
from gateway.mapping.paths import Name, Steps, show
from gateway.mapping.problems import Problem
from gateway.mapping.rules import Carried, FhirList, Field, Guard, Joint, Values
from gateway.mapping.schema_fields import find
from gateway.mapping.values import MISSING


def check(spot: Spot) -> Iterator[Problem]:
    """The conditions of a block's guard that a new item does not meet, and of its lists of single values."""
    if spot.rule is not None and not getattr(spot.rule, "read_only", False):
        which = spot.list
        guard = spot.rule.where if which is None else which.where  # type: ignore[union-attr]
        made = _made(spot, {} if which is None else dict(which.pattern))
        for steps, wanted in guard.conditions:
            if not guards.holds(Guard(((steps, wanted),)), made):
                yield _problem(spot, steps, wanted)
    for trail in spot.trails:
        if isinstance(trail.rule, Values) and not trail.rule.read_only and trail.codec is not None:
            yield from _of_values(trail.rule, trail.rule.list, trail.way.end.path)


def _made(spot: Spot, node: Any) -> Any:
    """What every new item holds at the least; where its value depends on the record, a stand-in."""
    for fixed in spot.block.fixed:
        if fixed.name is None:
            node = replace(node, fixed.steps, fixed.pattern)
        else:
            node = replace(node, (*fixed.steps, Name(fixed.name)), [fixed.pattern])
    for rule in spot.block.rules:
        if isinstance(rule, Field | Joint | Carried) and _always(spot, rule):
            for steps in rule.steps if isinstance(rule, Joint) else (rule.steps,):
                if locate(node, steps)[0] is MISSING:
                    node = replace(node, steps, _STAND_IN)
    return node


_STAND_IN = "?"


def _always(spot: Spot, rule: Field | Joint | Carried) -> bool:
    """Whether every item has a value of the rule: the record requires it, or items are told apart by it."""
    if rule.read_only:
        return False
    if isinstance(rule, Field) and rule.copied:
        return True
    if spot.rule is not None and rule.ours in spot.rule.key:
        return True
    field = None if spot.schema is None else find(spot.schema, rule.ours)
    return field is not None and bool(field.required)


def _of_values(rule: Values, which: FhirList, path: str) -> Iterator[Problem]:
    made = replace(dict(which.pattern), rule.item, _STAND_IN)
    for steps, wanted in which.where.conditions:
        if not guards.holds(Guard(((steps, wanted),)), made):
            text = (
                f"where asks for {_said(steps, wanted)}, which a new item would not have: "
                f"write it as a selector, {which.name}[element=value][]"
            )
            yield Finding("M130", path, text).at(rule.origin)


def _problem(spot: Spot, steps: Steps, wanted: Any) -> Problem:
    assert spot.rule is not None, "a root has no guard"
    text = (
        f"where asks for {_said(steps, wanted)}, which a new item need not have: it could not be read back; "
        "give it under fixed, or map a field there that the record requires"
    )
    return Finding("M130", spot.ground.path, text).at(spot.rule.origin)


def _said(steps: Steps, wanted: Any) -> str:
    if wanted is None:
        return f"no {show(steps)!r}"
    return f"{show(steps)!r}" if wanted is MISSING else f"{show(steps)} = {wanted!r}"
