"""The load-time checks, one mistake at a time: what is refused, what is only said, and what is right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from marshmallow import fields as marshmallow_fields

from gateway.errors import MappingError
from gateway.mapping import Mappings
from gateway.mapping.checks import atlas, check
from gateway.mapping.loader import load_texts
from gateway.places import DataFolder, data_folder
from gateway.records import RecordKind
from gateway.records.scalars import CodeText, DecimalNumber, Text
from gateway.records.shapes import Record, Shape, one
from tests.unit.mapping.small_maps import AIM_TEXT, KINDS, plan_text

# What every CarePlan needs, so that a test can be about something else.
NEEDED = "fixed: {status: active, intent: plan, subject: {reference: Patient/1}}"


def plan(fields: str, *more: str) -> str:
    """A rule file with these fields, and these further lines of its block."""
    return plan_text(fields, more="".join(f"  {line}\n" for line in more if line))


def told(fields: str, *more: str, needed: str = NEEDED) -> list[str]:
    """What the checks say of a map with these fields."""
    text = plan(fields, needed, *more)
    known = atlas(data_folder(DataFolder.PROFILES))
    file = load_texts({"plan": text, "aim": AIM_TEXT}, KINDS).files["plan"]
    found = check(file, KINDS["plan"].schema(), known)
    return [str(problem).partition(": ")[2] for problem in found]


RIGHT = [
    "title: title",
    "number: identifier[system=https://a.example/x].value",
    "starts_on: {to: period.start, as: date}",
    "made_at: created",
    "title: careTeam[0].display",
    "kind: {to: 'category[0]', as: concept}",
    "kinds: {to: 'category[]', as: concept-and-text}",
    "sct: 'category[0].coding[system=http://snomed.info/sct].code'",
    "needs: {to: 'addresses[].reference', ref: Condition}",
    "basis: {to: 'basedOn[].reference', ref: CarePlan, one: true}",
    "author: {to: author.reference, ref: any}",
    "author: {to: author.reference, ref: [Patient, Practitioner]}",
    "author: {to: 'ext(http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare).valueReference.reference',"
    " ref: [EpisodeOfCare]}",
    "title: contained[resourceType=Goal].description.text",
    "lead: {to: status, codes: {true: [active, draft, on-hold], false: [revoked, completed, entered-in-error,"
    " unknown]}}",
    "title: title\nstate: {to: intent, codes: [proposal, plan, order, option]}",
]


@pytest.mark.parametrize("fields", RIGHT)
def test_what_r4_and_the_record_allow_is_silent(fields: str) -> None:
    assert told(fields) == []


WRONG = [
    (
        "title: titel",
        "M101 CarePlan.titel: CarePlan has no element 'titel' - did you mean 'title'?",
    ),
    (
        "title: period.begin",
        "M101 CarePlan.period.begin: CarePlan.period has no element 'begin'",
    ),
    (
        "title: title.text",
        "M101 CarePlan.title.text: CarePlan.title is a string, a plain value",
    ),
    (
        "number: 'identifier[sytem=x].value'",
        "M101 CarePlan.identifier.sytem: CarePlan.identifier has no",
    ),
    (
        "title: note.text",
        "M102 CarePlan.note: 'note' repeats in FHIR (max *): choose one with [0]",
    ),
    (
        "title: 'title[0]'",
        "M103 CarePlan.title: 'title' is a single value in FHIR (max 1)",
    ),
    (
        "given: 'period[].start'",
        "M103 CarePlan.period: 'period' is a single value in FHIR",
    ),
    (
        "title: 'category[coding.code=x].text'",
        "M102 CarePlan.category.coding: 'coding' repeats in FHIR",
    ),
    (
        "title: 'category[0]'",
        "M104 CarePlan.category: 'category' is a CodeableConcept, not a plain",
    ),
    (
        "title: period",
        "M104 CarePlan.period: 'period' is a Period, not a plain value; map its parts",
    ),
    (
        "author: {to: author, ref: any}",
        "M104 CarePlan.author: 'author' is a Reference, an object",
    ),
    (
        "author: {to: title, ref: any}",
        "M105 CarePlan.title: 'title' is a string, no Reference",
    ),
    (
        "kind: {to: title, as: concept}",
        "M105 CarePlan.title: 'title' is a string; 'as: concept' reads a",
    ),
    (
        "kind: {to: 'category[0]', as: coding}",
        "M105 CarePlan.category: 'category' is a CodeableConcept;",
    ),
    (
        "starts_on: {to: title, as: date}",
        "M105 CarePlan.title: 'title' is a string; 'as: date' reads",
    ),
    (
        "made_at: {to: title, as: utc}",
        "M105 CarePlan.title: 'title' is a string; 'as: utc' reads",
    ),
    (
        "weight: {to: title, as: decimal}",
        "M105 CarePlan.title: 'title' is a string; 'as: decimal' reads",
    ),
    (
        "lead: {to: title, as: boolean}",
        "M105 CarePlan.title: 'title' is a string; 'as: boolean' reads",
    ),
    (
        "weight: {to: period, as: quantity(kg)}",
        "M105 CarePlan.period: 'period' is a Period; 'as: quantity'",
    ),
    (
        "starts_on: created",
        "M106 CarePlan.created: the record's 'starts_on' cannot hold every dateTime",
    ),
    (
        "lead: title",
        "M106 CarePlan.title: the record's 'lead' cannot hold every string",
    ),
    (
        "kind: {to: 'category[0]', as: concept-and-text}",
        "M106 CarePlan.category: the record's 'kind' cannot",
    ),
    (
        "needs: {to: 'addresses[].reference', ref: Goal}",
        (
            "M170 CarePlan.addresses.reference: CarePlan.addresses cannot point at Goal; it may "
            "point at Condition"
        ),
    ),
    (
        "author: {to: author.reference, ref: [Patient, Location]}",
        "M170 CarePlan.author.reference: CarePlan.author cannot point at Location",
    ),
    (
        (
            "aims: {to: 'careTeam[].reference', split: aim, copies: [person]}\nperson: {to: "
            "subject.reference, ref: Patient}"
        ),
        "M170 CarePlan.careTeam.reference: CarePlan.careTeam cannot point at Goal",
    ),
    (
        "state: {to: status, codes: {a: active, b: cancelled}}",
        "M120 CarePlan.status: code 'cancelled' is not",
    ),
    (
        "title: ext(unheard-of).valueString",
        (
            "M180 CarePlan.ext(unheard-of): the extension "
            "https://care-gateway.example/fhir/StructureDefinition/unheard-of has no "
            "StructureDefinition in profiles/"
        ),
    ),
    (
        "title: ext(http://other.example/x).valueString",
        "M180 CarePlan.ext(x): the extension",
    ),
    (
        "starts_on: ext(review-date).valueDateTime",
        "M180 CarePlan.ext(review-date).valueDateTime: its",
    ),
    (
        "lead: ext(team-lead).valueBoolean",
        "M180 CarePlan.ext(team-lead): its StructureDefinition lets it",
    ),
    (
        "title: ext(contingency).ext(wenn).valueString",
        "M180 CarePlan.ext(contingency).ext(wenn): the",
    ),
    (
        "title: ext(contingency).valueString",
        "M180 CarePlan.ext(contingency).valueString: ",
    ),
    (
        "steps: {to: 'activity[]', key: id, fields: {id: id, title: detail.code.text}}",
        (
            "M110 CarePlan.activity.detail.status: required element 'status' (1..1) has no rule "
            "and no fixed value, but this rule can make a CarePlan.activity.detail; map it, or "
            "give it under fixed"
        ),
    ),
    (
        "steps: {to: 'note[]', key: id, fields: {id: id}}",
        "M110 CarePlan.note.text: required element 'text'",
    ),
    (
        "offers: {split: Task, by: focus.reference, fixed: {status: draft}, fields: {id: id}}",
        "M110 Task.intent: required element",
    ),
    (
        "aims: {to: 'goal[].reference', split: aim, copies: [person]}",
        "M111 Goal.person: no rule of the record reads 'person': what is copied from it would be lost",
    ),
    (
        "steps: {to: 'note[]', fields: {title: text}}",
        "warning W131 CarePlan.note: changed items are matched by",
    ),
    (
        "steps: {to: 'note[]', key: id, where: time, fields: {id: id, title: text}}",
        "M130 CarePlan.note: where asks for 'time', which a new item need not have",
    ),
    (
        "given: {to: 'identifier[].value', where: {system: x}}",
        "M130 CarePlan.identifier.value: where asks",
    ),
    (
        (
            "offers: {split: Task, by: focus.reference, where: {status: draft}, fixed: {intent: "
            "order}, fields: {id: id, state: status}}"
        ),
        "M130 Task: where asks for status = 'draft', which a new item need not have",
    ),
    (
        "title: {choice: [title, description]}",
        "warning M151 CarePlan.title: alternatives 1 and 2 can stand side by",
    ),
    (
        "title: {choice: [title, title]}",
        "M151 CarePlan.title: alternative 2 is never read: alternative 1",
    ),
]


@pytest.mark.parametrize(("fields", "expected"), WRONG)
def test_what_is_wrong_is_said_once_with_its_place_reason_and_fix(fields: str, expected: str) -> None:
    found = told(fields)

    assert [line for line in found if expected in line], found
    assert len([line for line in found if line.startswith("error")]) <= 1, found


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            "steps: {to: 'note[]', key: none, where: {authorString: [x]}, fields: {title: text}}",
            "M103 CarePlan.note.authorString",
        ),
        (
            "given: {to: 'identifier[use=ofical][].value'}",
            "M120 CarePlan.identifier.use: code 'ofical' is not in the required value set identifier-use",
        ),
        (
            "title: 'contained[0].title'\nwords: title",
            "plan.words: the record has no field 'words'",
        ),
        (
            "given: {to: 'note[]', key: none, fields: {title: text}}",
            "M106 CarePlan: the record's 'given' holds single values, not objects",
        ),
        (
            "lead: {to: status, codes: {yes: [active, draft, on-hold, unknown, revoked, completed,"
            " entered-in-error]}}",
            "M106 CarePlan.status: the record's 'lead' cannot hold the word 'yes' of the table",
        ),
        (
            "offers: {split: Task, by: focus, fixed: {intent: order, status: draft}, fields: {id: id}}",
            "M104 Task.focus: 'focus' is a Reference, an object; end the path in focus.reference",
        ),
        (
            "title: 'modifierExtension[url=http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare]"
            ".valueReference.display'",
            "M180 CarePlan.ext(workflow-episodeOfCare): its StructureDefinition lets it stand in ext",
        ),
    ],
)
def test_selectors_guards_links_and_tables_are_held_to_r4_too(fields: str, expected: str) -> None:
    try:
        found = told(fields)
    except MappingError as error:
        found = [str(error)]

    assert [line for line in found if expected in line], found


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{url: 'http://unheard.example/x', valueCode: a}", "the extension http://unheard.example/x has no"),
        (
            "{url: 'https://care-gateway.example/fhir/StructureDefinition/review-date', valueCode: a}",
            "valueDate",
        ),
        (
            "{url: 'https://care-gateway.example/fhir/StructureDefinition/contingency',"
            " extension: [{url: wenn, valueString: a}]}",
            "the extension wenn has no",
        ),
    ],
)
def test_a_fixed_extension_is_one_that_is_defined(value: str, expected: str) -> None:
    found = told(
        "title: title",
        f"fixed: {{status: active, intent: plan, subject: {{display: a}}, 'extension[]': {value}}}",
        needed="",
    )

    assert [line for line in found if "M180" in line and expected in line], found


class Priced(Shape):
    amount = DecimalNumber(required=True)
    currency = CodeText()


class Bill(Record):
    price = one(Priced)
    anything = marshmallow_fields.Raw()
    kind = CodeText("a", "b", "c")
    note = Text()


BILLS = {"bill": RecordKind("bill", "bills", "bill", Bill, "Account")}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (
            "price.currency: ext(activity-cost).valueMoney.currency",
            "M107 Account: the record requires 'pri",
        ),
        ("anything: name", "M106 Account: the record's 'anything' has no type of its own"),
        (
            "kind: {cases: [{when: {ours: a, theirs: {name: x}}, fields: {note: description}},"
            " {when: {ours: d, theirs: {name: y}}, fields: {note: description}}]}",
            "M106 Account: the record's 'kind' does not know the word 'd'",
        ),
        (
            "kind: {cases: [{when: {ours: a, theirs: {status: activ}}, fields: {note: description}},"
            " {when: {ours: b, theirs: {status: inactive}}, fields: {note: description}}]}",
            "M120 Account.status: code 'activ' is not in the required value set account-status",
        ),
        (
            "kind: {cases: [{when: {ours: a, theirs: {name: x}}, fields: {note: description}},"
            " {when: {ours: b, theirs: {name: y}}, fields: {note: description}}]}",
            "M141 Account: our word 'c' of 'kind' has no case",
        ),
    ],
)
def test_the_shape_of_the_record_is_held_to_the_rules(rules: str, expected: str) -> None:
    text = f"mapping: bill\nrecord: bill\nAccount:\n  fixed: {{status: active}}\n  fields:\n    {rules}\n"
    file = load_texts({"bill": text}, BILLS).files["bill"]
    found = list(map(str, check(file, Bill(), atlas(data_folder(DataFolder.PROFILES)))))

    assert [line for line in found if expected in line], found


def test_a_choice_needs_its_type() -> None:
    fields = (
        "steps: {to: 'activity[]', key: id, fixed: {detail.status: unknown}, fields: {id: id, title: %s}}"
    )

    (line,) = told(fields % "detail.scheduled")
    assert line.startswith(
        "error   M105 CarePlan.activity.detail.scheduled: 'scheduled' may be of several types"
    )
    (line,) = told(fields % "detail.scheduledDateTime")
    assert (
        "scheduled[x] has no such type; it may be scheduledTiming, scheduledPeriod, scheduledString" in line
    )


@pytest.mark.parametrize(
    ("fixed", "expected"),
    [
        ("{intnet: plan}", "M101 CarePlan.intnet"),
        ("{category: {text: a}}", "M102 CarePlan.category"),
        ("{'title[]': a}", "M103 CarePlan.title"),
        ("{period: 2026}", "M104 CarePlan.period"),
        ("{title: true}", "M105 CarePlan.title: CarePlan.title is a string: True is none"),
        (
            "{status: paused}",
            "M120 CarePlan.status: code 'paused' is not in the required value set request-status",
        ),
        ("{'category[]': {coding: {code: a}}}", "M102 CarePlan.category.coding: 'coding' repeats"),
        ("{'category[]': {coding: [{kode: a}]}}", "M101 CarePlan.category.coding.kode"),
        ("{'note[]': {time: '2026-11-22T09:30:00Z'}}", "M110 CarePlan.note.text"),
    ],
)
def test_fixed_values_are_what_r4_allows(fixed: str, expected: str) -> None:
    said = told("title: description", f"fixed: {fixed}", needed="")

    assert [line for line in said if expected in line], said


def test_a_required_element_may_be_mapped_copied_fixed_or_selected() -> None:
    rules = (
        "person: {to: subject.reference, ref: Patient}\n"
        "offers: {split: Task, by: focus.reference, fixed: {intent: order}, "
        "fields: {id: id, ^person: {to: for.reference, ref: Patient}, state: status}}"
    )

    assert told(rules, needed="fixed: {status: active, intent: plan}") == []
    (line,) = told(rules, needed="fixed: {intent: plan}")
    assert line.startswith("error   M110 CarePlan.status: required element 'status' (1..1)")


def test_a_read_only_rule_makes_nothing_and_so_misses_nothing() -> None:
    rules = "steps: {to: 'note[]', back: none, because: shown only, fields: {id: id}}"

    assert told(rules) == []


def test_codes_that_are_read_alone_and_codes_that_no_entry_reads_are_warnings() -> None:
    found = told("state: {to: status, codes: {a: [active, stopped], b: [draft, unknown, on-hold, revoked]}}")

    assert [line.partition(":")[0] for line in found] == [
        "warning M120 CarePlan.status",
        "warning M121 CarePlan.status",
    ]
    assert "'completed', 'entered-in-error' have no entry" in found[1]


def test_a_joint_and_a_carried_word_are_held_to_the_codes_too() -> None:
    joint = "state: {joint: [status, intent], codes: {a: [active, plan], b: [draft, plann]}}"
    carried = "state: {to: status, carry: ext(review-date).valueDate, codes: {a: active, b: activ}}"

    assert "M120 CarePlan.intent: code 'plann'" in "\n".join(told(joint, needed=""))
    assert "M120 CarePlan.status: code 'activ'" in "\n".join(told(carried))


def test_a_list_may_say_that_it_has_no_key() -> None:
    assert told("steps: {to: 'note[]', key: none, fields: {title: text}}") == []


def test_shared_mistakes_of_one_object_are_told_once() -> None:
    found = told("steps: {to: 'note[]', key: id, fields: {id: id, title: tekst.a, unit: tekst.b}}")

    assert len(found) == 1


def test_extensions_of_a_profiles_folder_beside_the_rules_are_known(tmp_path: Path) -> None:
    own = {
        "resourceType": "StructureDefinition", "url": "http://other.example/x", "type": "Extension",
        "derivation": "constraint", "kind": "complex-type",
        "context": [{"type": "element", "expression": "CarePlan"}],
        "differential": {"element": [
            {"id": "Extension", "path": "Extension"},
            {"id": "Extension.value[x]", "path": "Extension.value[x]", "type": [{"code": "string"}]},
        ]},
    }  # fmt: skip
    (tmp_path / "StructureDefinition-x.json").write_text(json.dumps(own))
    known = atlas(data_folder(DataFolder.PROFILES), tmp_path)
    text = plan("title: ext(http://other.example/x).valueString", NEEDED)
    wrong = text.replace("valueString", "valueCode")

    def codes(text: str) -> list[str]:
        file = load_texts({"plan": text}, KINDS).files["plan"]
        return [problem.code for problem in check(file, KINDS["plan"].schema(), known)]

    assert codes(text) == []
    assert codes(wrong) == ["M180"]


def test_what_no_rule_speaks_of_is_listed_when_asked_and_otherwise_silent() -> None:
    maps = Mappings.from_texts({"plan": plan("title: title", NEEDED, "ignore: {note: not ours}")}, KINDS)
    listed = {problem.where for problem in maps.not_mapped}

    assert maps.warnings == ()
    assert {"CarePlan.period", "CarePlan.activity"} <= listed
    assert listed.isdisjoint({"CarePlan.title", "CarePlan.status", "CarePlan.subject", "CarePlan.note"})


def test_every_problem_of_every_file_is_told_at_once() -> None:
    aim = "mapping: aim\nrecord: aim\nGoal:\n  fields: {wish: descripton.text, id: idd}\n"

    with pytest.raises(MappingError) as caught:
        Mappings.from_texts({"plan": plan_text("title: titel"), "aim": aim}, KINDS, checked=True)

    lines = str(caught.value).splitlines()
    assert [line.split(" ")[0] for line in lines] == ["aim.yaml:4:", "aim.yaml:4:", "plan.yaml:6:"]
