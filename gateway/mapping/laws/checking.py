"""Trying the laws: case by case a record, a source and changes are drawn, and every law is tried on them.

A case depends on nothing but its map, its number and the seed: any of them can be tried again alone, and many
processes can share them. Each case is about two rules, in turn, so that no rule is left to luck.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, Final, TypeAlias

from marshmallow import Schema

from gateway.errors import MappingError
from gateway.mapping.laws.broken import Broken
from gateway.mapping.laws.changes import Edits
from gateway.mapping.laws.edits import Record, mixed
from gateway.mapping.laws.engines import same_engines
from gateway.mapping.laws.frame import Change, frame
from gateway.mapping.laws.overlay import overlaid, settled
from gateway.mapping.laws.own import own
from gateway.mapping.laws.records import Drawing, drawing, record_drawer
from gateway.mapping.laws.residue import residue
from gateway.mapping.laws.round_trips import create_get, get_put, put_get
from gateway.mapping.laws.shrinking import shrunk
from gateway.mapping.laws.sources import Sources
from gateway.mapping.laws.spots import Sight, Spot
from gateway.mapping.laws.staleness import describes
from gateway.mapping.laws.tables import Tables, comes_back, synonyms, written_as_told
from gateway.mapping.laws.trial import Resources, Trial
from gateway.mapping.laws.words import told
from gateway.mapping.lens import Lens

DEFAULT_CASES: Final = 100

Attempt: TypeAlias = Callable[..., Any]
"""Tries a law on what it is given, and looks for less that breaks it."""


@dataclass(slots=True)
class Exercised:
    """How often the cases changed each rule, shuffled its list, and changed what something described."""

    changed: Counter[str] = field(default_factory=Counter)
    shuffled: Counter[str] = field(default_factory=Counter)
    stale: Counter[str] = field(default_factory=Counter)


def check(
    lens: Lens,
    schema: Schema,
    *,
    cases: int = DEFAULT_CASES,
    seed: int | None = None,
    shrink: bool = True,
    only: Iterable[int] | None = None,
) -> Exercised:
    """Try every law with this many generated cases, or with `only` those of these numbers.

    `shrink` looks for the smallest case that breaks a law, for some ten seconds. Without a `seed` the cases
    are always the same ones.

    Raises MappingError with the law, the rule, its file and line, and the case that breaks it.
    """
    checker = Checker(lens, schema, seed=seed or 0)
    for number in range(cases) if only is None else only:
        checker.try_case(number, shrink=shrink)
    return checker.exercised


class Checker:
    """Draws the cases of one map and tries the laws on them."""

    def __init__(self, lens: Lens, schema: Schema, *, seed: int = 0) -> None:
        self.exercised = Exercised()
        self._trial = Trial(lens)
        self._seed = seed
        self._schema = schema
        self._sources = Sources(lens.rules)
        self._record = record_drawer(lens.rules.root, schema)
        self._tables = Tables(self._trial)
        self._edits = Edits(lens.rules.root, schema)

    def try_case(self, number: int, *, shrink: bool) -> None:
        """Every law on one case. Raises MappingError."""
        random = Random(f"{self._trial.lens.rules.name}/{self._seed}/{number}")  # noqa: S311 - no secret
        one, two = self._edits.on_trial(number)
        drawn = drawing(random, one, two)
        record, other = self._record(drawn), self._record(drawing(random, two))
        attempt: Attempt = partial(_attempted, shrink=shrink)
        try:
            self._try_word(number, random, attempt)
            source = self._try_new(record, (one, two), random, attempt)
            self._try_whole(number, source, other, random, attempt)
            self._try_changes(source, (one, two), drawn, attempt)
        except Broken as broken:
            raise MappingError(told(broken, self._trial.lens.rules, number)) from None

    def _try_word(self, number: int, random: Random, attempt: Attempt) -> None:
        turn = self._tables.turn(number)
        record = turn and turn[0].record(turn[1], self._record, random)
        if turn is None or record is None:
            return
        if not comes_back(*turn):
            attempt(partial(written_as_told, self._trial, *turn), record)
            return
        created = attempt(partial(create_get, self._trial), record)
        for source in synonyms(self._trial, *turn, created):
            attempt(partial(get_put, self._trial), attempt(partial(settled, self._trial), source))

    def _try_new(
        self, record: Record, on_trial: tuple[Spot, Spot], random: Random, attempt: Attempt
    ) -> Resources:
        """What is created of the record, as a partner sends it back."""
        trial = self._trial
        created = attempt(partial(create_get, trial), record)
        enriched = self._sources.enriched(created, on_trial, random)
        source: Resources = attempt(partial(settled, trial), enriched)
        attempt(partial(own, trial), source)
        attempt(partial(get_put, trial), source)
        return source

    def _try_whole(
        self, number: int, source: Resources, other: Record, random: Random, attempt: Attempt
    ) -> None:
        """Many fields and items of another record at once."""
        trial = self._trial
        wanted = mixed(trial.root, trial.get(source), other, random)
        attempt(partial(put_get, trial), source, wanted)
        attempt(partial(overlaid, trial, self._schema, number), source, wanted)
        attempt(partial(same_engines, trial), source, wanted)

    def _try_changes(
        self, source: Resources, on_trial: tuple[Spot, Spot], drawn: Drawing, attempt: Attempt
    ) -> None:
        """One field alone, and lists in another order."""
        trial = self._trial
        sight = Sight(trial.type, source, trial.get(source))
        for spot in on_trial:
            change = self._edits.change(spot, sight, drawn)
            if change is not None and attempt(lambda each, it=change: frame(trial, each, it), source):
                self._count_change(change, sight)
        for shuffle in self._edits.shuffles(on_trial, sight, drawn):
            if attempt(lambda each, it=shuffle: residue(trial, each, it), source):
                origins = (shuffle.block.rules[number].origin for number in shuffle.kept)
                self.exercised.shuffled.update(map(str, origins))

    def _count_change(self, change: Change, sight: Sight) -> None:
        spot, place = change.spot, sight.at(change.spot.path, change.numbers)
        self.exercised.changed[str(spot.rule.origin)] += 1
        if place is not None and describes(spot.rule, spot.block, place.node):
            self.exercised.stale[str(spot.rule.origin)] += 1


def _attempted(law: Callable[..., Any], *given: Any, shrink: bool) -> Any:
    try:
        return law(*given)
    except Broken as broken:
        raise (shrunk(law, given, broken) if shrink else broken) from None
