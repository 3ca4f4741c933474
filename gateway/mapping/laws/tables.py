"""Every word of every code table in turn: cases that draw words by chance take long to meet each of them.

A word that a ConceptMap writes as another's code does not come back, but is written as the table says. A code
that is read, and not the one that is written, stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from gateway.mapping.codecs import Codes
from gateway.mapping.laws.broken import Broken, Law
from gateway.mapping.laws.edits import Record, copied
from gateway.mapping.laws.exact import misspelt
from gateway.mapping.laws.records import Drawn, least
from gateway.mapping.laws.singles import words_that_return
from gateway.mapping.laws.spots import Sight, Spot, shown_at
from gateway.mapping.laws.trial import Resources, Trial
from gateway.mapping.laws.walking import standing
from gateway.mapping.paths import Name
from gateway.mapping.rules import Field, Word
from gateway.mapping.values import plant, same


@dataclass(frozen=True, slots=True)
class Table:
    """A field with a code table, and the least records that say one of its words."""

    spot: Spot
    rule: Field
    codec: Codes

    def record(self, word: Word, draw: Drawn, random: Random) -> Record | None:
        """A record that says this word, and little else; None where no item can say it."""
        record: Record = draw(least(random, self.spot))
        holder = shown_at(record, self.spot.path, (0,) * len(self.spot.path))
        if holder is None:
            return None
        plant(holder, self.rule.ours, word)
        return record


class Tables:
    """The tables of one map, and for each case one word of one of them."""

    def __init__(self, trial: Trial) -> None:
        self._tables = [
            Table(spot, spot.rule, spot.rule.codec)
            for spot in trial.spots
            if isinstance(spot.rule, Field) and isinstance(spot.rule.codec, Codes)
        ]

    def turn(self, number: int) -> tuple[Table, Word] | None:
        """The table and the word that this case is about; None for a map without tables."""
        if not self._tables:
            return None
        table = self._tables[number % len(self._tables)]
        words = sorted(table.codec.theirs_of, key=str)
        return table, words[number // len(self._tables) % len(words)]


def comes_back(table: Table, word: Word) -> bool:
    """Whether what is written for the word reads as the word."""
    return word in words_that_return(table.codec)


def synonyms(trial: Trial, table: Table, word: Word, created: Resources) -> Iterator[Resources]:
    """What was created for the word, with each other code in it that reads as the word."""
    *way, last = table.rule.steps
    for code, read in table.codec.ours_of.items():
        source: Resources = copied(created)
        for place in Sight(trial.type, source, trial.get(source)).places(table.spot.path)[:1]:
            holder = standing(place.node, tuple(way))
            if same(read, word) and isinstance(last, Name) and isinstance(holder, dict):
                holder[last.name] = code
                yield source


def written_as_told(trial: Trial, table: Table, word: Word, record: Record) -> None:
    """Exact, of a word that does not come back: what stands for it is the code that its table gives."""
    created = trial.lens.create(record).resources
    for place in Sight(trial.type, created, trial.get(created)).places(table.spot.path)[:1]:
        for why in misspelt(table.rule, place.node, word):
            raise Broken(Law.EXACT, why, record, {}, created, table.rule.origin, place.at)
