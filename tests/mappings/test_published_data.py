"""Other people's resources pass through a record unharmed, and an edit changes what was edited."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.fhir.json_codec import Resource, write
from gateway.mapping import Mappings
from gateway.mapping.laws.edits import written
from tests.mappings.published import differences, published

pytestmark = pytest.mark.shared_data

READ_ALONE = (
    "CarePlan",
    "Goal",
    "CareTeam",
    "ServiceRequest",
    "Patient",
    "Practitioner",
    "Organization",
    "Condition",
    "RelatedPerson",
    "Appointment",
    "Encounter",
    "Communication",
    "Consent",
)


@pytest.fixture(scope="module")
def maps() -> Mappings:
    return Mappings.load()


def root_of(task: Resource) -> Resource:
    """A request that the Task is a leg of, so that the lens reads the Task."""
    focus = str(task.get("focus", {}).get("reference", ""))
    request_id = focus.rpartition("/")[2] if focus.startswith("ServiceRequest/") else "none"
    subject = {"reference": "Patient/example"}
    return {"resourceType": "ServiceRequest", "id": request_id, "status": "active", "subject": subject}


@pytest.mark.parametrize("kind", READ_ALONE)
def test_put_of_what_was_got_is_what_was_there(maps: Mappings, shared_data: Path, kind: str) -> None:
    lens = maps.for_type(kind)
    seen = 0
    for name, resource in published(shared_data, kind):
        before = write(resource)

        put = lens.put(lens.get({kind: resource}).record, {kind: resource})

        assert write(put.resources[kind]) == before, name
        assert write(resource) == before, f"{name} was altered in place"
        seen += 1
    assert seen >= 3


def test_a_task_passes_unharmed_as_a_leg(maps: Mappings, shared_data: Path) -> None:
    lens = maps["referral"]
    legs = 0
    for name, task in published(shared_data, "Task"):
        resources = {"ServiceRequest": root_of(task), "Task": [task]}
        before = write(resources)

        record = lens.get(resources).record

        assert write(lens.put(record, resources).resources) == before, name
        legs += len(record.get("legs", []))
    assert legs >= 3


def test_a_plan_passes_unharmed_together_with_its_goals(maps: Mappings, shared_data: Path) -> None:
    goals: dict[str, Resource] = {}
    for _, goal in published(shared_data, "Goal"):
        goals[f"Goal/{goal.get('id')}"] = goal
        goals[f"urn:uuid:{goal.get('id')}"] = goal
    lens = maps["care-plan"]
    shown = 0
    for name, plan in published(shared_data, "CarePlan"):
        linked = [goals[ref] for link in plan.get("goal", []) if (ref := link.get("reference")) in goals]
        resources = {"CarePlan": plan, "Goal": linked}
        before = write(resources)

        record = lens.get(resources).record

        assert write(lens.put(record, resources).resources) == before, name
        shown += len(record.get("goals", []))
    assert shown >= 1


Edit = Callable[[dict[str, Any]], None]


def setting(field: str, value: Any) -> Edit:
    def edit(record: dict[str, Any]) -> None:
        record[field] = value

    return edit


def in_first(items: str, field: str, value: Any) -> Edit:
    def edit(record: dict[str, Any]) -> None:
        record[items] = [record[items][0] | {field: value}, *record[items][1:]]

    return edit


def clearing(field: str) -> Edit:
    def edit(record: dict[str, Any]) -> None:
        record.pop(field, None)

    return edit


REQUEST = {"request", "request_text"}
INDEX = re.compile(r"\[\d+\]")

# type, what the record must hold for the edit to make sense, the edit, the only elements that may change
EDITS: tuple[tuple[str, str, Edit, tuple[str, ...]], ...] = (
    ("CarePlan", "status", setting("status", "on-hold"), ("status",)),
    ("CarePlan", "status", setting("title", "A new title"), ("title", "_title")),
    ("CarePlan", "starts_on", setting("ends_on", "2031-01"), ("period.end",)),
    ("CarePlan", "status", setting("author", "Practitioner/new"), ("author",)),
    ("CarePlan", "status", setting("reviews_on", "2031"), ("extension",)),
    ("CarePlan", "activities", in_first("activities", "status", "stopped"), ("activity[].detail.status",)),
    (
        "CarePlan",
        "activities",
        in_first("activities", "instructions", "By bus"),
        ("activity[].detail.description",),
    ),
    ("Goal", "status", setting("status", "rejected"), ("lifecycleStatus",)),
    ("Goal", "description", setting("description", "Something else"), ("description.text",)),
    ("Goal", "status", setting("starts_on", "2030-05"), ("startDate", "startCodeableConcept")),
    ("Goal", "targets", in_first("targets", "due_on", "2030"), ("target[].dueDate",)),
    ("CareTeam", "person", setting("name", "Another team"), ("name",)),
    ("CareTeam", "person", setting("status", "proposed"), ("status",)),
    ("CareTeam", "members", in_first("members", "ends_on", "2031"), ("participant[].period",)),
    ("CareTeam", "members", in_first("members", "lead", True), ("participant[].extension",)),
    ("ServiceRequest", "id", setting("priority", "asap"), ("priority",)),
    ("ServiceRequest", "id", setting("service_text", "In other words"), ("code.text",)),
    ("ServiceRequest", "id", setting("person_instructions", "Ring first"), ("patientInstruction",)),
    ("ServiceRequest", "id", setting("reference_number", "R-1"), ("identifier",)),
    ("Patient", "names", in_first("names", "family", "Other"), ("name[].family", "name[]._family")),
    ("Patient", "telecoms", in_first("telecoms", "rank", 7), ("telecom[].rank",)),
    ("Patient", "birth_date", setting("birth_date", "1901-02"), ("birthDate", "_birthDate")),
    ("Patient", "deceased", clearing("deceased"), ("deceasedBoolean", "deceasedDateTime")),
    ("Patient", "id", setting("preferred_name", "Bea"), ("extension",)),
    ("Practitioner", "id", setting("gender", "other"), ("gender",)),
    ("Organization", "name", setting("name", "New name"), ("name",)),
    ("Condition", "id", setting("text", "In her own words"), ("code.text",)),
    ("Condition", "id", setting("onset", {"text": "last winter"}), ("onset",)),
    ("Condition", "onset", setting("onset", {"at": "2019-02"}), ("onset", "_onset")),
    ("Condition", "clinical_status", setting("clinical_status", "relapse"), ("clinicalStatus",)),
    ("RelatedPerson", "id", setting("lead_carer", True), ("extension",)),
    ("RelatedPerson", "id", setting("may_be_told", False), ("extension",)),
    ("RelatedPerson", "name", setting("name", {"text": "Somebody else"}), ("name[]",)),
    ("RelatedPerson", "telecoms", in_first("telecoms", "rank", 7), ("telecom[].rank",)),
    ("Appointment", "id", setting("comment", "By the side door"), ("comment",)),
    ("Appointment", "id", setting("starts_at", "2031-01-05T10:00:00Z"), ("start",)),
    (
        "Appointment",
        "participants",
        in_first("participants", "status", "tentative"),
        ("participant[].status",),
    ),
    ("Encounter", "status", setting("status", "onleave"), ("status",)),
    ("Encounter", "location", setting("location", "new"), ("location[].location",)),
    ("Encounter", "id", setting("discharge", {"text": "Home"}), ("hospitalization",)),
    ("Encounter", "participants", in_first("participants", "ends_at", "2031"), ("participant[].period",)),
    ("Communication", "text", setting("text", "In other words"), ("payload[].contentString",)),
    ("Communication", "sent_at", setting("sent_at", "2031-01"), ("sent",)),
    ("Consent", "status", setting("status", "inactive"), ("status",)),
    ("Consent", "id", setting("ends_at", "2031"), ("provision",)),
    ("Consent", "rules", in_first("rules", "decision", "permit"), ("provision.provision[].type",)),
    ("Consent", "who", in_first("who", "who", "Organization/new"), ("provision.actor[].reference",)),
    ("Condition", "id", setting("severity_text", "Worse at night"), ("severity.text", "severity")),
)


def named(case: tuple[str, str, Edit, tuple[str, ...]]) -> str:
    return f"{case[0]}-{case[3][0]}"


@pytest.mark.parametrize("case", EDITS, ids=named)
def test_an_edit_changes_its_own_element_and_nothing_else(
    maps: Mappings, shared_data: Path, case: tuple[str, str, Edit, tuple[str, ...]]
) -> None:
    kind, needed, edit, elements = case
    lens = maps.for_type(kind)
    tried = changed = 0
    for name, resource, record in records_with(needed, lens.get, published(shared_data, kind), kind):
        edit(record)

        put = lens.put(record, {kind: resource})

        places = differences(resource, put.resources[kind])
        # Generated narrative told the old state, so it goes; narrative that people wrote stays.
        status = resource.get("text", {}).get("status")
        told = {place for place in places if place.startswith("text")}
        assert not told or status == "generated", name
        assert all(INDEX.sub("[]", place).startswith(elements) for place in places - told), (name, places)
        items = {found.group() for place in places - told if (found := INDEX.search(place))}
        assert len(items) <= 1, (name, places)
        root, shown = lens.rules.root, lens.get({kind: put.resources[kind]}).record
        assert written(root, shown) == written(root, record), name
        tried += 1
        changed += bool(places)
    assert tried
    assert changed


def records_with(
    needed: str, get: Any, found: Iterator[tuple[str, Resource]], kind: str
) -> Iterator[tuple[str, Resource, dict[str, Any]]]:
    for name, resource in found:
        record = get({kind: resource}).record
        if needed in record and not (
            needed == "activities" and {"request", "request_text"} & record[needed][0].keys()
        ):
            yield name, resource, dict(record)


def test_a_changed_code_takes_along_what_described_the_old_one(maps: Mappings) -> None:
    coding = {"system": "http://snomed.info/sct", "version": "2026", "code": "1", "display": "One"}
    goal = {
        "resourceType": "Goal",
        "description": {"coding": [coding, {"system": "urn:other", "code": "x"}], "text": "Mine"},
        "subject": {"reference": "Patient/1", "display": "Somebody"},
    }
    record = maps["goal"].get({"Goal": goal}).record
    record["code"] = {"system": "http://snomed.info/sct", "code": "2"}
    record["person"] = "2"

    put = maps["goal"].put(record, {"Goal": goal}).resources["Goal"]

    assert put["description"] == {
        "coding": [{"system": "http://snomed.info/sct", "code": "2"}],
        "text": "Mine",
    }
    assert put["subject"] == {"reference": "Patient/2"}


def test_a_changed_member_keeps_no_name_of_the_old_one(maps: Mappings) -> None:
    member = {"reference": "Practitioner/1", "display": "Somebody"}
    team = {"resourceType": "CareTeam", "participant": [{"id": "m", "member": member}]}
    record = maps["care-team"].get({"CareTeam": team}).record
    assert record["members"] == [{"id": "m", "member": "Practitioner/1", "member_text": "Somebody"}]

    record["members"][0]["member"] = "Practitioner/2"

    put = maps["care-team"].put(record, {"CareTeam": team}).resources["CareTeam"]
    assert put["participant"] == [{"id": "m", "member": {"reference": "Practitioner/2"}}]


def test_a_changed_unit_changes_both_ends_of_a_range(maps: Mappings) -> None:
    ends = {
        "low": {"value": Decimal("70.0"), "unit": "kg"},
        "high": {"value": 75, "unit": "kg", "code": "kg"},
    }
    goal = {"resourceType": "Goal", "target": [{"detailRange": ends}]}
    record = maps["goal"].get({"Goal": goal}).record
    assert record["targets"] == [{"low": Decimal("70.0"), "high": 75, "unit": "kg", "unit_code": "kg"}]

    record["targets"][0]["unit"] = "stone"

    put = maps["goal"].put(record, {"Goal": goal}).resources["Goal"]
    assert put["target"][0]["detailRange"] == {
        "low": {"value": Decimal("70.0"), "unit": "stone"},
        "high": {"value": 75, "unit": "stone"},
    }
