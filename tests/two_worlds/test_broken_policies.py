"""The two worlds notice a policy that is broken: each of these breaks one on purpose and must be caught.

Each breakage takes the judgement out of one place, as a slip in the code would. A property that would not see
it would prove nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from gateway.access.actors import Actor, ActorKind
from gateway.acts import bundle_references, resource_steps
from gateway.store import (
    criteria,
    histories,
    includes,
    matching,
    page_order,
    resources,
    rows,
    search,
    second_look,
)
from gateway.store.database import Transaction
from tests.two_worlds.sequences import Difference, some_sequences, tell
from tests.two_worlds.story import Plot
from tests.two_worlds.test_two_worlds import OF_A_STORY, SEEDS, SEQUENCES
from tests.two_worlds.worlds import World

EHR, AGENCY = ActorKind.EHR, ActorKind.AGENCY


@dataclass(frozen=True)
class Breakage:
    """One place where nobody judges any more, and the questions that go there.

    at      the module and the name in it that is replaced
    instead what stands there, made of what stood there
    """

    name: str
    at: tuple[Any, str]
    instead: Callable[[Any], Any]
    kind: ActorKind
    questions: tuple[str, ...]


def _all_seeing(held: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, of a transaction that sees everything."""

    def _seeing(tx: Transaction, *rest: Any, **named: Any) -> Any:
        return held(tx.acting_as(Actor.gateway()), *rest, **named)

    return _seeing


def _heads_only(statement: str) -> str:
    return statement.replace("{versions}", "{rows}")


def _unjudged(statement: str) -> str:
    return statement.replace("{rows}", "(TRUE OR {rows})")


def _first_in_line(held: Callable[..., Any]) -> Callable[..., Any]:
    """A page cut off before it is judged: what is hidden takes places on it."""

    def _walked(tx: Transaction, *rest: Any) -> Any:
        found, last = held(tx.acting_as(Actor.gateway()), *rest)
        asked = {"ids": [version.id for version in found]}
        seen = rows.select(tx, "SELECT r.id FROM resource AS r WHERE r.id = ANY(:ids) AND {rows}", asked)
        ids = {str(row["id"]) for row in seen}
        return [version for version in found if version.id in ids], last

    return _walked


def _of_every_source(held: Callable[..., Any]) -> Callable[..., Any]:
    def _matched(tx: Transaction, unless: Any, *rest: Any, **named: Any) -> Any:
        found = search.search(tx.acting_as(Actor.gateway()), replace(unless, count=2)).versions
        return replace(found[0], shown_to=tx.actor) if found else held(tx, unless, *rest, **named)

    return _matched


def _as_stored(held: Any) -> Callable[..., Any]:
    return lambda tx, versions, *_: tuple(versions)


BREAKAGES = (
    Breakage("an include sees everything", (includes, "_NAMED"), _unjudged, EHR, ("search_with_includes",)),
    Breakage(
        "a _revinclude sees everything", (includes, "_POINTING"), _unjudged, EHR, ("search_with_includes",)
    ),
    Breakage(
        "a chain passes through everything", (criteria, "_chained"), _all_seeing, EHR, ("search_chained",)
    ),
    Breakage("_has looks at everything", (criteria, "_reversed"), _all_seeing, EHR, ("search_has",)),
    Breakage("a total counts everything", (search, "count"), _all_seeing, EHR, ("count", "search")),
    Breakage(
        "an agency searches by what it is not shown",
        (matching, "shown_to"),
        _as_stored,
        AGENCY,
        ("search", "count"),
    ),
    Breakage("a history shows every version", (resources, "_HISTORY"), _heads_only, EHR, ("history",)),
    Breakage(
        "an agency's history begins before its grant",
        (resources, "_HISTORY"),
        _heads_only,
        AGENCY,
        ("history",),
    ),
    Breakage("every version can be read", (resources, "_VREAD"), _heads_only, EHR, ("vread",)),
    Breakage("everything can be read", (resources, "_READ"), _unjudged, EHR, ("read", "update")),
    Breakage(
        "a version is told before visibility is asked",
        (resources, "_LOCK"),
        _unjudged,
        EHR,
        ("delete", "update"),
    ),
    Breakage(
        "a condition matches what is hidden",
        (resource_steps, "only_match"),
        _of_every_source,
        EHR,
        ("create_conditionally",),
    ),
    Breakage(
        "pages are cut off before they are judged",
        (search, "walked_page"),
        _first_in_line,
        EHR,
        ("search", "search_system"),
    ),
    Breakage(
        "a sorted page holds everything", (page_order, "select"), _all_seeing, AGENCY, ("search_sorted",)
    ),
    Breakage(
        "a conditional reference of a Bundle's entry finds everything",
        (bundle_references, "search"),
        _all_seeing,
        EHR,
        ("transaction",),
    ),
    Breakage(
        "the history of a type shows every version",
        (histories, "select"),
        _all_seeing,
        EHR,
        ("history_of_type", "history_of_all"),
    ),
    Breakage(
        "an agency is given the order of what it is not shown",
        (page_order, "shown_to"),
        _as_stored,
        AGENCY,
        ("search_sorted",),
    ),
)


@pytest.mark.parametrize("broken", BREAKAGES, ids=lambda broken: broken.name)
def test_a_broken_policy_is_caught(
    worlds: tuple[World, World], monkeypatch: pytest.MonkeyPatch, broken: Breakage
) -> None:
    place, name = broken.at
    monkeypatch.setattr(place, name, broken.instead(getattr(place, name)))
    # The second look would answer nothing: what is proved here is that the property sees the leak itself.
    monkeypatch.setattr(second_look, "may_see", lambda *_, **__: True)

    @settings(
        max_examples=SEQUENCES // OF_A_STORY,
        deadline=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(seed=SEEDS)
    def _is_the_same(seed: int) -> None:
        chance = random.Random(seed)
        plot = Plot.of(chance)
        tell(worlds, plot, broken.kind, some_sequences(chance, broken.kind, OF_A_STORY, broken.questions))

    with pytest.raises(Difference):
        _is_the_same()
