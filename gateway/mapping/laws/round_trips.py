"""CreateGet, GetPut and PutGet: what goes through the lens and back is what it was."""

from __future__ import annotations

from typing import Any

from gateway.fhir.json_codec import Resource, write
from gateway.mapping.laws.broken import Broken, Law
from gateway.mapping.laws.defaults import unfixed, without_defaults
from gateway.mapping.laws.differences import resource_differences
from gateway.mapping.laws.edits import Record
from gateway.mapping.laws.exact import exact_when_created
from gateway.mapping.laws.footprints import outside_of, without_narrative
from gateway.mapping.laws.spots import Sight
from gateway.mapping.laws.staleness import left_over
from gateway.mapping.laws.trial import Resources, Trial
from gateway.mapping.laws.words import difference
from gateway.mapping.read_context import Reading
from gateway.mapping.reading import read_back_links, read_links
from gateway.mapping.rules import BackLinkedParts, Block, LinkedParts
from gateway.mapping.values import same


def create_get(trial: Trial, record: Record) -> Resources:
    """CreateGet: what was created reads as the record, and holds the values that are fixed in it.

    Those may fill what the record left out. Exact and Stale of copies are tried on the same resources.
    """
    created = trial.lens.create(record)
    if created.refused:
        issue = created.refused[0]
        why = f"refused: {issue.text} ({issue.expression}, {issue.diagnostics})"
        raise Broken(Law.CREATE_GET, why, record, {}, created.resources)
    got = trial.get(created.resources)
    if not same(got, record):
        wanted = trial.written(record)
        shown = trial.written(without_defaults(trial.root, got, wanted, created=True))
        if not same(shown, wanted):
            raise Broken(Law.CREATE_GET, difference(wanted, shown), record, {}, created.resources)
    for origin, at in unfixed(trial.root, Sight(trial.type, created.resources, got)):
        why = "a fixed value is missing in what was created"
        raise Broken(Law.CREATE_GET, why, record, {}, created.resources, origin, at)
    exact_when_created(trial, record, created.resources)
    trial.copies(record, {}, created.resources)
    return created.resources


def get_put(trial: Trial, source: Resources) -> None:
    """GetPut: what was read, put back, changes not a byte; and what was given is not altered on the way."""
    text = write(source)
    record = trial.get(source)
    put = trial.lens.put(record, source)
    if put.refused or write(put.resources) != text or write(source) != text:
        at = next(resource_differences(source, put.resources), ())
        why = put.refused[0].text if put.refused else "the unchanged record changed its source"
        raise Broken(Law.GET_PUT, why, record, source, put.resources, at=at)


def put_get(trial: Trial, source: Resources, record: Record) -> None:
    """PutGet for a record that differs in many fields; what no rule knows stays, what went stale goes.

    What was given is not altered by it, even where it shares much with what came of it.
    """
    text = write(source)
    after = trial.put(record, source)
    if write(source) != text:
        raise Broken(Law.PUT_GET, "the resources that were given were altered", record, source, source)
    if after is None:
        return
    old, new = _root(trial, source), _root(trial, after)
    rest = _unmapped(trial, old), _unmapped(trial, new)
    if at := next(resource_differences({trial.type: rest[0]}, {trial.type: rest[1]}), None):
        raise Broken(Law.FRAME, "an element that no rule maps changed", record, source, after, at=at)
    _stale(trial.root, old, new, record, source, after)
    for rule in trial.root.rules:
        if isinstance(rule, LinkedParts | BackLinkedParts):
            written = {part.get("id"): part for part in after.get(rule.type, [])}
            for part in _shown(rule, old, source):
                if part.get("id") in written:
                    _stale(rule.block, part, written[part["id"]], record, source, after)


def _shown(rule: LinkedParts | BackLinkedParts, root: Any, source: Resources) -> list[Resource]:
    """The parts that this rule shows: two lists may share a type, and each speaks of its own items only."""
    reading = Reading({rule.type: source.get(rule.type, [])})
    at = (root.get("resourceType", ""), 0)
    found = (
        read_links(rule, root, at, reading)
        if isinstance(rule, LinkedParts)
        else read_back_links(rule, root, at, reading)
    )
    return [each.item for each in found]


def _stale(block: Block, old: Any, new: Any, record: Record, source: Resources, after: Resources) -> None:
    for rule in block.rules:
        if left := left_over(rule, block, old, new):
            why = f"{', '.join(left)} outlived the old value"
            raise Broken(Law.STALE, why, record, source, after, rule.origin)


def _unmapped(trial: Trial, root: Any) -> Any:
    return outside_of(trial.root.rules, without_narrative(root))


def _root(trial: Trial, resources: Resources) -> Any:
    root = resources.get(trial.type, {})
    return root[0] if isinstance(root, list) else root
