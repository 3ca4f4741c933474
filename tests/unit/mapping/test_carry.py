"""Words that are finer than the FHIR code: the exact one rides along."""

from __future__ import annotations

import pytest

from gateway.errors import MappingError
from gateway.mapping import laws
from tests.unit.mapping.small_maps import Plan, created, got, load, plan_lens, plan_text, put

LENS = plan_lens(
    """
state:
  to: status
  codes: {todo: not-started, waiting: [not-started, pending], done: completed, over: [cancelled, stopped]}
  carry: ext(state)
  prefer: {not-started: todo}
title: title
"""
)
URL = "https://care-gateway.example/fhir/StructureDefinition/state"


def riding(word: str) -> list[dict[str, str]]:
    return [{"url": URL, "valueCode": word}]


def test_a_word_that_the_code_alone_would_not_tell_rides_along() -> None:
    assert created(LENS, {"state": "waiting"}) == {"status": "not-started", "extension": riding("waiting")}
    assert created(LENS, {"state": "todo"}) == {"status": "not-started"}
    assert got(LENS, {"status": "not-started", "extension": riding("waiting")}) == {"state": "waiting"}
    assert got(LENS, {"status": "not-started"}) == {"state": "todo"}


def test_a_partner_that_changed_the_visible_code_wins() -> None:
    changed = {"status": "completed", "extension": riding("waiting")}

    result = LENS.get({"CarePlan": {"resourceType": "CarePlan", **changed}})

    assert result.record == {"state": "done"}
    assert any("does not go with the code" in issue.text for issue in result.issues)
    assert put(LENS, {"state": "done", "title": "Home"}, changed) == {**changed, "title": "Home"}


def test_a_visible_code_that_already_fits_the_word_stays() -> None:
    old = {"status": "pending"}

    assert put(LENS, {"state": "waiting"}, old) == old
    assert put(LENS, {"state": "over"}, {"status": "stopped"}) == {"status": "stopped"}
    assert put(LENS, {"state": "todo"}, {"status": "not-started", "extension": riding("waiting")}) == {
        "status": "not-started"
    }


def test_clearing_takes_the_code_and_what_rides_along() -> None:
    assert put(LENS, {}, {"status": "not-started", "extension": riding("waiting")}) == {}


def test_a_coding_of_ours_can_carry_the_word() -> None:
    lens = plan_lens(
        "state: {to: 'reason.coding[system=urn:s].code', codes: whys, carry: coding, prefer: {other: other}}",
        codes="codes:\n  whys: {full: full, out-of-area: other, other: other}\n",
    )
    ours = "https://care-gateway.example/fhir/CodeSystem/whys"

    both = {
        "reason": {"coding": [{"system": "urn:s", "code": "other"}, {"system": ours, "code": "out-of-area"}]}
    }
    assert created(lens, {"state": "out-of-area"}) == both
    assert got(lens, both) == {"state": "out-of-area"}
    laws.check(lens, Plan(), cases=60)


def test_it_holds_the_laws() -> None:
    laws.check(LENS, Plan(), cases=150)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            "{to: status, codes: {a: x, b: x}, carry: ext(w)}",
            "M140 plan.state: FHIR code 'x' is listed under 'a' and 'b'",
        ),
        (
            "{to: status, codes: {a: x, b: x}, carry: ext(w), prefer: {y: a}}",
            "M141 plan.state: prefer: 'y' is no code",
        ),
        ("{to: status, codes: {a: x}, carry: coding}", "M105 plan.state: carry: coding needs a path such as"),
        ("{to: status, carry: ext(w)}", "M004 plan.state: carry belongs to a table of codes"),
        ("{to: 'status[]', codes: {a: x}, carry: ext(w)}", "M103 plan.state: status[] is a list"),
    ],
)
def test_a_mistake_in_a_carry_is_named(rule: str, expected: str) -> None:
    with pytest.raises(MappingError) as caught:
        load(plan_text(f"state: {rule}"))

    assert expected in str(caught.value)
