"""Overlay: what is written for a partner holds what its overlays write always, and nothing that they drop.

An overlaid map writes what it would write without those values, and adds each of them where it is not there
yet: nothing twice, and nothing in the place of what the record says.
"""

from __future__ import annotations

from random import Random
from typing import Any

from marshmallow import Schema

from gateway.mapping.laws.broken import Broken, Law
from gateway.mapping.laws.differences import identical, resource_differences
from gateway.mapping.laws.edits import Record
from gateway.mapping.laws.frame import node_at
from gateway.mapping.laws.overruled import is_written_always
from gateway.mapping.laws.spots import Sight, blocks
from gateway.mapping.laws.trial import Resources, Trial
from gateway.mapping.laws.unmapped import with_unmapped
from gateway.mapping.laws.walking import standing
from gateway.mapping.lens import Lens
from gateway.mapping.paths import Name, Select, Steps
from gateway.mapping.rules import Fixed
from gateway.mapping.values import contains, is_hollow, same


def settled(trial: Trial, source: Resources) -> Resources:
    """The source with what is written always in it, which is all that putting its own record back changes."""
    if not trial.lens.rules.writes_always:
        return source
    record = trial.get(source)
    after = trial.lens.put(record, source).resources
    _check_added(trial, trial.lens, record, source, after)
    return after


def overlaid(trial: Trial, schema: Schema, number: int, source: Resources, record: Record) -> None:
    """The record created, and put into the source, as the overlays of the map ask for."""
    rules = trial.lens.rules
    if rules.writes_always:
        bare = trial.lens.without_always.interpreted
        for made, added in (
            (bare.create(record), trial.lens.create(record)),
            (bare.put(record, source), trial.lens.put(record, source)),
        ):
            _check_added(trial, bare, record, made.resources, added.resources)
    if rules.overlays:
        more = with_unmapped(trial.root, schema, record, Random(number))  # noqa: S311 - no secret
        one, two = trial.lens.create(record), trial.lens.create(more)
        at = next(resource_differences(one.resources, two.resources), None)
        if at is not None or one.refused != two.refused:
            why = "a field that no rule maps was written, or refused as if one did"
            raise Broken(Law.OVERLAY, why, more, one.resources, two.resources, at=at or ())


def _check_added(trial: Trial, lens: Lens, record: Record, before: Resources, after: Resources) -> None:
    """What is written always was added to `before`, and nothing else changed."""
    for where in resource_differences(before, after):
        if not is_written_always(trial.root, where):
            why = "an element that is not written always changed"
            raise Broken(Law.OVERLAY, why, record, before, after, at=where)
    sight = Sight(trial.type, before, lens.get(before).record)
    for path, block in blocks(trial.root):
        for place in sight.places(path) if block.always else ():
            now = node_at(after, place.at)
            for fixed in block.always:
                if not _is_added(fixed, place.node, now):
                    why = "what is written always is missing, was doubled, or replaced what was said"
                    raise Broken(Law.OVERLAY, why, record, before, after, fixed.origin, place.at)


def _is_added(fixed: Fixed, before: Any, after: Any) -> bool:
    steps = (*fixed.steps, *([Name(fixed.name)] if fixed.name else []))
    if not _has_room(steps, before):
        return identical(standing(before, steps), standing(after, steps))
    was, now = standing(before, steps), standing(after, steps)
    if fixed.name is None:
        stays = not is_hollow(was) and (fixed.yields or contains(was, fixed.pattern))
        return identical(was, now) if stays else same(now, fixed.pattern)
    held = was if isinstance(was, list) else [] if was is None else [was]
    if any(contains(item, fixed.pattern) for item in held):
        return identical(was, now)
    return isinstance(now, list) and identical(now[:-1], held) and same(now[-1], fixed.pattern)


def _has_room(steps: Steps, node: Any) -> bool:
    """Whether the value can stand there: in an item that a selector picks, and not inside a text, say."""
    for count, step in enumerate(steps):
        holder = standing(node, steps[:count])
        if isinstance(step, Select) and standing(node, steps[: count + 1]) is None:
            return False
        if not (
            is_hollow(holder)
            or isinstance(holder, dict)
            or (isinstance(holder, list) and not isinstance(step, Name))
        ):
            return False
    return True
