"""The hand-written code that the benchmarks measure against reads and creates what the lenses do: no less."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import pytest

from gateway.fhir.json_codec import Resource, read_stored
from gateway.mapping import Lens, Mappings
from gateway.mapping.laws.changes import Edits
from gateway.mapping.laws.records import drawing, record_drawer
from gateway.mapping.values import same
from gateway.places import DataFolder, data_folder
from gateway.records import RECORDS
from tests.benchmarks import hand_written_care_plan
from tests.benchmarks.care_plans import care_plan
from tests.mappings.published import differences, published

By: TypeAlias = Callable[[Any], dict[str, Any]]

PEERS: dict[str, tuple[By, By]] = {
    "care-plan": (hand_written_care_plan.get, hand_written_care_plan.create),
    "goal": (hand_written_care_plan.get_goal, hand_written_care_plan.create_goal),
}
GENERATED = 60


@pytest.fixture(scope="module")
def maps() -> Mappings:
    return Mappings.load()


def assert_alike(lens: Lens, resources: dict[str, Any], name: str) -> None:
    get, create = PEERS[lens.rules.name]
    record = lens.get(resources).record
    by_hand = get(resources)
    assert same(record, by_hand), (name, differences(record, by_hand))
    assert_created_alike(lens, record, create, name)


def assert_created_alike(lens: Lens, record: dict[str, Any], create: By, name: str) -> None:
    """What the lens refuses it leaves out as a whole; the peer, which has no issues to tell, need not."""
    put = lens.create(record)
    refused = tuple(str(issue.expression).partition("[")[0] for issue in put.refused)
    differing = differences(put.resources, create(record))
    assert all(place.startswith(refused) for place in differing), (name, differing)


@pytest.mark.parametrize(("activities", "goals"), [(0, 0), (1, 0), (10, 5), (200, 5)])
def test_the_plans_of_the_benchmarks(maps: Mappings, activities: int, goals: int) -> None:
    resources = care_plan(activities, goals)

    assert_alike(maps["care-plan"], resources, f"{activities} activities")
    assert not maps["care-plan"].create(maps["care-plan"].get(resources).record).refused


@pytest.mark.parametrize("name", PEERS)
def test_the_example_that_has_every_field(maps: Mappings, name: str) -> None:
    example = data_folder(DataFolder.MAPPINGS) / "examples" / f"{name}.fhir.json"
    resources = read_stored(example.read_bytes())
    assert isinstance(resources, dict)

    assert_alike(maps[name], resources, name)


def test_a_plan_that_names_everybody_by_number_only(maps: Mappings) -> None:
    by_number = {
        "type": "Practitioner",
        "identifier": {"system": "urn:users", "value": "12", "use": "official"},
    }
    plan = {
        "resourceType": "CarePlan",
        "subject": by_number,
        "author": by_number,
        "supportingInfo": [by_number, {"identifier": {"value": "13"}}],
        "activity": [
            {"reference": by_number, "outcomeReference": [by_number]},
            {"detail": {"performer": [by_number, {"reference": "Practitioner/1"}]}},
        ],
    }

    by_hand = hand_written_care_plan.get({"CarePlan": plan})

    assert same(maps["care-plan"].get({"CarePlan": plan}).record, by_hand)
    assert by_hand["activities"][0]["request_identifier"]["value"] == "12"


@pytest.mark.parametrize("name", PEERS)
def test_records_as_the_laws_draw_them(maps: Mappings, name: str) -> None:
    lens, (get, create) = maps[name], PEERS[name]
    schema = RECORDS[lens.rules.record].schema()
    draw, edits = record_drawer(lens.rules.root, schema), Edits(lens.rules.root, schema)
    for number in range(GENERATED):
        record = draw(drawing(Random(f"peer/{number}"), *edits.on_trial(number)))

        assert_created_alike(lens, record, create, f"case {number}")
        resources = lens.create(record).resources
        assert same(lens.get(resources).record, get(resources)), number


@pytest.mark.shared_data
def test_every_published_goal(maps: Mappings, shared_data: Path) -> None:
    goals = list(published(shared_data, "Goal"))
    for name, goal in goals:
        assert_alike(maps["goal"], {"Goal": goal}, name)
    assert len(goals) >= 5


@pytest.mark.shared_data
def test_every_published_plan_alone_and_with_its_goals(maps: Mappings, shared_data: Path) -> None:
    goals = {goal["id"]: goal for _, goal in published(shared_data, "Goal") if "id" in goal}
    plans = list(published(shared_data, "CarePlan"))
    for name, plan in plans:
        at_hand = [goals[linked] for linked in _linked(plan) if linked in goals]
        assert_alike(maps["care-plan"], {"CarePlan": plan}, name)
        assert_alike(maps["care-plan"], {"CarePlan": plan, "Goal": at_hand}, name)
    assert len(plans) >= 10


def _linked(plan: Resource) -> Iterator[str]:
    for link in plan.get("goal", []):
        yield str(link.get("reference", "")).rpartition("/")[2]
