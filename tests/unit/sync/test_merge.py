"""Three-way merge over top-level elements."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.fhir.compare import same
from gateway.fhir.json_codec import write
from gateway.sync.merge import Side, merge

NAMES = ("status", "title", "note", "_title", "period", "text")
values = st.one_of(
    st.sampled_from(["active", "on-hold", "Walk", ""]),
    st.sampled_from([Decimal("1.1"), Decimal("1.10"), 2]),
    st.lists(st.sampled_from(["a", "b"]), max_size=2),
    st.fixed_dictionaries(
        {"status": st.sampled_from(["generated", "additional"]), "div": st.sampled_from("xyz")}
    ),
)
resources = st.dictionaries(st.sampled_from(NAMES), values).map(
    lambda elements: {"resourceType": "CarePlan", **elements}
)


def plan(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "CarePlan", **elements}


BASE = plan(status="active", title="Walk", intent="plan")


def test_edits_to_different_elements_are_both_kept() -> None:
    here = Side(BASE, {**BASE, "title": "Walk daily"})
    there = Side(BASE, {**BASE, "status": "on-hold"})

    merged = merge(here, there)

    assert merged.resource == {**BASE, "title": "Walk daily", "status": "on-hold"}
    assert (merged.taken, merged.conflicts) == (("status",), ())


def test_an_element_both_edited_differently_is_a_conflict_and_the_kept_side_stands() -> None:
    merged = merge(Side(BASE, {**BASE, "title": "Swim"}), Side(BASE, {**BASE, "title": "Dance"}))

    assert merged.resource["title"] == "Swim"
    assert merged.conflicts == ("title",)


def test_an_element_both_edited_alike_is_no_conflict() -> None:
    merged = merge(Side(BASE, {**BASE, "title": "Swim"}), Side(BASE, {**BASE, "title": "Swim"}))
    assert merged.conflicts == merged.taken == ()


def test_a_removed_element_is_an_edit() -> None:
    merged = merge(Side(BASE, BASE), Side(BASE, plan(status="active", intent="plan")))
    assert "title" not in merged.resource


def test_a_server_that_rewrites_digits_has_not_edited_and_never_overwrites_ours() -> None:
    ours, theirs = plan(quantity=Decimal("1.10")), plan(quantity=Decimal("1.1"))

    merged = merge(Side(ours, ours), Side(theirs, {**theirs, "status": "active"}))

    assert write(merged.resource) == b'{"resourceType":"CarePlan","quantity":1.10,"status":"active"}'


def test_what_a_server_dropped_at_the_agreement_is_not_taken_away_here() -> None:
    there = plan(status="active")
    merged = merge(Side(BASE, BASE), Side(there, {**there, "status": "on-hold"}))
    assert merged.resource == {**BASE, "status": "on-hold"}


def test_a_value_that_came_from_the_other_side_is_no_edit_of_this_side() -> None:
    # Merged here after the agreement, not yet agreed again; then they change it once more.
    here = Side(BASE, {**BASE, "status": "on-hold"})
    there = Side({**BASE, "status": "on-hold"}, {**BASE, "status": "completed"})

    merged = merge(here, there)

    assert (merged.resource["status"], merged.conflicts) == ("completed", ())


def test_the_companion_of_a_primitive_travels_with_it() -> None:
    there = {**BASE, "title": "Marcher", "_title": {"extension": [{"url": "x", "valueCode": "fr"}]}}
    assert merge(Side(BASE, BASE), Side(BASE, there)).resource == there


def test_generated_narrative_never_describes_elements_that_changed() -> None:
    ours = {**BASE, "text": {"status": "generated", "div": "ours"}}
    theirs = {**BASE, "text": {"status": "generated", "div": "theirs"}}

    fetched = merge(Side(ours, ours), Side(theirs, {**theirs, "title": "Swim"}))
    mixed = merge(Side(ours, {**ours, "status": "on-hold"}), Side(theirs, {**theirs, "title": "Swim"}))

    assert fetched.resource["text"]["div"] == "theirs"
    assert "text" not in mixed.resource


def test_sides_that_never_agreed_give_each_other_what_is_missing_and_ask_about_the_rest() -> None:
    merged = merge(
        Side({}, plan(title="Walk", status="active")),
        Side({}, plan(title="Run", status="active", note=["x"])),
    )

    assert merged.resource == plan(title="Walk", status="active", note=["x"])
    assert merged.conflicts == ("title",)


def test_a_reserved_element_stays_and_is_told() -> None:
    other = Side(BASE, {**BASE, "status": "completed", "title": "Swim"})
    merged = merge(Side(BASE, BASE), other, frozenset({"status"}))

    assert merged.resource == {**BASE, "title": "Swim"}
    assert merged.conflicts == ("status",)


@given(resources, resources)
def test_when_only_the_other_side_edited_the_result_says_what_it_says(base: Any, now: Any) -> None:
    assert same(merge(Side(base, base), Side(base, now)).resource, now)


@given(resources, resources)
def test_when_only_this_side_edited_nothing_is_touched(base: Any, now: Any) -> None:
    merged = merge(Side(base, now), Side(base, base))
    assert merged.resource is now
    assert merged.taken == merged.conflicts == ()


@given(resources, resources, resources)
def test_without_conflicts_it_does_not_matter_which_side_is_kept(base: Any, a: Any, b: Any) -> None:
    one, other = Side(base, a), Side(base, b)
    merged, mirrored = merge(one, other), merge(other, one)

    assert merged.conflicts == mirrored.conflicts
    if not merged.conflicts:
        assert same(merged.resource, mirrored.resource)


@given(resources, resources, resources)
def test_nothing_is_invented(base: Any, a: Any, b: Any) -> None:
    merged = merge(Side(base, a), Side(base, b)).resource
    for name, value in merged.items():
        assert value in [side[name] for side in (a, b) if name in side]
