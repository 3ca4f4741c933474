"""The property: whatever is asked, both worlds answer the same."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, TypeAlias

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.access.actors import ActorKind
from tests.two_worlds.questions import QUESTIONS, RARE_FOR_AGENCIES, Known, Request
from tests.two_worlds.renaming import Renaming
from tests.two_worlds.story import LASTS, Plot, Story
from tests.two_worlds.worlds import GATEWAY, PUBLIC_URL, World, after, set_clock

Asked: TypeAlias = tuple[str, int]
"""The name of a question, and the seed of its chance."""

BASE: Final = "/fhir/R4/"
MOST_PAGES: Final = 60
_RUNS: Final = count(1)


class Difference(AssertionError):
    """The two worlds answered differently: somebody can tell what it may not see."""


@dataclass
class _Side:
    """One of the two worlds, as whoever asks has come to know it."""

    world: World
    client: FlaskClient
    known: Known
    renamed: Renaming

    def answers(self, asked: Request) -> Iterator[str]:
        """The answer to the request, and those of the pages behind it, as they are compared."""
        path: str | None = BASE + asked.path.removeprefix(BASE)
        for page in range(MOST_PAGES):
            assert path is not None
            method = asked.method if page == 0 else "GET"
            headers = asked.headers if page == 0 else {}
            answer = self.client.open(
                path, method=method, headers=headers, data=asked.body if page == 0 else None
            )
            self._learn(answer)
            yield self._as_compared(answer)
            path = self._next(answer) if asked.paged else None
            if path is None:
                return
        raise AssertionError(f"{asked} has no last page")

    def _as_compared(self, answer: TestResponse) -> str:
        headers = sorted(
            f"{name}: {value}" for name, value in answer.headers.items() if name not in _OF_TOKENS
        )
        return self.renamed("\n".join([answer.status, *headers, answer.text]))

    def _learn(self, answer: TestResponse) -> None:
        if answer.status_code == 201 and "Location" in answer.headers:
            type, id = answer.headers["Location"].removeprefix(PUBLIC_URL + BASE).split("/")[:2]
            if (type, id) not in self.known.ids:
                self.known.ids.append((type, id))

    def _next(self, answer: TestResponse) -> str | None:
        if answer.status_code != 200 or not answer.text:
            return None
        links: list[dict[str, Any]] = json.loads(answer.text).get("link", [])
        for link in links:
            if link["relation"] == "next":
                self.known.cursors.append(path := link["url"].removeprefix(PUBLIC_URL))
                return path
        return None


# A token's length tells of what it holds encrypted, so a length is compared without its tokens: by the body.
_OF_TOKENS: Final = frozenset({"Content-Length"})


def some_sequences(
    chance: random.Random, kind: ActorKind, many: int, questions: Sequence[str] = ()
) -> list[list[Asked]]:
    """So many sequences of what such an actor asks, or of these questions alone."""
    asked = list(questions or sorted(QUESTIONS))
    weights = [
        1 if kind is ActorKind.AGENCY and name in RARE_FOR_AGENCIES and not questions else 4 for name in asked
    ]
    return [
        [(name, chance.getrandbits(32)) for name in chance.choices(asked, weights, k=chance.randint(4, 6))]
        for _ in range(many)
    ]


def tell(worlds: Sequence[World], plot: Plot, kind: ActorKind, sequences: Sequence[Sequence[Asked]]) -> None:
    """The plot happened in both worlds and the sequences were asked of both. Raises Difference."""
    story = Story(plot, kind, next(_RUNS))
    seen = []
    for world in worlds:
        story.told_in(world)
        seen.append({type: list(ids) for type, ids in story.seen.items()})
    assert seen[0] == seen[1], "the visible story is the same"
    targets = [(type, id) for held in (story.seen, story.secrets) for type, ids in held.items() for id in ids]
    targets += [(type, id) for type in ("Goal", "Patient", "Practitioner") for id in story.nowhere]
    sides = [_Side(world, world.clients[kind], Known(kind, list(targets)), Renaming()) for world in worlds]
    minute = LASTS
    for sequence in sequences:
        for name, seed in sequence:
            minute += 1
            for side in sides:
                with side.world.database.transaction(GATEWAY) as tx:
                    set_clock(tx, after(minute))
            _compare(sides, name, seed)


def _compare(sides: Sequence[_Side], name: str, seed: int) -> None:
    asked = [QUESTIONS[name](random.Random(seed), side.known) for side in sides]
    first, second = (list(side.answers(request)) for side, request in zip(sides, asked, strict=True))
    if first == second:
        broken = [answer for answer in first if answer.startswith("5")]
        assert not broken, f"{name}: {asked[0]}\n{broken[0]}"
        return
    page = next(
        (at for at, (a, b) in enumerate(zip(first, second, strict=False)) if a != b),
        min(len(first), len(second)),
    )
    told = ["\n".join(answers[page : page + 1]) or "no such page" for answers in (first, second)]
    raise Difference(
        f"{name}: {asked[0]}\npage {page + 1} of the one world:\n{told[0]}\nof the other:\n{told[1]}"
    )
