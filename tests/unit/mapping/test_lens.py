"""Each construct of the language, both ways: what it reads, what it writes, and what it leaves alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from gateway.errors import MappingError
from tests.unit.mapping.small_maps import created, got, plan_lens, put

SNOMED = "http://snomed.info/sct"
OURS = "https://care-gateway.example/fhir/StructureDefinition/"


def test_a_value_that_already_reads_the_same_is_left_as_it_was_spelt() -> None:
    lens = plan_lens(
        "steps: {to: 'activity[]', fields: {amount: {to: n, as: decimal}}}\nmade_at: {to: at, as: utc}"
    )
    plan = {"activity": [{"n": Decimal("1.10")}], "at": "2015-02-07T13:28:17+02:00"}

    assert put(lens, {"steps": [{"amount": Decimal("1.1")}], "made_at": "2015-02-07T11:28:17Z"}, plan) == plan


def test_what_is_put_shares_what_did_not_change_and_alters_nothing_given() -> None:
    lens = plan_lens("title: title\nperson: {to: subject.reference, ref: Patient}")
    given = {"resourceType": "CarePlan", "title": "old", "subject": {"reference": "Patient/1"}}
    before = {"CarePlan": given}

    after = lens.put({"title": "new", "person": "1"}, before).resources["CarePlan"]

    assert after == {**given, "title": "new"}
    assert after["subject"] is given["subject"]
    assert given["title"] == "old"


def test_a_selected_item_is_found_made_and_taken_away() -> None:
    lens = plan_lens("number: identifier[system=urn:ours].value")
    other = {"system": "urn:theirs", "value": "7"}

    assert got(lens, {"identifier": [other, {"system": "urn:ours", "value": "1"}]})["number"] == "1"
    assert put(lens, {"number": "2"}, {"identifier": [other]}) == {
        "identifier": [other, {"system": "urn:ours", "value": "2"}]
    }
    assert put(lens, {}, {"identifier": [{"system": "urn:ours", "value": "1"}, other]}) == {
        "identifier": [other]
    }
    assert put(lens, {}, {"identifier": [{"system": "urn:ours", "value": "1", "use": "old"}]}) == {
        "identifier": [{"system": "urn:ours", "use": "old"}]
    }


def test_clearing_the_first_of_several_is_refused_rather_than_showing_the_second() -> None:
    lens = plan_lens("title: note[0].text")
    plan = {"resourceType": "CarePlan", "note": [{"text": "a"}, {"text": "b"}]}

    refused = lens.put({}, {"CarePlan": plan})

    assert refused.resources["CarePlan"] is plan
    assert [issue.severity for issue in refused.refused] == ["error"]
    assert put(lens, {}, {"note": [{"text": "a"}]}) == {}


def test_extensions_are_made_in_our_namespace_and_pruned_when_empty() -> None:
    lens = plan_lens("lead: ext(lead).valueBoolean")
    theirs = {"url": "https://their.example/x", "valueCode": "y"}

    assert created(lens, {"lead": True}) == {"extension": [{"url": f"{OURS}lead", "valueBoolean": True}]}
    assert put(lens, {}, {"extension": [theirs, {"url": f"{OURS}lead", "valueBoolean": True}]}) == {
        "extension": [theirs]
    }


def test_repeated_extensions_are_a_list_with_extensions_inside() -> None:
    lens = plan_lens(
        "agreed: {to: 'ext(agreed)[]', fields: {title: ext(if).valueString, words: ext(then).valueString}}"
    )
    theirs = {"url": "https://their.example/x"}
    record = {"agreed": [{"title": "a", "words": "b"}]}

    plan = put(lens, record, {"extension": [theirs]})

    assert plan["extension"][0] is theirs
    assert plan["extension"][1]["url"] == f"{OURS}agreed"
    assert [inner["url"] for inner in plan["extension"][1]["extension"]] == ["if", "then"]
    assert got(lens, plan) == record


def test_one_of_several_codes_for_one_word_stays_the_one_it_was() -> None:
    lens = plan_lens("state: {to: status, codes: {on: active, off: [revoked, entered-in-error]}}")

    assert put(lens, {"state": "off"}, {"status": "entered-in-error"}) == {"status": "entered-in-error"}
    assert put(lens, {"state": "off"}, {"status": "active"}) == {"status": "revoked"}


def test_a_code_without_a_word_is_kept_not_read_and_reported_without_its_value() -> None:
    lens = plan_lens("state: {to: status, codes: {on: active}}")

    read = lens.get({"CarePlan": {"resourceType": "CarePlan", "status": "secret-code"}})

    assert read.record == {}
    assert [issue.expression for issue in read.issues] == ["CarePlan.status"]
    assert "secret-code" not in str(read.issues)
    assert put(lens, {}, {"status": "secret-code"}) == {"status": "secret-code"}


def test_a_changed_reference_keeps_nothing_that_described_the_old_one() -> None:
    lens = plan_lens("person: {to: subject.reference, ref: Patient}")
    subject = {
        "reference": "Patient/1",
        "display": "old name",
        "type": "Patient",
        "_reference": {"id": "x"},
        "id": "s",
    }

    assert put(lens, {"person": "2"}, {"subject": subject}) == {
        "subject": {"reference": "Patient/2", "id": "s"}
    }
    assert put(lens, {"person": "1"}, {"subject": subject}) == {"subject": subject}


def test_a_display_that_is_only_read_goes_stale_with_its_reference() -> None:
    lens = plan_lens(
        "author: {to: a.display, back: none, because: it tells of a}\nperson: {to: a.reference, ref: Patient}"
    )
    plan = {"a": {"reference": "Patient/1", "display": "old name"}}

    assert got(lens, plan) == {"author": "old name", "person": "1"}
    assert put(lens, {"author": "ignored", "person": "2"}, plan) == {"a": {"reference": "Patient/2"}}


def test_a_selected_code_that_changes_takes_translations_and_text_with_it() -> None:
    lens = plan_lens(f"sct: code.coding[system={SNOMED}].code")
    code = {"coding": [{"code": "other"}, {"system": SNOMED, "code": "1", "display": "one"}], "text": "one"}

    assert put(lens, {"sct": "2"}, {"code": code}) == {"code": {"coding": [{"system": SNOMED, "code": "2"}]}}


def test_a_concept_and_its_text_are_two_fields_of_one_element() -> None:
    lens = plan_lens("kind: {to: code, as: concept}\nkind_text: code.text")
    plan = {"code": {"coding": [{"code": "1"}], "text": "words"}}

    assert got(lens, plan) == {"kind": {"code": "1"}, "kind_text": "words"}
    assert put(lens, {"kind_text": "words"}, plan) == {"code": {"text": "words"}}
    assert put(lens, {"kind": {"code": "2"}}, plan) == {"code": {"coding": [{"code": "2"}]}}


def test_items_carry_what_the_record_does_not_know_wherever_they_go() -> None:
    lens = plan_lens(
        "steps: {to: 'activity[]', key: id, where: detail, fields: {id: id, title: detail.title}}"
    )
    one = {"id": "1", "detail": {"title": "a"}, "theirs": 1}
    two = {"id": "2", "detail": {"title": "b"}, "theirs": 2}
    foreign = {"reference": {"reference": "Task/9"}}

    after = put(
        lens,
        {"steps": [{"id": "2", "title": "B"}, {"id": "1", "title": "a"}]},
        {"activity": [foreign, one, two]},
    )

    assert after["activity"] == [foreign, {**two, "detail": {"title": "B"}}, one]
    assert after["activity"][2] is one


def test_primitive_lists_keep_step_with_their_siblings() -> None:
    lens = plan_lens("given: {to: 'given[]'}")
    plan = {"given": ["Ann", None, "Mary"], "_given": [None, {"id": "absent"}, {"id": "mary"}]}

    assert got(lens, plan) == {"given": ["Ann", "Mary"]}
    assert put(lens, {"given": ["Mary", "Jo"]}, plan) == {
        "given": [None, "Mary", "Jo"],
        "_given": [{"id": "absent"}, {"id": "mary"}, None],
    }


def test_a_single_object_where_an_array_belongs_is_read_and_repaired_only_when_written() -> None:
    lens = plan_lens("steps: {to: 'activity[]', fields: {title: title}}")
    plan = {"activity": {"title": "a"}}

    assert put(lens, {"steps": [{"title": "a"}]}, plan) == plan
    assert put(lens, {"steps": [{"title": "b"}]}, plan) == {"activity": [{"title": "b"}]}


def test_two_rules_share_a_list_by_the_type_of_their_references() -> None:
    lens = plan_lens(
        "letters: {to: 'info[].reference', ref: document}\n"
        "basis: {to: 'info[].reference', ref: CarePlan, one: true}"
    )
    info = [{"reference": r} for r in ("CarePlan/1", "DocumentReference/2", "urn:uuid:3", "CarePlan/4")]

    assert got(lens, {"info": info}) == {"letters": ["2"], "basis": "1"}
    after = put(lens, {"letters": [], "basis": "9"}, {"info": info})
    assert [item["reference"] for item in after["info"]] == ["CarePlan/9", "urn:uuid:3", "CarePlan/4"]


@pytest.mark.parametrize(
    ("value", "plan"), [(True, {"deadBoolean": True}), ("1987-06", {"deadDateTime": "1987-06"})]
)
def test_a_choice_takes_the_form_that_can_say_the_value(value: Any, plan: dict[str, Any]) -> None:
    lens = plan_lens("dead: {choice: [deadBoolean, deadDateTime]}")

    assert created(lens, {"dead": value}) == plan
    assert got(lens, plan) == {"dead": value}
    unmapped = {"deadAge": {"value": 9}, "_deadString": {"id": "x"}}
    assert put(lens, {"dead": value}, unmapped) == plan
    assert put(lens, {}, plan) == {}


def test_a_choice_of_several_fields_has_one_form_at_a_time() -> None:
    lens = plan_lens(
        "steps:\n"
        "  to: t[]\n"
        "  choices:\n"
        "    v:\n"
        "      - {amount: valueQuantity.value, unit: valueQuantity.unit}\n"
        "      - {low: valueRange.low.value, unit: {to: valueRange.low.unit, also: valueRange.high.unit}}\n"
        "      - {words: valueString}"
    )
    kilos = {"valueQuantity": {"value": 1, "unit": "kg", "code": "kg", "system": "u"}}

    assert put(lens, {"steps": [{"words": "less"}]}, {"t": [kilos]}) == {"t": [{"valueString": "less"}]}
    assert (
        put(lens, {"steps": [{"amount": 2, "unit": "kg"}]}, {"t": [kilos]})["t"][0]["valueQuantity"]["code"]
        == "kg"
    )
    grams = put(lens, {"steps": [{"amount": 2, "unit": "g"}]}, {"t": [kilos]})
    assert grams == {"t": [{"valueQuantity": {"value": 2, "unit": "g"}}]}
    refused = lens.put({"steps": [{"amount": 2, "words": "x"}]}, {"CarePlan": {"t": [kilos]}})
    assert [issue.severity for issue in refused.refused] == ["error"]


def test_a_unit_that_two_elements_share_is_written_to_both_of_them() -> None:
    lens = plan_lens("address: {to: r, fields: {unit: {to: low.unit, also: high.unit}}}")
    plan = {
        "r": {
            "low": {"value": 1, "unit": "kg", "code": "kg"},
            "high": {"value": 2, "unit": "kg", "code": "kg"},
        }
    }

    after = put(lens, {"address": {"unit": "g"}}, plan)

    assert after == {"r": {"low": {"value": 1, "unit": "g"}, "high": {"value": 2, "unit": "g"}}}
    assert got(lens, {"r": {"high": {"unit": "kg"}}}) == {"address": {"unit": "kg"}}


def test_fixed_values_are_written_on_create_only_and_hidden_from_lists() -> None:
    fixed = "  fixed: {intent: plan, 'category[]': {coding: [{code: ours}]}}\n"
    lens = plan_lens("kinds: {to: 'category[]', as: concept-and-text}\nstate: intent", more=fixed)
    ours = {"coding": [{"code": "ours"}]}

    assert created(lens, {"kinds": [{"text": "x"}]}) == {"category": [{"text": "x"}, ours], "intent": "plan"}
    assert created(lens, {"state": "order"}) == {"intent": "order", "category": [ours]}
    assert got(lens, {"category": [{"coding": [{"code": "ours", "version": "1"}]}, {"text": "x"}]}) == {
        "kinds": [{"text": "x"}]
    }
    assert put(lens, {}, {"title": "t"}) == {"title": "t"}


def test_generated_narrative_goes_or_is_written_anew_when_the_resource_changed() -> None:
    generated = {"status": "generated", "div": "<div>old</div>"}
    written = {"status": "additional", "div": "<div>a person wrote this</div>"}
    plain, template = (
        plan_lens("title: title"),
        plan_lens("title: title", more="  narrative: 'Plan: {title}'\n"),
    )

    assert put(plain, {"title": "b"}, {"title": "a", "text": generated}) == {"title": "b"}
    assert put(plain, {"title": "a"}, {"title": "a", "text": generated})["text"] is generated
    assert put(plain, {"title": "b"}, {"title": "a", "text": written})["text"] is written
    assert (
        "Plan: &lt;b&gt;" in put(template, {"title": "<b>"}, {"title": "a", "text": generated})["text"]["div"]
    )


def test_a_value_that_cannot_be_expressed_is_refused_and_its_element_left() -> None:
    lens = plan_lens("person: {to: subject.reference, ref: Patient}\ntitle: title")
    plan = {"resourceType": "CarePlan", "subject": {"reference": "Patient/1"}, "title": "a"}

    result = lens.put({"person": "Group/1", "title": "b"}, {"CarePlan": plan})

    assert result.resources["CarePlan"] == {**plan, "title": "b"}
    assert [(issue.expression, issue.severity) for issue in result.refused] == [
        ("CarePlan.subject.reference", "error")
    ]
    assert "plan.person @ plan.yaml:6" in result.refused[0].diagnostics


def test_null_absent_and_empty_are_one_in_a_record() -> None:
    lens = plan_lens("title: title\ngiven: {to: 'given[]'}")
    plan = {"note": [{"text": "x"}]}

    assert put(lens, {"title": None, "given": []}, plan) == plan
    assert put(lens, {"title": None}, {**plan, "title": "a"}) == plan


def test_a_lens_says_what_it_was_given_when_its_resource_is_missing() -> None:
    lens = plan_lens("title: title")

    with pytest.raises(MappingError, match="reads one CarePlan; it was given: Goal"):
        lens.get({"Goal": []})


def test_one_lens_serves_many_threads() -> None:
    lens = plan_lens("title: title\nsteps: {to: 'activity[]', key: id, fields: {id: id, title: title}}")
    plan = {"resourceType": "CarePlan", "activity": [{"id": str(n), "title": "t", "x": n} for n in range(20)]}

    def edit(number: int) -> Any:
        steps = [{"id": str(n), "title": f"t{number}"} for n in reversed(range(20))]
        return lens.put({"steps": steps}, {"CarePlan": plan}).resources["CarePlan"]["activity"]

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(edit, range(40)))

    assert all(
        items == [{"id": str(n), "title": f"t{number}", "x": n} for n in reversed(range(20))]
        for number, items in enumerate(results)
    )


def test_a_changed_value_leaves_no_value_of_another_type_beside_it() -> None:
    lens = plan_lens("dead: {choice: [deadBoolean, deadDateTime]}")
    plan = {"deadBoolean": True, "deadDateTime": "2026", "deadString": "long ago", "_deadString": {"id": "x"}}

    assert put(lens, {"dead": True}, plan) == plan
    assert put(lens, {"dead": False}, plan) == {"deadBoolean": False}
