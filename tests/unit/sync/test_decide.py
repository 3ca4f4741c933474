"""The table of decisions."""

from __future__ import annotations

from itertools import product

import pytest

from gateway.sync.decide import DECISIONS, Decision, Since, decide


def test_every_pair_of_changes_has_a_decision() -> None:
    assert set(DECISIONS) == set(product(Since, repeat=2))


@pytest.mark.parametrize("deleted", [(Since.EDITED, Since.DELETED), (Since.DELETED, Since.EDITED)])
def test_what_somebody_just_changed_is_never_retired_without_a_person(deleted: tuple[Since, Since]) -> None:
    assert decide(*deleted) is Decision.ASK


def test_the_table_is_even_handed() -> None:
    mirrored = {Decision.SEND: Decision.FETCH, Decision.FETCH: Decision.SEND}
    for (here, there), decision in DECISIONS.items():
        assert DECISIONS[there, here] is mirrored.get(decision, decision)
