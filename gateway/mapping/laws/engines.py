"""Interpreted = compiled: what runs in the interpreter's place says and writes what the interpreter does."""

from __future__ import annotations

from gateway.mapping.laws.broken import Broken, Law
from gateway.mapping.laws.differences import resource_differences
from gateway.mapping.laws.edits import Record
from gateway.mapping.laws.trial import Resources, Trial
from gateway.mapping.laws.words import difference
from gateway.mapping.values import same


def same_engines(trial: Trial, source: Resources, record: Record) -> None:
    """The compiled form reads the source, puts the record into it and creates it as the interpreter does."""
    specified = trial.lens.interpreted
    wanted, shown = specified.get(source).record, trial.get(source)
    if not same(wanted, shown):
        raise Broken(Law.COMPILED, f"get: {difference(wanted, shown)}", shown, source, source)
    pairs = [
        ("put", specified.put(record, source), trial.lens.put(record, source)),
        ("create", specified.create(record), trial.lens.create(record)),
    ]
    for verb, one, two in pairs:
        at = next(resource_differences(one.resources, two.resources), None)
        if at is not None:
            raise Broken(
                Law.COMPILED, f"{verb} writes something else", record, one.resources, two.resources, at=at
            )
        if one.issues != two.issues:
            raise Broken(Law.COMPILED, f"{verb} reports something else", record, one.resources, two.resources)
