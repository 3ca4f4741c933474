"""Interpreted = compiled: what runs in the interpreter's place says and writes what the interpreter does."""

from __future__ import annotations

from collections.abc import Callable

from gateway.mapping.laws.broken import Broken, Law
from gateway.mapping.laws.differences import resource_differences
from gateway.mapping.laws.edits import Record
from gateway.mapping.laws.trial import Resources, Trial
from gateway.mapping.laws.words import difference
from gateway.mapping.values import same


def same_engines(trial: Trial, source: Resources, record: Record) -> None:
    """The lens's engine reads the source, puts the record into it and creates it as the interpreter does."""
    specified, engine = trial.lens.interpreter, trial.lens.engine
    if engine is specified:
        return
    wanted, shown = specified.get(source), trial.get(source)
    if not same(wanted, shown):
        raise Broken(Law.COMPILED, f"get: {difference(wanted, shown)}", shown, source, source)
    pairs = [
        ("put", specified.put(record, source, _ids()), engine.put(record, source, _ids())),
        ("create", specified.create(record, _ids()), engine.create(record, _ids())),
    ]
    for verb, one, two in pairs:
        at = next(resource_differences(one.resources, two.resources), None)
        if at is not None:
            raise Broken(
                Law.COMPILED, f"{verb} writes something else", record, one.resources, two.resources, at=at
            )
        if list(one.issues) != list(two.issues):
            raise Broken(Law.COMPILED, f"{verb} reports something else", record, one.resources, two.resources)


def _ids() -> Callable[[], str]:
    """The same new ids for both."""
    drawn: list[str] = []

    def new_id() -> str:
        drawn.append("")
        return f"new-{len(drawn)}"

    return new_id
