"""A merge of two edits is told in record fields; items of lists are found again by the keys of the map."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.mapping import Mappings
from gateway.mapping.element_fields import fields_of_element
from gateway.mapping.merge_preview import Outcome, Preview, preview
from tests.unit.mapping.small_maps import plan_lens

LENS = plan_lens(
    """
title: title
state: status
given: {to: 'instantiatesUri[]'}
steps: {to: 'activity[]', key: id, fields: {id: id, title: detail.title, unit: detail.unit}}
agreed: {to: 'note[]', fields: {title: text}}
aims: {to: 'goal[].reference', split: aim, copies: [person]}
"""
)


def plan(**fields: Any) -> dict[str, Any]:
    return {"resourceType": "CarePlan", "id": "p", **fields}


def step(name: str, title: str, **detail: Any) -> dict[str, Any]:
    return {"id": name, "detail": {"title": title, **detail}}


def merged(base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]) -> Preview:
    return preview(LENS, *({"CarePlan": side} for side in (base, ours, theirs)))


def outcomes(found: Preview) -> dict[str, str]:
    return {each.field: each.outcome.value for each in found.fields if each.outcome is not Outcome.UNCHANGED}


def test_each_field_says_who_changed_it_and_disjoint_edits_come_together() -> None:
    found = merged(
        plan(title="t", status="draft"),
        plan(title="ours", status="draft", instantiatesUri=["a"]),
        plan(title="t", status="active", instantiatesUri=["a"]),
    )

    assert outcomes(found) == {"title": "only ours", "state": "only theirs", "given": "both the same"}
    assert found.record == {"id": "p", "title": "ours", "state": "active", "given": ["a"]}
    assert found.put.resources["CarePlan"] == plan(title="ours", status="active", instantiatesUri=["a"])


def test_a_conflict_has_both_values_and_its_rule_and_keeps_ours() -> None:
    found = merged(plan(title="t"), plan(title="a"), plan(title="b"))

    (conflict,) = found.conflicts
    assert (conflict.field, conflict.base, conflict.ours, conflict.theirs) == ("title", "t", "a", "b")
    assert str(conflict.origin) == "plan.title @ plan.yaml:6"
    assert found.record["title"] == "a"


def test_items_are_matched_by_their_key_wherever_they_stand() -> None:
    found = merged(
        plan(activity=[step("1", "one"), step("2", "two"), step("3", "three")]),
        plan(activity=[step("2", "two!"), step("1", "one"), step("3", "three")]),
        plan(activity=[step("1", "one", unit="kg"), step("2", "two"), step("4", "four")]),
    )

    assert outcomes(found) == {
        "steps[2].title": "only ours",
        "steps[1].unit": "only theirs",
        "steps[4]": "only theirs",
        "steps[3]": "only theirs",
    }
    assert [item["id"] for item in found.record["steps"]] == ["2", "1", "4"]


def test_an_item_that_one_side_dropped_and_the_other_changed_is_a_conflict() -> None:
    found = merged(plan(activity=[step("1", "one")]), plan(), plan(activity=[step("1", "uno")]))

    assert outcomes(found) == {"steps[1]": "conflict"}


def test_a_list_without_a_key_is_one_value() -> None:
    found = merged(
        plan(note=[{"text": "a"}]), plan(note=[{"text": "b"}]), plan(note=[{"text": "a"}, {"text": "c"}])
    )

    assert outcomes(found) == {"agreed": "conflict"}


def test_linked_parts_are_merged_by_their_id() -> None:
    def with_goal(wish: str) -> dict[str, Any]:
        goal = {"resourceType": "Goal", "id": "g", "description": {"text": wish}}
        return {"CarePlan": plan(goal=[{"reference": "Goal/g"}]), "Goal": [goal]}

    found = preview(LENS, with_goal("walk"), with_goal("run"), with_goal("walk"))

    assert outcomes(found) == {"aims[g].wish": "only ours"}


@given(st.tuples(*[st.sampled_from(["a", "b", None])] * 3), st.tuples(*[st.sampled_from(["x", None])] * 3))
def test_a_merge_invents_nothing_and_both_orders_agree_on_what_is_in_conflict(
    titles: tuple[str | None, ...], states: tuple[str | None, ...]
) -> None:
    sides = [
        plan(**({"title": title} if title else {}), **({"status": state} if state else {}))
        for title, state in zip(titles, states, strict=True)
    ]
    one, two = merged(*sides), merged(sides[0], sides[2], sides[1])

    assert {each.field for each in one.conflicts} == {each.field for each in two.conflicts}
    if not one.conflicts:
        assert one.record == two.record
    for name, values in (("title", titles), ("state", states)):
        assert one.record.get(name) in values


def test_an_element_is_worded_as_the_fields_it_is_shown_in() -> None:
    lens = Mappings.load()["care-plan"]
    given_plan = {
        "resourceType": "CarePlan",
        "period": {"start": "2026", "end": "2027"},
        "activity": [{"id": "a", "detail": {"status": "scheduled"}}],
    }

    def worded(element: str) -> list[str]:
        return [each.field for each in fields_of_element(lens, {"CarePlan": given_plan}, element)]

    assert worded("CarePlan.period") == ["starts_on", "ends_on"]
    assert worded("CarePlan.activity[0].detail.status") == ["activities[0].status"]
    assert worded("CarePlan.description") == ["description"]
    assert worded("CarePlan.noSuchElement") == []
    (place,) = fields_of_element(lens, {"CarePlan": given_plan}, "CarePlan.period.start")
    assert place.origin.file == "mappings/care-plan.yaml"
