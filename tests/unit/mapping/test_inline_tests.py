"""Cases that analysts write beside their rules."""

from __future__ import annotations

import pytest

from gateway.errors import MappingError
from gateway.mapping import Mappings
from gateway.mapping.inline_tests import InlineResult, run_inline_tests
from tests.unit.mapping.small_maps import AIM_TEXT, KINDS, Plan, load, plan_text

FIELDS = """
title: title
state: {to: status, codes: {on: [active, on-hold], off: revoked}}
starts_on: {to: period.start, as: date}
weight: {to: "ext(weight).valueDecimal"}
given: {to: "note[].text"}
steps: {to: "activity[]", key: id, fields: {id: id, amount: {to: detail.quantity.value, as: decimal}}}
aims: {to: "goal[].reference", split: aim, copies: [person]}
person: {to: subject.reference, ref: Patient}
offers: {split: Task, by: focus.reference, fields: {id: id, state: status}}
"""


def run(*cases: str) -> list[InlineResult]:
    """The results of these cases, each a flow mapping without its name."""
    tests = "tests:\n" + "".join(f"  - {{name: case {n}, {case}}}\n" for n, case in enumerate(cases))
    return list(run_inline_tests(load(plan_text(FIELDS) + tests)["plan"], Plan()))


@pytest.mark.parametrize(
    "case",
    [
        "fhir: {CarePlan.title: Home, CarePlan.status: active}, expect: {title: Home, state: on}",
        "fhir: {CarePlan.status: on-hold}, record: {state: on, title: ~}, then_put_unchanged: identical",
        "fhir: {resourceType: CarePlan, status: active}, put: {state: off}, gives: {status: revoked, a: ~}",
        "fhir: {CarePlan: {status: active, title: Home}}, put: {title: ~}, gives: {CarePlan.title: ~}",
        "fhir: {CarePlan.period.start: '2026-11-22T09:30:00+02:00'}, expect: {starts_on: '2026-11-22'}",
        "fhir: {CarePlan.xs: x}, expect: {given: ~}, issues: not mapped",
        "fhir: {'CarePlan.note[]': [{text: a},{text: b}]}, put: {given: [b]}, gives: {'note[]': [{text: b}]}",
        "fhir: {'CarePlan.activity[]': {detail: {quantity: {value: 1.0}}}}, expect: {steps: [{amount: 1}]}",
        "put: {weight: 1.50}, gives: {ext(weight).valueDecimal: 1.5}",
        "put: {title: Home}, expect: {title: Home}, gives: {title: Home}",
        "fhir: {Task.status: received, CarePlan.title: Home}, expect: {offers: [{state: received}]}",
        "fhir: {Task.status: received, CarePlan.title: Home}, then_put_unchanged: identical",
        "fhir: {Goal.description.text: walk, CarePlan.title: Home}, expect: {aims: [{wish: walk}]}",
        "fhir: {Task.id: t, CarePlan.id: p}, put: {offers: [{id: t, state: go}]}, gives: {Task.status: go}",
        "fhir: {CarePlan.status: active}, put: {state: walk}, refuses: cannot be expressed",
        "fhir: {CarePlan.status: draft}, expect: {state: ~}, issues: [not one that the rule reads]",
    ],
)
def test_a_case_that_holds_passes(case: str) -> None:
    (result,) = run(case)

    assert (result.passed, result.faults) == (True, ())


@pytest.mark.parametrize(
    ("case", "fault"),
    [
        (
            "fhir: {CarePlan.title: Home}, expect: {title: Away}",
            "record.title should be 'Away' and is 'Home'",
        ),
        ("fhir: {CarePlan.title: Home}, expect: {title: ~}", "record.title should be absent and is 'Home'"),
        ("fhir: {CarePlan.title: Home}, expect: {given: [a]}", "record.given should be ['a'] and is absent"),
        ("put: {title: Home}, gives: {status: active}", "status should be 'active' and is absent"),
        ("fhir: {CarePlan.status: active}, put: {state: walk}, gives: {status: x}", "the record was refused"),
        ("fhir: {CarePlan.status: active}, put: {state: off}, refuses: never", "no refusal says 'never'"),
        ("fhir: {CarePlan.title: Home}, expect: {}, issues: gone", "no finding says 'gone'"),
        ("fhir: {Carplan.title: Home}, expect: {}", "'Carplan.title' starts with none of the map's types"),
        ("fhir: {'CarePlan.note[].text': x}, expect: {}", "in a case [] can only end a path"),
        ("fhir: {CarePlan.a b: x}, expect: {}", "is no path"),
    ],
)
def test_a_case_that_does_not_hold_says_where_and_what(case: str, fault: str) -> None:
    (result,) = run(case)

    assert not result.passed
    assert fault in str(result)
    assert str(result).startswith("plan.yaml:")


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("fhir: {}", "M004 plan.tests: a case asks something"),
        ("expect: {title: x}", "M004 plan.tests: a case starts from something"),
        ("fhir: {}, gives: {title: x}", "M004 plan.tests: 'gives' and 'refuses' are about what was put"),
        ("fhir: {}, expcet: {}", "M001 plan.tests: unknown key 'expcet' - did you mean 'expect'?"),
        ("fhir: {}, then_put_unchanged: same", "M002 plan.tests: the only thing to say here"),
        ("fhir: [], expect: {}", "M002 plan.tests: a mapping (key: value) belongs here"),
    ],
)
def test_a_case_that_asks_nothing_or_makes_no_sense_is_refused_at_load(case: str, expected: str) -> None:
    with pytest.raises(MappingError) as caught:
        run(case)

    assert expected in str(caught.value)


def test_an_overlay_brings_its_own_cases_and_the_map_s_are_not_run_with_it() -> None:
    plain = (
        plan_text("title: title\nstate: status")
        + "tests: [{name: plain, put: {state: x}, gives: {status: x}}]\n"
    )
    overlay = """
overlay: north
CarePlan:
  fields: {state: {codes: {on: active}}}
  tests: [{name: north, put: {state: on}, gives: {status: active}}]
"""
    maps = Mappings.from_texts({"plan": plain, "aim": AIM_TEXT}, KINDS, {"north": overlay})

    here, there = run_inline_tests(maps["plan"]), run_inline_tests(maps.with_overlays(["north"])["plan"])

    assert [(result.case.name, result.passed) for result in here] == [("plain", True)]
    assert [(result.case.name, result.passed, result.faults) for result in there] == [("north", True, ())]
    assert there[0].case.file != here[0].case.file
