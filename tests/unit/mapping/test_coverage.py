"""Coverage is what rules really read, leaf by leaf."""

from __future__ import annotations

from gateway.mapping.account import Bucket
from gateway.mapping.coverage import coverage
from gateway.mapping.documents import contained_in, resources_in
from tests.unit.mapping.small_maps import load, plan_text

MAPS = load(
    plan_text(
        """
title: title
number: identifier[system=urn:ours].value
lead: ext(lead).valueBoolean
kind: {to: code, as: concept}
steps: {to: 'activity[]', where: detail, fields: {title: detail.title}}
aims: {to: 'goal[].reference', split: aim, copies: [person]}
offers: {split: Task, by: focus.reference, fields: {id: id, state: status}}
"""
    )
)
LEAD = "https://care-gateway.example/fhir/StructureDefinition/lead"


def test_a_leaf_counts_when_a_rule_read_it_or_used_it_to_find_what_it_read() -> None:
    plan = {
        "resourceType": "CarePlan",
        "id": "p",
        "meta": {"versionId": "1"},
        "text": {"status": "generated", "div": "<div/>"},
        "title": "t",
        "description": "not mapped",
        "identifier": [{"system": "urn:theirs", "value": "1"}, {"system": "urn:ours", "value": "2"}],
        "extension": [{"url": LEAD, "valueBoolean": True}, {"url": "urn:foreign", "valueString": "x"}],
        "code": {"coding": [{"code": "first"}, {"code": "second"}], "text": "words"},
        "activity": [{"detail": {"title": "a"}}, {"reference": {"reference": "Task/1"}}],
        "goal": [{"reference": "Goal/g"}],
    }

    found = coverage(MAPS, [[plan]])["CarePlan"]

    assert (found.resources, found.leaves, found.mapped) == (1, 15, 8)
    assert dict(found.unmapped) == {
        "description": 1,
        "identifier.system": 1,
        "identifier.value": 1,
        "code.coding.code": 1,
        "code.text": 1,
        "activity.reference.reference": 1,
        "goal.reference": 1,
    }
    assert found.reasons["goal.reference"] == "the Goal it names is not at hand, or shown already"
    assert found.buckets == {Bucket.MAPPED: 8, Bucket.UNMAPPED: 7}
    assert found.fields["number"] == found.fields["steps.title"] == 1
    assert found.by_rule["plan.number"] == 2


def test_contained_resources_and_parts_are_counted_as_their_own_type() -> None:
    goal = {"resourceType": "Goal", "id": "g", "description": {"text": "x"}, "note": [{"text": "y"}]}
    plan = {"resourceType": "CarePlan", "contained": [goal], "title": "t"}
    task = {"resourceType": "Task", "status": "draft", "focus": {"reference": "CarePlan/p"}}

    found = coverage(MAPS, [[plan, task, {"resourceType": "Slot", "id": "s"}]])

    assert contained_in(plan) == [goal]
    assert {name: (each.mapped, each.leaves) for name, each in found.items()} == {
        "CarePlan": (1, 1),
        "Goal": (2, 3),
        "Task": (2, 2),
    }
    assert round(found["Goal"].percent) == 67


def test_a_bundle_gives_its_entries_with_urns_made_relative() -> None:
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient"}},
            {
                "fullUrl": "urn:uuid:2",
                "resource": {"resourceType": "Goal", "id": "g", "subject": {"reference": "urn:uuid:1"}},
            },
            {"resourceType": "Task", "id": "inlined"},
            {"request": {"method": "DELETE"}},
        ],
    }

    assert resources_in(bundle) == [
        {"resourceType": "Patient", "id": "1"},
        {"resourceType": "Goal", "id": "g", "subject": {"reference": "Patient/1"}},
        {"resourceType": "Task", "id": "inlined"},
    ]


def test_an_object_of_resources_or_a_list_gives_them_and_anything_else_gives_none() -> None:
    goal = {"resourceType": "Goal"}

    assert resources_in({"Goal": [goal], "CarePlan": {"resourceType": "CarePlan"}, "x": 1}) == [
        goal,
        {"resourceType": "CarePlan"},
    ]
    assert resources_in([goal, 3]) == [goal]
    assert resources_in("text") == []
