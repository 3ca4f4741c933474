"""ConceptMaps: two tables, with every loss said and nothing guessed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.errors import MappingError
from gateway.mapping import Lens, laws
from gateway.mapping.terminology import ConceptMaps, Wishes, shipped, translation
from gateway.places import DataFolder, data_folder
from tests.unit.mapping.small_maps import Plan, created, got, load, plan_lens, plan_text, put

OURS, THEIRS = "urn:ours", "urn:theirs"


def concept_map(*rows: tuple[str, str | None, str], **more: Any) -> dict[str, Any]:
    """A ConceptMap of (source, target, equivalence) rows."""
    elements: dict[str, Any] = {}
    for source, target, equivalence in rows:
        entry = elements.setdefault(source, {"code": source, "display": source.title(), "target": []})
        code = {} if target is None else {"code": target, "display": f"their {target}"}
        entry["target"].append({**code, "equivalence": equivalence})
    group = {"source": OURS, "target": THEIRS, "element": [*elements.values()]}
    return {"resourceType": "ConceptMap", "id": "small", "group": [group], **more}


ROWS = (
    ("full", "f", "equivalent"),
    ("closed", "c", "equal"),
    ("moved", "c", "wider"),
    ("vague", "v", "narrower"),
    ("odd", None, "unmatched"),
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small ConceptMap under the name `small`."""
    monkeypatch.setattr(
        ConceptMaps, "find", lambda self, name: concept_map(*ROWS) if name == "small" else None
    )


def compiled(*rows: tuple[str, str | None, str], **wishes: Any) -> tuple[Any, list[str]]:
    """The tables, and what was complained about."""
    complaints: list[str] = []
    found = translation(
        concept_map(*rows), Wishes(**wishes), lambda code, text: complaints.append(f"{code} {text}")
    )
    return found, complaints


def test_it_is_two_tables_and_the_loss_of_each_use() -> None:
    found, complaints = compiled(*ROWS)

    assert complaints == []
    assert found.theirs_of == {"full": "f", "closed": "c", "moved": "c", "vague": "v"}
    assert found.ours_of == {"f": "full", "c": "closed", "v": "vague"}
    assert found.unmatched == {"odd"}
    assert found.lossy_out == {
        "moved": "'moved' is written as 'c', which is wider and reads back as 'closed'",
        "vague": "'vague' is written as 'v', which is narrower",
    }
    assert found.lossy_in == {"v": "'v' is read as 'vague'; theirs is narrower"}


def test_the_map_can_be_read_from_its_target() -> None:
    found, complaints = compiled(*ROWS, ours_is_source=False, prefer={"closed": "c"})

    assert complaints == []
    assert (found.ours, found.theirs) == (THEIRS, OURS)
    assert found.theirs_of == {"f": "full", "c": "closed", "v": "vague"}
    assert found.lossy_in["moved"] == "'moved' is read as 'c'; theirs is narrower"


@pytest.mark.parametrize(
    ("rows", "wishes", "complaint"),
    [
        ([("a", "x", "wider"), ("b", "x", "wider")], {}, "M140 'x' has several partners ('a', 'b')"),
        ([("a", "x", "equal"), ("a", "y", "equal")], {}, "M140 'a' has several partners ('x', 'y')"),
        (
            [("a", "x", "equal"), ("b", "x", "equal")],
            {"prefer": {"x": "c"}},
            "M141 prefer: the ConceptMap does not",
        ),
        ([("a", "x", "equal")], {"theirs": "urn:else"}, "M143 this ConceptMap has no group"),
    ],
)
def test_what_is_ambiguous_is_never_guessed(rows: Any, wishes: Any, complaint: str) -> None:
    _, complaints = compiled(*rows, **wishes)

    assert any(said.startswith(complaint) for said in complaints)


def test_a_partner_that_depends_on_other_elements_is_refused() -> None:
    resource = concept_map(("a", "x", "equal"))
    resource["group"][0]["element"][0]["target"][0]["dependsOn"] = [{"property": "p", "value": "v"}]
    complaints: list[str] = []

    translation(resource, Wishes(), lambda code, text: complaints.append(f"{code} {text}"))

    assert complaints == ["M143 what 'a' becomes depends on other elements (dependsOn): map it by a switch"]


def test_a_display_of_the_record_s_own_is_reported_when_it_cannot_be_kept(small: None) -> None:
    own = {**ours("full"), "display": "No room at all"}

    result = concept_lens("error").create({"kind": own})

    assert result.resources["CarePlan"]["why"] == {"coding": [theirs("f")]}
    assert "without the record's own display" in result.issues[0].text


def test_a_wish_settles_what_is_ambiguous() -> None:
    found, complaints = compiled(("a", "x", "wider"), ("b", "x", "wider"), prefer={"x": "b"})

    assert (complaints, found.ours_of) == ([], {"x": "b"})


@pytest.fixture
def coded(small: None) -> Lens:
    """A lens over a bare code."""
    return plan_lens(
        "state: {to: 'why.coding[system=urn:theirs].code', codes: {conceptmap: small}}\ntitle: title"
    )


def code(theirs: str) -> dict[str, Any]:
    return {"why": {"coding": [{"system": THEIRS, "code": theirs}]}}


def test_a_code_is_translated_both_ways_and_each_loss_is_reported(coded: Lens) -> None:
    assert created(coded, {"state": "full"}) == code("f")
    assert got(coded, code("c")) == {"state": "closed"}
    lossy = coded.create({"state": "moved"})
    assert [issue.text for issue in lossy.issues] == [
        "lossy-code: 'moved' is written as 'c', which is wider and reads back as 'closed'"
    ]
    read = coded.get({"CarePlan": {"resourceType": "CarePlan", **code("v")}})
    assert read.record == {"state": "vague"}
    assert "lossy-code: 'v' is read as 'vague'; theirs is narrower" in [issue.text for issue in read.issues]


def test_a_code_without_a_partner_is_refused_and_never_empty(coded: Lens) -> None:
    result = coded.put({"state": "odd"}, {"CarePlan": {"resourceType": "CarePlan", **code("f")}})

    assert result.resources["CarePlan"] == {"resourceType": "CarePlan", **code("f")}
    assert "cannot be expressed" in result.refused[0].text


def test_a_translated_code_holds_the_laws(coded: Lens) -> None:
    laws.check(coded, Plan(), cases=60)


def concept_lens(unmatched: str) -> Lens:
    codes = f"{{conceptmap: small, unmatched: {unmatched}}}"
    return plan_lens(f"kind: {{to: why, as: concept, codes: {codes}}}\ntitle: title")


def ours(word: str) -> dict[str, str]:
    return {"system": OURS, "code": word, "display": word.title()}


def theirs(word: str) -> dict[str, str]:
    return {"system": THEIRS, "code": word, "display": f"their {word}"}


@pytest.mark.parametrize("unmatched", ["error", "carry", "text-only"])
def test_a_translated_concept_holds_the_laws(small: None, unmatched: str) -> None:
    laws.check(concept_lens(unmatched), Plan(), cases=80)


def test_with_carry_our_own_code_rides_along_where_theirs_does_not_tell_it(small: None) -> None:
    lens = concept_lens("carry")

    assert created(lens, {"kind": ours("full")}) == {"why": {"coding": [theirs("f")]}}
    assert created(lens, {"kind": ours("moved")}) == {"why": {"coding": [theirs("c"), ours("moved")]}}
    assert created(lens, {"kind": ours("odd")}) == {"why": {"coding": [ours("odd")]}}
    assert got(lens, {"why": {"coding": [theirs("c"), ours("moved")]}}) == {"kind": ours("moved")}


def test_a_partner_who_changes_the_visible_code_wins_over_what_rides_along(small: None) -> None:
    lens, changed = concept_lens("carry"), {"why": {"coding": [theirs("f"), ours("moved")]}}

    assert got(lens, changed) == {"kind": ours("full")}
    assert put(lens, {"kind": ours("full"), "title": "Home"}, changed) == {**changed, "title": "Home"}


def test_a_code_that_the_map_does_not_know_passes_with_carry_and_is_kept_without(small: None) -> None:
    foreign = {"why": {"coding": [{"system": "urn:else", "code": "q"}]}}

    assert got(concept_lens("carry"), foreign) == {"kind": {"system": "urn:else", "code": "q"}}
    assert got(concept_lens("error"), foreign) == {}
    assert put(concept_lens("error"), {"title": "Home"}, foreign) == {**foreign, "title": "Home"}


def test_text_only_writes_words_where_there_is_no_code(small: None) -> None:
    lens = concept_lens("text-only")

    assert created(lens, {"kind": ours("odd")}) == {"why": {"text": "Odd"}}
    assert got(lens, {"why": {"text": "Odd"}}) == {"kind": ours("odd")}
    assert got(lens, {"why": {"text": "Something else"}}) == {}


def test_a_changed_code_takes_text_and_other_codings_with_it(small: None) -> None:
    old = {"why": {"id": "w", "coding": [{**theirs("f"), "version": "1"}, {"code": "x"}], "text": "full up"}}

    assert put(concept_lens("error"), {"kind": ours("closed")}, old) == {
        "why": {"id": "w", "coding": [theirs("c")]}
    }
    assert put(concept_lens("error"), {"kind": ours("full"), "title": "Home"}, old) == {
        **old,
        "title": "Home",
    }


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("state: {to: why, codes: {conceptmap: smal}}", "M143 plan.state: there is no ConceptMap 'smal'"),
        ("state: {to: why, codes: {conceptmap: small, prefr: {}}}", "M001 plan.state: unknown key 'prefr'"),
        (
            "state: {to: why, codes: {conceptmap: small, unmatched: carry}}",
            "M143 plan.state: a bare code has no place",
        ),
        (
            "kind: {to: why, as: concept, codes: {conceptmap: small, unmatched: drop}}",
            "M143 plan.kind: unmatched is one of",
        ),
        (
            "kind: {to: why, as: concept, codes: {conceptmap: small, ours: left}}",
            "M143 plan.kind: ours is the source or",
        ),
        (
            "kind: {to: why, as: coding, codes: {conceptmap: small}}",
            "M105 plan.kind: as and codes exclude each other",
        ),
    ],
)
def test_a_mistake_about_a_concept_map_is_named(small: None, rule: str, expected: str) -> None:
    with pytest.raises(MappingError) as caught:
        load(plan_text(rule))

    assert expected in str(caught.value)


def test_words_of_a_concept_map_can_ride_along_beside_a_bare_code(small: None) -> None:
    lens = plan_lens("state: {to: status, codes: {conceptmap: small}, carry: ext(why)}")

    assert created(lens, {"state": "moved"})["extension"][0]["valueCode"] == "moved"
    laws.check(lens, Plan(), cases=60)


def test_the_states_of_a_leg_all_have_a_bser_status_or_a_reason_why_not() -> None:
    folder = data_folder(DataFolder.PROFILES)
    resource = shipped().find("https://care-gateway.example/fhir/ConceptMap/referral-state-to-bser|0.1.0")
    assert resource is not None
    complaints: list[str] = []

    found = translation(resource, Wishes(), lambda code, text: complaints.append(f"{code} {text}"))

    states = json.loads((folder / "CodeSystem-referral-state.json").read_text(encoding="utf-8"))
    assert complaints == []
    assert {each["code"] for each in states["concept"]} == found.theirs_of.keys() | found.unmatched
    assert (found.theirs_of["expired"], found.ours_of["6.0"]) == ("6.0", "cancelled")


def test_a_shipped_concept_map_is_found_by_its_file_s_name() -> None:
    for path in data_folder(DataFolder.PROFILES).glob("ConceptMap-*.json"):
        assert shipped().find(path.stem.partition("-")[2]) is not None
