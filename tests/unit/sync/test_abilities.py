"""Abilities as a partner file states them."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from marshmallow import ValidationError

from gateway.sync.abilities import Abilities, AbilitiesSchema, Observation

SEEN = {"value": True, "seen": datetime.date(2026, 11, 22), "evidence": "a stale PUT answers 412"}


def test_an_ability_is_read_with_its_day_and_its_evidence() -> None:
    abilities = AbilitiesSchema().load({"version_aware_update": SEEN})

    assert isinstance(abilities, Abilities)
    assert abilities.version_aware_update
    assert not abilities.conditional_create
    assert abilities.observations == {
        "version_aware_update": Observation(datetime.date(2026, 11, 22), "a stale PUT answers 412")
    }


@pytest.mark.parametrize(
    ("stated", "at_fault"),
    [
        ({"version_aware_updates": SEEN}, "version_aware_updates"),
        ({"conditional_create": True}, "conditional_create"),
        ({"conditional_create": {"value": True}}, "conditional_create"),
        ({"conditional_create": {**SEEN, "evidence": ""}}, "conditional_create"),
        ({"conditional_create": {**SEEN, "value": "yes"}}, "conditional_create"),
    ],
)
def test_an_ability_without_evidence_or_that_nobody_knows_is_refused(stated: Any, at_fault: str) -> None:
    with pytest.raises(ValidationError) as caught:
        AbilitiesSchema().load(stated)

    assert list(caught.value.messages) == [at_fault]


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        AbilitiesSchema().load({"conditional_create": {}, "nothing_like_it": SEEN})

    assert set(caught.value.messages) == {"conditional_create", "nothing_like_it"}
