"""What an actor may not see changes no answer that it is given."""

from __future__ import annotations

import os
import random
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gateway.access.actors import ActorKind
from tests.two_worlds.sequences import some_sequences, tell
from tests.two_worlds.story import Plot
from tests.two_worlds.worlds import World

SEQUENCES: Final = int(os.environ.get("TWO_WORLDS_SEQUENCES", "300"))
"""How many sequences of requests are asked in all; `make soak` asks 2,000."""
OF_A_STORY: Final = 10
SEEDS: Final = st.integers(0, 2**64)


@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("kind", [ActorKind.EHR, ActorKind.AGENCY])
@settings(
    max_examples=-(-SEQUENCES // (2 * OF_A_STORY)),
    deadline=None,
    phases=[Phase.generate],  # a seed has no simpler form
    report_multiple_bugs=False,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(seed=SEEDS)
def test_what_is_hidden_changes_no_answer(worlds: tuple[World, World], kind: ActorKind, seed: int) -> None:
    chance = random.Random(seed)
    plot = Plot.of(chance)
    tell(worlds, plot, kind, some_sequences(chance, kind, OF_A_STORY))
