"""What an edit of a referral's record can do, and what only a move may."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.care.reference_number import ALPHABET, new_reference_number
from gateway.care.referral_edit import refused_edits

SENT: dict[str, Any] = {"id": "t1", "organisation": "o1", "status": "accepted", "reason_text": "because"}
DRAFT: dict[str, Any] = {"id": "t2", "organisation": "o2", "status": "draft"}
BEFORE: dict[str, Any] = {"person": "p1", "reference_number": "R7KM-3XQF", "legs": [SENT, DRAFT]}


def refused(record: dict[str, Any], before: dict[str, Any] = BEFORE) -> set[str]:
    return {issue.expression for issue in refused_edits(before, record)}


def test_what_describes_the_request_can_be_written() -> None:
    assert refused(BEFORE | {"details_text": "Side door", "priority": "urgent"}) == set()


def test_a_leg_can_be_prepared_changed_and_dropped_until_it_is_sent() -> None:
    assert refused(BEFORE | {"legs": [SENT, DRAFT | {"organisation": "o3"}]}) == set()
    assert refused(BEFORE | {"legs": [SENT]}) == set()
    assert (
        refused(BEFORE | {"legs": [SENT, DRAFT, {"organisation": "o4", "notes": [{"text": "x"}]}]}) == set()
    )


@pytest.mark.parametrize(
    "change",
    [
        {"organisation": "o9"},
        {"reason_text": "else"},
        {"reason_text": None},
        {"outcomes": [{"text": "done"}]},
    ],
)
def test_a_leg_that_was_sent_changes_by_moves(change: dict[str, Any]) -> None:
    assert refused(BEFORE | {"legs": [SENT | change, DRAFT]}) == {f"legs[0].{next(iter(change))}"}


def test_a_note_can_always_be_added() -> None:
    assert refused(BEFORE | {"legs": [SENT | {"notes": [{"text": "rang"}]}, DRAFT]}) == set()


def test_a_leg_that_was_sent_cannot_be_dropped() -> None:
    assert refused(BEFORE | {"legs": [DRAFT]}) == {"legs"}


def test_whom_it_is_about_and_its_number_stay() -> None:
    assert refused(BEFORE | {"person": "p2", "reference_number": "x"}) == {"person", "reference_number"}


def test_a_new_referral_gets_its_number_here_and_starts_unanswered() -> None:
    new = {
        "person": "p1",
        "reference_number": "mine",
        "legs": [{"organisation": "o1", "outcomes": [{"text": "x"}]}],
    }
    assert refused(new, {}) == {"reference_number", "legs[0].outcomes"}


def test_numbers_are_short_different_and_easy_to_read_out() -> None:
    numbers = {new_reference_number() for _ in range(500)}
    assert len(numbers) == 500
    for number in numbers:
        assert len(number) == 9
        assert set(number) <= set(ALPHABET) | {"-"}
