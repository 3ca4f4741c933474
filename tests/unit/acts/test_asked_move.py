"""The body of a move: small agencies may write one word, and every problem is told at once with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.acts.asked_move import OUTCOME_SYSTEM, REASON_SYSTEM, read_move
from gateway.care.referral import Move
from gateway.errors import RecordInvalid
from gateway.places import DataFolder, data_folder


def problems(move: Move, **body: Any) -> dict[str, str]:
    with pytest.raises(RecordInvalid) as refused:
        read_move(move, body)
    return {issue.expression: issue.text for issue in refused.value.issues}


def test_one_word_stands_for_a_code_of_ours() -> None:
    asked = read_move(Move.DECLINE, {"reason_code": "capacity", "reason_text": "No places"})
    assert asked.reason_code == {"system": REASON_SYSTEM, "code": "capacity"}
    done = read_move(Move.COMPLETE, {"outcomes": [{"kind": "service-delivered"}]})
    assert done.outcomes[0]["kind"] == {"system": OUTCOME_SYSTEM, "code": "service-delivered"}


def test_the_words_are_published() -> None:
    for system in (REASON_SYSTEM, OUTCOME_SYSTEM):
        name = system.rpartition("/")[2]
        published = json.loads((data_folder(DataFolder.PROFILES) / f"CodeSystem-{name}.json").read_text())
        assert (published["url"], published["content"]) == (system, "fragment")


def test_a_coding_is_taken_as_it_is() -> None:
    coding = {"system": "https://example.org/why", "code": "21", "display": "Full"}
    assert read_move(Move.DECLINE, {"reason_code": coding}).reason_code == coding


def test_null_is_as_good_as_nothing() -> None:
    assert read_move(Move.ACCEPT, {"reason_text": None, "at": None}) == read_move(Move.ACCEPT, {})


def test_every_problem_is_told_at_once_with_its_place() -> None:
    told = problems(
        Move.SCHEDULE,
        reason_txt="x",
        at="tomorrow",
        reason_code="two words",
        appointment={"starts_at": "2026-05-01T10:00:00Z", "ends_at": "2026-05-01T09:00:00Z", "wher": "x"},
    )
    assert "did you mean 'reason_text'?" in told["reason_txt"]
    assert set(told) >= {"reason_txt", "at", "reason_code", "appointment.wher"}


def test_an_appointment_ends_after_it_starts() -> None:
    times = {"starts_at": "2026-05-01T10:00:00Z", "ends_at": "2026-05-01T10:00:00Z"}
    assert problems(Move.SCHEDULE, appointment=times) == {
        "appointment.ends_at": "must be later than starts_at"
    }


@pytest.mark.parametrize(
    ("move", "field", "value"),
    [
        (Move.ACCEPT, "outcomes", [{"text": "done"}]),
        (Move.ACCEPT, "organisation", "x"),
        (
            Move.COMPLETE,
            "appointment",
            {"starts_at": "2026-05-01T10:00:00Z", "ends_at": "2026-05-01T11:00:00Z"},
        ),
    ],
)
def test_what_means_nothing_with_a_move_is_refused(move: Move, field: str, value: Any) -> None:
    assert "means nothing" in problems(move, **{field: value})[field]


def test_nobody_is_asked_without_being_named() -> None:
    assert problems(Move.REASSIGN) == {"organisation": "is required to reassign"}


def test_an_outcome_says_something() -> None:
    assert "outcomes[0].text" in problems(Move.COMPLETE, outcomes=[{}])
