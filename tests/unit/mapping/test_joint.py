"""One field over several elements: a table of tuples, read and written as a whole."""

from __future__ import annotations

import pytest

from gateway.errors import MappingError
from gateway.mapping import laws
from tests.unit.mapping.small_maps import Plan, created, got, load, plan_lens, plan_text, put

LENS = plan_lens(
    """
state:
  joint: [status, "statusReason.coding[system=urn:s].code"]
  codes:
    open: [active, ~]
    paused: [[on-hold, full], [on-hold, closed]]
    done: [completed, ~]
    gone: [~, gone]
title: title
"""
)
FULL = {"status": "on-hold", "statusReason": {"coding": [{"system": "urn:s", "code": "full"}]}}
CLOSED = {"status": "on-hold", "statusReason": {"coding": [{"system": "urn:s", "code": "closed"}]}}


def test_it_reads_what_the_elements_say_together() -> None:
    assert got(LENS, {"status": "active"}) == {"state": "open"}
    assert got(LENS, FULL) == got(LENS, CLOSED) == {"state": "paused"}
    assert got(LENS, {"statusReason": {"coding": [{"system": "urn:s", "code": "gone"}]}}) == {"state": "gone"}


def test_a_combination_that_is_no_row_is_kept_and_reported() -> None:
    odd = {**FULL, "status": "active"}

    result = LENS.get({"CarePlan": {"resourceType": "CarePlan", **odd}})

    assert result.record == {}
    assert "no row of the table" in result.issues[0].text
    assert put(LENS, {"title": "Home"}, odd) == {**odd, "title": "Home"}


def test_a_tuple_that_already_reads_as_the_word_is_left_alone() -> None:
    assert put(LENS, {"state": "paused", "title": "Home"}, CLOSED) == {**CLOSED, "title": "Home"}


def test_a_changed_word_takes_along_what_described_the_old_one() -> None:
    old = {
        "status": "on-hold",
        "_status": {"extension": [{"url": "urn:x", "valueString": "why"}]},
        "statusReason": {
            "coding": [{"system": "urn:s", "code": "closed", "display": "Closed"}, {"code": "theirs"}],
            "text": "closed for summer",
        },
    }

    assert put(LENS, {"state": "open"}, old) == {
        "status": "active",
        "statusReason": {"coding": [{"system": "urn:s"}]},
    }
    assert put(LENS, {"state": "paused"}, {**old, "status": "completed"}) == FULL


def test_clearing_the_word_clears_every_element_of_it() -> None:
    assert put(LENS, {"title": "Home"}, {**FULL, "title": "Home"}) == {"title": "Home"}


def test_a_word_without_a_row_is_refused() -> None:
    result = LENS.put({"state": "lost"}, {"CarePlan": {"resourceType": "CarePlan", **FULL}})

    assert result.resources["CarePlan"] == {"resourceType": "CarePlan", **FULL}
    assert "no row for the record's word" in result.refused[0].text


def test_new_resources_get_the_first_tuple() -> None:
    assert created(LENS, {"state": "paused"}) == FULL


def test_it_holds_the_laws() -> None:
    laws.check(LENS, Plan(), cases=150)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            "state: {joint: [a, b], codes: {x: [p, q], y: [p, q]}}",
            "M140 plan.state: ['p', 'q'] is listed under",
        ),
        ("state: {joint: [a, b], codes: {x: [p]}}", "M142 plan.state: a row holds 2 values"),
        ("state: {joint: [a, b], codes: {x: [~, ~]}}", "M142 plan.state: a row of ~ alone"),
        ("state: {joint: [a], codes: {x: [p]}}", "M002 plan.state: joint is a list of two or more paths"),
        ("state: {joint: [a, b]}", "M004 plan.state: joint needs 'codes'"),
        ("state: {joint: [a, 'b[]'], codes: {x: [p, q]}}", "M103 plan.state: b[] is a list"),
        ("needs: {joint: [a, b], codes: {x: [p, q]}}", "M102 plan.needs: the record's 'needs' is a list"),
        (
            "state: {joint: [a, b], codes: {x: [p, q]}}\ntitle: a",
            "M150 plan.title: a is written by this rule",
        ),
        ("state: {joint: [a, b], codes: named}", "M141 plan.state: this file has no code table 'named'"),
    ],
)
def test_a_mistake_in_a_joint_is_named(rule: str, expected: str) -> None:
    with pytest.raises(MappingError) as caught:
        load(plan_text(rule))

    assert expected in str(caught.value)


def test_a_table_of_tuples_that_no_rule_uses_is_not_taken_for_codes() -> None:
    assert plan_lens("title: title", codes="codes:\n  pairs: {x: [[p, q], [p, r]], y: [p, ~]}\n")


def test_a_table_of_tuples_may_stand_under_codes() -> None:
    lens = plan_lens(
        "state: {joint: [a, b], codes: pairs}", codes="codes:\n  pairs: {x: [p, q], y: [p, r]}\n"
    )

    assert got(lens, {"a": "p", "b": "r"}) == {"state": "y"}
