"""No field of a record is dropped in silence when it is written."""

from __future__ import annotations

from gateway.mapping import Mappings
from gateway.mapping.record_account import Fate, record_account
from tests.unit.mapping.small_maps import plan_lens

MAPS = Mappings.load()


def test_a_misspelt_field_is_named_with_the_field_that_was_meant() -> None:
    put = MAPS["goal"].create({"id": "g", "descripton": "Walk", "targets": [{"id": "1", "mesure": "km"}]})

    assert put.refused == ()
    assert [(issue.severity, issue.expression, issue.text) for issue in put.issues] == [
        (
            "warning",
            "descripton",
            "not written: the record has no such field - did you mean 'description'?",
        ),
        (
            "warning",
            "targets[0].mesure",
            "not written: the record has no such field - did you mean 'measure'?",
        ),
    ]


def test_a_derived_field_is_named_once_and_calmly() -> None:
    put = MAPS["referral"].create(
        {"id": "r", "state": "sent", "events": [{"move": "send", "at": "2026-11-25T10:00:00Z"}]}
    )

    assert [(issue.severity, issue.expression) for issue in put.issues] == [
        ("information", "state"),
        ("information", "events"),
    ]


def test_a_read_only_field_is_named_only_when_it_says_something_new() -> None:
    lens = MAPS["goal"]
    held = {"Goal": {"resourceType": "Goal", "id": "g", "meta": {"versionId": "3"}}}
    record = lens.get(held).record

    assert lens.put(record, held).issues == ()
    changed = lens.put({**record, "version": "4"}, held).issues
    assert [(issue.severity, issue.expression, issue.text) for issue in changed] == [
        ("information", "version", "not written: it is only read: the store numbers versions")
    ]


def test_a_field_that_the_schema_knows_and_no_rule_maps_is_named() -> None:
    lens = plan_lens("title: title")

    issues = lens.create({"id": "p", "title": "t", "state": "active", "steps": [{"title": "x"}]}).issues

    assert [issue.expression for issue in issues] == ["state", "steps"]


def test_what_a_codec_has_no_place_for_is_named() -> None:
    lens = plan_lens("title: title\nsteps: {to: 'activity[]', fields: {title: detail.title}}")

    put = lens.create({"id": "p", "title": "t", "steps": [{"title": "a", "unit": "kg"}]})

    assert [issue.expression for issue in put.issues] == ["steps[0].unit"]


def test_every_leaf_has_one_fate_and_a_refused_one_is_told_by_its_rule() -> None:
    lens = MAPS["goal"]
    record = {"id": "g", "person": "Group/1", "description": "Walk", "version": "2", "colour": "red"}
    put = lens.create(record)

    leaves = record_account(lens, record, put.resources, put.refused)

    assert {leaf.field: leaf.fate for leaf in leaves} == {
        "id": Fate.WRITTEN,
        "person": Fate.REFUSED,
        "description": Fate.WRITTEN,
        "version": Fate.READ_ONLY,
        "colour": Fate.NO_RULE,
    }
    assert [issue.severity for issue in put.issues] == ["error", "information", "warning"]
