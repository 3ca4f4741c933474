"""Rules that can touch one element are written together; all others are independent of one another."""

from __future__ import annotations

from gateway.mapping.compiler.independence import groups
from tests.unit.mapping.small_maps import plan_lens


def grouped(fields: str, more: str = "") -> list[set[str]]:
    """The fields of each group of rules but that of the id, in the order of the rules."""
    block = plan_lens(fields, more=more).rules.root
    found: dict[int, set[str]] = {}
    for rule, group in zip(block.rules, groups(block), strict=True):
        if group is not None:
            name = rule.name if not hasattr(rule, "ours") else ".".join(rule.ours)
            found.setdefault(group, set()).add(name)
    return [names for names in found.values() if names != {"id"}]


def test_rules_of_different_elements_are_independent() -> None:
    assert grouped("title: title\nnumber: description\n") == [{"title"}, {"number"}]


def test_a_concept_and_its_words_belong_together() -> None:
    assert grouped("kind: {to: code, as: concept}\ntitle: code.text\nnumber: description\n") == [
        {"kind", "title"},
        {"number"},
    ]


def test_parts_of_one_object_are_independent_unless_one_lies_in_the_other() -> None:
    assert grouped("title: detail.title\nnumber: detail.number\n") == [{"title"}, {"number"}]


def test_all_that_write_into_one_list_belong_together() -> None:
    fields = 'title: "identifier[system=urn:a].value"\nnumber: "identifier[system=urn:b].value"\n'
    assert grouped(fields) == [{"title", "number"}]


def test_a_display_that_a_rule_maps_is_that_rules_own() -> None:
    # Else it would describe the reference, and go when that changes.
    fields = "person: {to: subject.reference, ref: Patient}\ntitle: subject.display\n"
    assert grouped(fields) == [{"person"}, {"title"}]


def test_every_type_of_a_value_belongs_to_the_choice_that_clears_it() -> None:
    fields = "dead: {choice: [deadBoolean, deadDateTime]}\ntitle: deadString\nnumber: description\n"
    assert grouped(fields) == [{"dead", "title"}, {"number"}]


def test_a_rule_that_only_reads_is_in_no_group() -> None:
    assert grouped("title: title\nnumber: {to: description, back: none, because: theirs}\n") == [{"title"}]
