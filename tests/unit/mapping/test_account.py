"""Every leaf of a reading is in exactly one bucket, with the rule or the reason that puts it there."""

from __future__ import annotations

from typing import Any

from gateway.mapping import Lens
from gateway.mapping.account import Account, Bucket, account
from tests.unit.mapping.small_maps import load, plan_lens, plan_text

LEAD = "https://care-gateway.example/fhir/StructureDefinition/lead"
RULES = """
title: title
number: identifier[system=urn:ours].value
lead: ext(lead).valueBoolean
kind: {to: code, as: concept}
state: {to: status, codes: [active, draft]}
steps:
  to: activity[]
  where: detail
  fields: {title: detail.title, unit: {to: detail.low.unit, also: detail.high.unit}}
aims: {to: 'goal[].reference', split: aim, copies: [person]}
offers: {split: Task, by: focus.reference, fields: {id: id, state: status}}
"""
LENS = plan_lens(RULES)


def accounted(plan: dict[str, Any], lens: Lens = LENS, **parts: Any) -> Account:
    return account(lens, {"CarePlan": {"resourceType": "CarePlan", **plan}, **parts})


def buckets(found: Account) -> dict[str, tuple[str, str]]:
    return {leaf.element: (leaf.bucket.value, leaf.why) for leaf in found.leaves}


def test_what_a_rule_read_is_mapped_and_names_its_rule_and_its_field() -> None:
    found = accounted(
        {"title": "t", "activity": [{"reference": {"display": "x"}}, {"detail": {"title": "second"}}]}
    )

    mapped = {leaf.element: (str(leaf.origin), found.field_of(leaf)) for leaf in found.of(Bucket.MAPPED)}
    assert mapped["CarePlan.title"] == ("plan.title @ plan.yaml:6", ("title",))
    assert mapped["CarePlan.activity[1].detail.title"][1] == ("steps", 0, "title")


def test_what_two_elements_say_alike_is_mapped_and_what_they_say_differently_is_not() -> None:
    alike = accounted({"activity": [{"detail": {"low": {"unit": "kg"}, "high": {"unit": "kg"}}}]})
    not_alike = accounted({"activity": [{"detail": {"low": {"unit": "kg"}, "high": {"unit": "lb"}}}]})

    assert buckets(alike)["CarePlan.activity[0].detail.high.unit"][0] == "mapped"
    assert buckets(not_alike)["CarePlan.activity[0].detail.high.unit"][0] == "unmapped"


def test_every_reason_is_the_one_that_the_rules_give() -> None:
    found = buckets(
        accounted(
            {
                "status": "unheard-of",
                "_title": {"id": "beside"},
                "description": "d",
                "text": {"div": "<div/>"},
                "contained": [{"resourceType": "Goal", "id": "in"}],
                "identifier": [
                    {"system": "urn:theirs", "value": "1"},
                    {"system": "urn:ours", "use": "usual"},
                ],
                "extension": [{"url": "urn:foreign", "valueString": "x"}],
                "code": {"coding": [{"code": "first"}, {"code": "second"}]},
                "activity": [{"reference": {"reference": "Task/1"}}],
                "goal": [{"reference": "Goal/away"}],
            },
            Goal=[{"resourceType": "Goal", "id": "stranger"}],
            Patient={"resourceType": "Patient", "id": "9"},
        )
    )

    reasons = {element: why for element, (bucket, why) in found.items() if bucket == "unmapped"}
    other = "it is not the item that the rule picks (identifier[system=urn:ours])"
    stranger = "no list of the record shows this resource: nothing links it, or it is not one of ours"
    assert reasons == {
        "CarePlan.status": "this value is not one that the rule reads",
        "CarePlan._title.id": "what stands beside the value in `_…` is kept with it",
        "CarePlan.description": "no rule reads it",
        "CarePlan.text.div": "narrative is text for people",
        "CarePlan.contained[0].resourceType": "contained resources stay as they are",
        "CarePlan.contained[0].id": "contained resources stay as they are",
        "CarePlan.identifier[0].system": other,
        "CarePlan.identifier[0].value": other,
        "CarePlan.identifier[1].system": "the rule that picks this item reads no more of it",
        "CarePlan.identifier[1].use": "the rule that picks this item reads no more of it",
        "CarePlan.extension[0].url": "no rule of this map names the extension",
        "CarePlan.extension[0].valueString": "no rule of this map names the extension",
        "CarePlan.code.coding[1].code": "no rule reads this part of it",
        "CarePlan.activity[0].reference.reference": "the item is not ours: 'where' asks for detail",
        "CarePlan.goal[0].reference": "the Goal it names is not at hand, or shown already",
        "Goal.id": stranger,
        "Patient.id": "the map 'plan' takes no Patient",
    }


def test_fixed_values_are_told_from_others_also_inside_items() -> None:
    text = plan_text(
        "title: title\n"
        "steps: {to: 'activity[]', fixed: {'detail.kind': Task}, fields: {title: detail.title}}",
        more="  fixed: {intent: plan, 'category[]': {coding: [{system: urn:c, code: x}]}}\n",
    )
    lens = _lens(text)
    found = buckets(
        accounted(
            {
                "intent": "plan",
                "category": [
                    {"coding": [{"code": "other"}, {"code": "x", "system": "urn:c", "display": "X"}]}
                ],
                "activity": [
                    {"detail": {"kind": "Task", "title": "t"}},
                    {"detail": {"kind": "Goal", "title": "u"}},
                ],
            },
            lens,
        )
    )

    assert {element for element, (bucket, _) in found.items() if bucket == "fixed"} == {
        "CarePlan.resourceType",
        "CarePlan.intent",
        "CarePlan.category[0].coding[1].system",
        "CarePlan.category[0].coding[1].code",
        "CarePlan.activity[0].detail.kind",
    }
    assert found["CarePlan.activity[1].detail.kind"][0] == "unmapped"


def test_what_the_map_ignores_says_because() -> None:
    lens = _lens(
        plan_text(
            "title: title\n"
            "steps: {to: 'activity[]', fields: {title: detail.title}, ignore: {progress: too long}}",
            more="  ignore: {note: nobody reads them, 'identifier[system=urn:x]': theirs alone}\n",
        )
    )
    found = buckets(
        accounted(
            {
                "title": "t",
                "note": [{"text": "a"}, {"text": "b", "time": "2026"}],
                "identifier": [{"system": "urn:x", "value": "1"}, {"system": "urn:y"}],
                "activity": [{"detail": {"title": "t"}, "progress": [{"text": "p"}]}],
            },
            lens,
        )
    )

    ignored = {element: why for element, (bucket, why) in found.items() if bucket == "ignored"}
    assert ignored == {
        "CarePlan.note[0].text": "nobody reads them",
        "CarePlan.note[1].text": "nobody reads them",
        "CarePlan.note[1].time": "nobody reads them",
        "CarePlan.identifier[0].system": "theirs alone",
        "CarePlan.identifier[0].value": "theirs alone",
        "CarePlan.activity[0].progress[0].text": "too long",
    }
    assert found["CarePlan.identifier[1].system"][0] == "unmapped"


def test_a_word_that_rides_along_is_carried() -> None:
    lens = plan_lens(
        "state: {to: status, codes: {on: active, resting: on-hold, off: on-hold},"
        " prefer: {on-hold: resting}, carry: ext(exact-state).valueCode}"
    )
    url = "https://care-gateway.example/fhir/StructureDefinition/exact-state"
    found = buckets(accounted({"status": "on-hold", "extension": [{"url": url, "valueCode": "off"}]}, lens))

    assert found == {
        "CarePlan.resourceType": ("fixed", "the type that the map is for"),
        "CarePlan.status": ("mapped", ""),
        "CarePlan.extension[0].url": ("carried", ""),
        "CarePlan.extension[0].valueCode": ("carried", ""),
    }


def test_the_type_beside_a_reference_is_read_with_it_when_both_say_the_same() -> None:
    lens = plan_lens(
        "person: {to: subject.reference, ref: Patient}\n"
        "author: {to: author.reference, ref: any}\n"
        "aims: {to: 'goal[].reference', split: aim, copies: [person]}\n"
    )
    subject = {"reference": "urn:uuid:7", "type": "Patient"}
    goal = {"resourceType": "Goal", "id": "g", "subject": subject}
    found = accounted(
        {
            "subject": subject,
            "author": {"reference": "Practitioner/1", "type": "Group"},
            "goal": [{"reference": "Goal/g", "type": "Goal"}, {"reference": "Goal/other", "type": "Goal"}],
        },
        lens,
        Goal=[goal],
    )

    told = buckets(found)
    assert told["CarePlan.subject.type"][0] == told["Goal.subject.type"][0] == "mapped"
    assert told["CarePlan.author.type"] == ("unmapped", "no rule reads it")
    assert told["CarePlan.goal[0].type"][0] == "mapped"
    assert told["CarePlan.goal[1].type"][0] == "unmapped"
    assert found.field_of(next(leaf for leaf in found.leaves if leaf.element == "CarePlan.subject.type")) == (
        "person",
    )


def test_a_single_object_where_a_list_belongs_is_accounted_for_as_it_stands() -> None:
    found = accounted({"activity": {"detail": {"title": "alone"}, "progress": "x"}})

    assert buckets(found)["CarePlan.activity.detail.title"][0] == "mapped"
    assert buckets(found)["CarePlan.activity.progress"] == ("unmapped", "no rule reads this part of it")


def test_parts_are_accounted_for_with_the_record_they_are_shown_in() -> None:
    goals = [
        {"resourceType": "Goal", "id": "second", "description": {"text": "b"}},
        {"resourceType": "Goal", "id": "first", "description": {"text": "a"}, "note": [{"text": "kept"}]},
    ]
    found = accounted({"goal": [{"reference": "Goal/first"}, {"reference": "Goal/second"}]}, Goal=goals)

    fields = {leaf.at: found.field_of(leaf) for leaf in found.of(Bucket.MAPPED)}
    assert fields[("Goal", 0, "description", "text")] == ("aims", 1, "wish")
    assert fields[("Goal", 1, "description", "text")] == ("aims", 0, "wish")
    assert [leaf.at for leaf in found.of(Bucket.UNMAPPED)] == [("Goal", 1, "note", 0, "text")]


def test_a_part_that_stands_alone_is_accounted_for() -> None:
    found = account(
        LENS, {"Task": [{"resourceType": "Task", "id": "t", "status": "draft", "priority": "asap"}]}
    )

    assert {leaf.element: leaf.bucket.value for leaf in found.leaves} == {
        "Task.resourceType": "fixed",
        "Task.id": "mapped",
        "Task.status": "mapped",
        "Task.priority": "unmapped",
    }


def test_what_a_rule_stumbled_on_is_reported_once_and_never_when_another_rule_read_it() -> None:
    lens = plan_lens(
        "basis: {to: 'supportingInfo[].reference', ref: CarePlan, one: true}\n"
        "letters: {to: 'supportingInfo[].reference', ref: DocumentReference}"
    )
    both = [{"reference": "CarePlan/p"}, {"reference": "DocumentReference/d"}]
    read = lens.get({"CarePlan": {"resourceType": "CarePlan", "supportingInfo": both}})
    strange = lens.get(
        {
            "CarePlan": {
                "resourceType": "CarePlan",
                "supportingInfo": [{"reference": "Slot/s", "display": "x"}],
            }
        }
    )

    assert read.issues == ()
    assert [issue.expression for issue in strange.issues] == ["CarePlan.supportingInfo[0]"]


def _lens(text: str) -> Lens:
    return load(text)["plan"]


def test_what_a_part_says_otherwise_than_its_record_is_not_mapped() -> None:
    rules = "person: {to: subject.reference, ref: Patient}\n" + RULES
    goals = [
        {
            "resourceType": "Goal",
            "id": "a",
            "subject": {"reference": "Patient/9"},
            "description": {"text": "w"},
        },
        {
            "resourceType": "Goal",
            "id": "b",
            "subject": {"reference": "Patient/8"},
            "description": {"text": "v"},
        },
    ]
    links = [{"reference": "Goal/a"}, {"reference": "Goal/b"}]
    found = accounted({"subject": {"reference": "Patient/9"}, "goal": links}, plan_lens(rules), Goal=goals)

    subjects = [leaf for leaf in found.leaves if leaf.at[2:3] == ("subject",)]
    assert [(leaf.at[:2], leaf.bucket) for leaf in subjects] == [
        (("CarePlan", 0), Bucket.MAPPED),
        (("Goal", 0), Bucket.MAPPED),
        (("Goal", 1), Bucket.UNMAPPED),
    ]
    assert found.field_of(subjects[1]) == ("person",)
