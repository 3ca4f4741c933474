"""Lists whose items live in resources of their own: linked goals, and tasks that link back."""

from __future__ import annotations

from typing import Any

from tests.unit.mapping.small_maps import plan_lens

LENS = plan_lens(
    """
person: {to: subject.reference, ref: Patient}
aims: {to: "goal[].reference", split: aim, copies: [person]}
offers:
  split: Task
  by: focus.reference
  where: owner
  fixed: {intent: order}
  fields:
    id: id
    ^person: {to: for.reference, ref: Patient}
    state: status
    to_whom: {to: owner.reference, ref: Organization}
"""
)
PLAN = {
    "resourceType": "CarePlan",
    "id": "p",
    "subject": {"reference": "Patient/1"},
    "goal": [{"reference": "Goal/b", "display": "B"}, {"reference": "Goal/gone"}, {"reference": "Goal/a"}],
}
GOALS = [
    {"resourceType": "Goal", "id": "a", "description": {"text": "A"}, "subject": {"reference": "Patient/1"}},
    {
        "resourceType": "Goal",
        "id": "b",
        "description": {"text": "B"},
        "subject": {"reference": "Patient/1"},
        "x": 1,
    },
    {"resourceType": "Goal", "id": "stranger"},
]
TASKS = [
    {
        "resourceType": "Task",
        "id": "other",
        "focus": {"reference": "CarePlan/q"},
        "owner": {"reference": "Organization/1"},
    },
    {
        "resourceType": "Task",
        "id": "t",
        "focus": {"reference": "CarePlan/p", "display": "plan"},
        "status": "requested",
        "owner": {"reference": "Organization/1"},
    },
    {"resourceType": "Task", "id": "unowned", "focus": {"reference": "CarePlan/p"}},
]
GIVEN: dict[str, Any] = {"CarePlan": PLAN, "Goal": GOALS, "Task": TASKS}
RECORD: dict[str, Any] = {
    "id": "p",
    "person": "1",
    "aims": [{"id": "b", "wish": "B"}, {"id": "a", "wish": "A"}],
    "offers": [{"id": "t", "state": "requested", "to_whom": "1"}],
}


def test_parts_are_shown_in_the_order_of_their_links_and_strangers_are_not() -> None:
    read = LENS.get(GIVEN)

    assert read.record == RECORD
    stumbled = [issue.expression for issue in read.issues if not issue.diagnostics.startswith("I190")]
    assert stumbled == ["CarePlan.goal[1]"]


def test_an_unchanged_record_changes_no_part() -> None:
    result = LENS.put(RECORD, GIVEN)

    assert result.resources == GIVEN
    assert result.resources["CarePlan"] is PLAN
    assert all(new is old for new, old in zip(result.resources["Goal"], GOALS, strict=True))


def test_an_item_gone_from_the_list_is_unlinked_and_its_resource_stays() -> None:
    result = LENS.put({**RECORD, "aims": RECORD["aims"][1:], "offers": []}, GIVEN).resources

    assert result["CarePlan"]["goal"] == [{"reference": "Goal/gone"}, {"reference": "Goal/a"}]
    assert result["Goal"] == GOALS
    assert [task.get("focus") for task in result["Task"]] == [TASKS[0]["focus"], None, TASKS[2]["focus"]]


def test_an_edited_part_keeps_what_the_record_does_not_know() -> None:
    aims = [{"id": "b", "wish": "better"}, {"id": "a", "wish": "A"}]

    result = LENS.put({**RECORD, "aims": aims}, GIVEN).resources

    assert result["Goal"][1] == {**GOALS[1], "description": {"text": "better"}}
    assert result["Goal"][0] is GOALS[0]
    assert result["CarePlan"] is PLAN


def test_new_parts_get_an_id_a_link_and_what_is_copied_from_their_parent() -> None:
    record = {
        **RECORD,
        "aims": [{"wish": "new"}],
        "offers": [*RECORD["offers"], {"state": "draft", "to_whom": "2"}],
    }
    ids = iter(["n1", "n2"])

    result = LENS.put(record, GIVEN, new_id=lambda: next(ids)).resources

    assert result["CarePlan"]["goal"] == [{"reference": "Goal/gone"}, {"reference": "Goal/n1"}]
    assert result["Goal"][-1] == {
        "resourceType": "Goal",
        "id": "n1",
        "subject": {"reference": "Patient/1"},
        "description": {"text": "new"},
    }
    assert result["Task"][-1] == {
        "resourceType": "Task",
        "id": "n2",
        "for": {"reference": "Patient/1"},
        "status": "draft",
        "owner": {"reference": "Organization/2"},
        "intent": "order",
        "focus": {"reference": "CarePlan/p"},
    }


def test_what_is_copied_follows_the_parent_and_is_otherwise_left_alone() -> None:
    foreign = [{**GOALS[1], "subject": {"reference": "Group/7"}}]

    same_person = LENS.put(
        {**RECORD, "aims": [{"id": "b", "wish": "x"}]}, {**GIVEN, "Goal": foreign}
    ).resources
    other_person = LENS.put({**RECORD, "person": "2"}, GIVEN).resources

    assert same_person["Goal"][0]["subject"] == {"reference": "Group/7"}
    assert [goal.get("subject") for goal in other_person["Goal"]] == [{"reference": "Patient/2"}] * 2 + [None]
    assert other_person["Task"][1]["for"] == {"reference": "Patient/2"}


def test_a_part_that_lacks_what_makes_it_one_of_the_list_is_refused() -> None:
    result = LENS.put({**RECORD, "offers": [{"id": "n", "state": "draft"}]}, GIVEN)

    assert result.resources["Task"] == TASKS
    assert len(result.refused) == 1


def test_two_items_with_one_id_are_refused() -> None:
    result = LENS.put({**RECORD, "aims": [{"id": "b"}, {"id": "b"}]}, GIVEN)

    assert result.resources["CarePlan"] is PLAN
    assert len(result.refused) == 1


def test_a_part_alone_is_read_and_written_and_its_root_stays_missing() -> None:
    task = TASKS[2]

    read = LENS.get({"Task": task}).record

    assert read == {"offers": [{"id": "unowned"}]}
    assert LENS.put(read, {"Task": task}).resources == {"Task": task}
    assert LENS.put({"offers": [{"id": "unowned", "state": "done"}]}, {"Task": task}).resources == {
        "Task": {**task, "status": "done"}
    }


def test_a_part_alone_is_not_taken_off_a_list_that_is_not_at_hand() -> None:
    put = LENS.put({"offers": []}, {"Task": TASKS[2]})

    assert put.resources == {"Task": TASKS[2]}
    assert [issue.text for issue in put.refused] == [
        "a Task cannot be taken off the list of a resource that is not at hand; "
        "the element was left as it was"
    ]


def test_a_part_without_an_id_is_left_as_it_is_until_it_changes() -> None:
    task = {
        "resourceType": "Task",
        "focus": {"reference": "CarePlan/p"},
        "owner": {"reference": "Organization/1"},
    }
    given = {"CarePlan": PLAN, "Task": [task]}
    record = LENS.get(given).record

    assert record["offers"] == [{"to_whom": "1"}]
    assert LENS.put(record, given).resources == given


def test_two_lists_of_one_type_share_its_resources_by_their_guards() -> None:
    guards = ('{code: "x"}', '{"code": ~}')
    rules = "".join(
        f"{name}: {{split: Task, by: focus.reference, where: {guard}, fields: {{id: id, state: status}}}}\n"
        for name, guard in zip(("offers", "others"), guards, strict=True)
    )
    lens = plan_lens(f"title: title\n{rules}")
    plan = {"resourceType": "CarePlan", "id": "p"}
    ours = {"resourceType": "Task", "id": "1", "code": "x", "focus": {"reference": "CarePlan/p"}}
    other = {"resourceType": "Task", "id": "2", "status": "new", "focus": {"reference": "CarePlan/p"}}
    strange = {**other, "id": "3", "code": "y"}
    given = {"CarePlan": plan, "Task": [ours, other, strange]}

    assert lens.get(given).record == {
        "id": "p",
        "offers": [{"id": "1"}],
        "others": [{"id": "2", "state": "new"}],
    }
    assert lens.get({"Task": other}).record == {"others": [{"id": "2", "state": "new"}]}
    assert lens.get({"Task": strange}).record == {"offers": [{"id": "3", "state": "new"}]}
    put = lens.put({"id": "p", "offers": [{"id": "1"}], "others": []}, given)
    assert put.resources["Task"] == [
        ours,
        {key: other[key] for key in ("resourceType", "id", "status")},
        strange,
    ]


def test_a_referral_created_with_parts_and_no_id_gets_one() -> None:
    ids = iter(["leg", "root"])

    made = LENS.create({"offers": [{"to_whom": "2"}]}, new_id=lambda: next(ids)).resources

    assert made["Task"][0]["focus"] == {"reference": f"CarePlan/{made['CarePlan']['id']}"}
