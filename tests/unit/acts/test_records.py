"""Records over a real store: what was meant is written, nothing else changes, one act is one transaction."""

from __future__ import annotations

import pytest

from gateway.acts.once import Once
from gateway.acts.read_record import Wanted, list_records, read_consolidated, read_record
from gateway.acts.write_record import create_record, merged, patch_record, replace_record
from gateway.errors import Forbidden, NotFound, PreconditionFailed, RecordInvalid, Unprocessable
from gateway.records import RECORDS
from tests.unit.acts.agency_town import COORDINATOR, ST_ANNES, Desk

PLAN, GOAL, PERSON, REFERRAL = (RECORDS[name] for name in ("care_plan", "goal", "person", "referral"))


def test_a_plan_with_goals_is_one_write_of_several_resources_and_one_audit_row(desk: Desk) -> None:
    person = desk.person()
    goals = [{"description": "Walk to the corner", "status": "active"}]
    before = len(desk.rows("SELECT id FROM audit"))
    shown = desk.create("care_plan", person=person, title="Home again", status="active", goals=goals)

    [goal] = shown.record["goals"]
    assert shown.record["person"] == person
    assert shown.record["source"] == goal["source"] == "here"
    assert desk.fhir("Goal", goal["id"])["subject"] == {"reference": f"Patient/{person}"}
    assert desk.fhir("CarePlan", shown.id)["goal"] == [{"reference": f"Goal/{goal['id']}"}]
    rows = desk.rows("SELECT action, entities FROM audit ORDER BY id")[before:]
    assert [tuple(row) for row in rows] == [
        ("create care_plan", [f"CarePlan/{shown.id}", f"Goal/{goal['id']}"])
    ]


def test_only_what_changed_gets_a_new_version(desk: Desk) -> None:
    goals = [{"description": "Walk", "status": "active"}, {"description": "Eat well", "status": "active"}]
    shown = desk.create("care_plan", person=desk.person(), status="active", goals=goals)
    walk, eat = shown.record["goals"]
    changed = [walk | {"status": "completed"}, eat]
    after = patch_record(desk.gateway, COORDINATOR, PLAN, shown.id, {"goals": changed}, if_match=shown.etag)

    assert after.etag != shown.etag
    assert [desk.versions("Goal", goal["id"]) for goal in (walk, eat)] == [2, 1]
    assert desk.versions("CarePlan", shown.id) == 1
    again = replace_record(desk.gateway, COORDINATOR, PLAN, shown.id, after.record, if_match=after.etag)
    assert again == after


def test_an_item_gone_from_a_list_is_unlinked_and_kept(desk: Desk) -> None:
    goals = [{"description": "Walk", "status": "active"}]
    shown = desk.create("care_plan", person=desk.person(), status="active", goals=goals)
    [goal] = shown.record["goals"]
    after = patch_record(desk.gateway, COORDINATOR, PLAN, shown.id, {"goals": []}, if_match=shown.etag)

    assert "goals" not in after.record
    assert desk.fhir("Goal", goal["id"])["description"] == {"text": "Walk"}


def test_a_stored_goal_joins_a_plan_by_its_id_alone(desk: Desk) -> None:
    person = desk.person()
    goal = desk.create("goal", person=person, description="Walk", status="active")
    plan = desk.create("care_plan", person=person, status="active", goals=[{"id": goal.id}])
    assert [item["description"] for item in plan.record["goals"]] == ["Walk"]
    assert desk.fhir("CarePlan", plan.id)["intent"] == "plan"
    assert desk.versions("Goal", goal.id) == 1
    with pytest.raises(RecordInvalid, match="does not exist here"):
        desk.create("care_plan", person=person, status="active", goals=[{"id": plan.id}])


def test_a_hospitals_plan_is_shown_with_the_person_and_keeps_its_own_patient(desk: Desk) -> None:
    person = desk.person()
    patient = desk.patient_of(ST_ANNES, person)
    resource = {
        "resourceType": "CarePlan",
        "status": "active",
        "intent": "plan",
        "title": "Ward plan",
        "subject": {"reference": f"Patient/{patient}"},
        "extension": [{"url": "https://st-annes.example/colour", "valueCode": "amber"}],
    }
    plan = desk.store(ST_ANNES, resource)
    shown = read_record(desk.gateway, COORDINATOR, PLAN, plan)
    assert (shown.record["person"], shown.record["source"]) == (person, "st-annes")

    patch = {"title": "Home plan", "goals": [{"description": "Walk", "status": "active"}]}
    after = patch_record(desk.gateway, COORDINATOR, PLAN, plan, patch, if_match=shown.etag)
    stored = desk.fhir("CarePlan", plan)
    assert stored["subject"] == resource["subject"]
    assert stored["extension"] == resource["extension"]
    assert (after.record["title"], after.record["person"]) == ("Home plan", person)
    [goal] = after.record["goals"]
    assert goal["source"] == "here"


def test_linking_a_goal_of_here_to_a_hospitals_plan_moves_nobodys_subject(desk: Desk) -> None:
    person = desk.person()
    patient = desk.patient_of(ST_ANNES, person)
    plan = desk.store(
        ST_ANNES,
        {
            "resourceType": "CarePlan",
            "status": "active",
            "intent": "plan",
            "subject": {"reference": f"Patient/{patient}"},
        },
    )
    goal = desk.create("goal", person=person, description="Walk", status="active")
    shown = read_record(desk.gateway, COORDINATOR, PLAN, plan)
    patch_record(desk.gateway, COORDINATOR, PLAN, plan, {"goals": [{"id": goal.id}]}, if_match=shown.etag)
    assert desk.fhir("Goal", goal.id)["subject"] == {"reference": f"Patient/{person}"}
    assert desk.fhir("CarePlan", plan)["subject"] == {"reference": f"Patient/{patient}"}


def test_a_stale_version_is_refused_and_nothing_changes(desk: Desk) -> None:
    shown = desk.create("goal", person=desk.person(), description="Walk", status="active")
    patch_record(desk.gateway, COORDINATOR, GOAL, shown.id, {"description": "Run"}, if_match=shown.etag)
    with pytest.raises(PreconditionFailed):
        patch_record(desk.gateway, COORDINATOR, GOAL, shown.id, {"description": "Fly"}, if_match=shown.etag)
    assert desk.read("goal", shown.id)["description"] == "Run"
    assert desk.versions("Goal", shown.id) == 2


def test_every_field_at_fault_is_named_at_once(desk: Desk) -> None:
    with pytest.raises(RecordInvalid) as refused:
        desk.create("goal", descriptoin="Walk", status="active", priority="soon", id="mine")
    told = {issue.expression: issue.text for issue in refused.value.issues}
    assert told["descriptoin"].endswith("did you mean 'description'?")
    assert {"person", "priority", "description", "id"} <= set(told)


def test_a_read_only_field_may_come_back_but_not_change(desk: Desk) -> None:
    shown = desk.create("goal", person=desk.person(), description="Walk", status="active")
    changed = {**shown.record, "source": "st-annes"}
    with pytest.raises(RecordInvalid) as refused:
        replace_record(desk.gateway, COORDINATOR, GOAL, shown.id, changed, if_match=shown.etag)
    assert [issue.expression for issue in refused.value.issues] == ["source"]


def test_a_record_is_about_a_person_that_exists(desk: Desk) -> None:
    unlinked = desk.store(ST_ANNES, {"resourceType": "Patient"})
    for person in ("3f0c6bd2-6d1c-4a0b-9a5e-0d5b6f6b9f11", unlinked):
        with pytest.raises(RecordInvalid, match="the id of no person here"):
            desk.create("goal", person=person, description="Walk", status="active")


def test_the_same_request_twice_has_one_effect_and_one_answer(desk: Desk) -> None:
    record = {"person": desk.person(), "description": "Walk", "status": "active"}
    once = Once("key-1", b"fingerprint")
    first = create_record(desk.gateway, COORDINATOR, GOAL, record, once=once)
    again = create_record(desk.gateway, COORDINATOR, GOAL, record, once=once)
    assert (again.record, again.etag, again.replayed) == (first.record, first.etag, True)
    assert [row[0] for row in desk.rows("SELECT count(*) FROM resource WHERE type = 'Goal'")] == [1]
    with pytest.raises(Unprocessable):
        create_record(desk.gateway, COORDINATOR, GOAL, record, once=Once("key-1", b"another"))
    independent = create_record(desk.gateway, ST_ANNES_COPY, GOAL, record | {}, once=once)
    assert independent.id != first.id


ST_ANNES_COPY = type(COORDINATOR)(COORDINATOR.kind, "another desk", COORDINATOR.source)


def test_a_person_names_the_sources_that_know_them(desk: Desk) -> None:
    person = desk.person()
    patient = desk.patient_of(ST_ANNES, person)
    [link] = desk.read("person", person)["sources"]
    assert (link["source"], link["patient"], link["how"]) == ("st-annes", f"Patient/{patient}", "identifier")
    shown = read_record(desk.gateway, COORDINATOR, PERSON, person)
    patched = patch_record(
        desk.gateway, COORDINATOR, PERSON, person, {"preferred_name": "Addy"}, if_match=shown.etag
    )
    assert patched.record["sources"] == [link]
    theirs = read_record(desk.gateway, COORDINATOR, PERSON, patient)
    with pytest.raises(Forbidden):
        patch_record(desk.gateway, COORDINATOR, PERSON, patient, {"gender": "female"}, if_match=theirs.etag)


def test_lists_page_through_everything_once(desk: Desk) -> None:
    person = desk.person()
    made = [desk.create("goal", person=person, description=f"g{n}", status="active").id for n in range(5)]
    desk.create("goal", person=desk.person(), description="somebody else's", status="active")
    seen: list[str] = []
    cursor = None
    while True:
        page = list_records(desk.gateway, COORDINATOR, GOAL, Wanted(person=person), count=2, cursor=cursor)
        seen += [item["id"] for item in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == made


def test_a_request_that_nobody_made_a_referral_of_is_not_listed(desk: Desk) -> None:
    person = desk.person()
    order = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{person}"},
    }
    request = desk.store(ST_ANNES, order)
    mine = desk.referral(person=person)

    def listed() -> list[str]:
        page = list_records(desk.gateway, COORDINATOR, REFERRAL, Wanted(person=person), count=10, cursor=None)
        return [item["id"] for item in page.items]

    assert listed() == [mine]
    task = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "code": {"coding": [{"code": "fulfill"}]},
        "focus": {"reference": f"ServiceRequest/{request}"},
    }
    desk.store(ST_ANNES, task)
    assert sorted(listed()) == sorted([mine, request])


def test_the_consolidated_record_brings_the_sources_together(desk: Desk) -> None:
    person = desk.person()
    patient = desk.patient_of(ST_ANNES, person)
    goal = {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": "Walk"},
        "subject": {"reference": f"Patient/{patient}"},
    }
    desk.store(ST_ANNES, goal)
    desk.create("goal", person=person, description="Eat well", status="active")
    desk.referral(person=person)
    record = read_consolidated(desk.gateway, COORDINATOR, person)

    assert {item["source"] for item in record["goals"]} == {"here", "st-annes"}
    assert {item["person"] for item in record["goals"]} == {person}
    assert [item["state"] for item in record["referrals"]] == ["draft"]
    assert {"source": "st-annes", "items": 1} in record["sources"]


def test_what_an_agency_was_not_granted_looks_as_if_it_were_not_there(desk: Desk) -> None:
    plan = desk.create("care_plan", person=desk.person(), status="active")
    with pytest.raises(NotFound):
        read_record(desk.gateway, desk.agency("elm-trust"), PLAN, plan.id)
    page = list_records(desk.gateway, desk.agency("elm-trust"), PERSON, Wanted(), count=10, cursor=None)
    assert page.items == []


def test_a_merge_patch_replaces_removes_and_leaves() -> None:
    before = {"title": "a", "period": {"start": "2026", "end": "2027"}, "list": [1, 2]}
    patch = {"title": None, "period": {"end": None}, "list": [3], "more": {"x": None, "y": 1}}
    assert merged(before, patch) == {"period": {"start": "2026"}, "list": [3], "more": {"y": 1}}
    assert before["title"] == "a"
