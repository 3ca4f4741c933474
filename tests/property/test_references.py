"""Laws of references."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.fhir.references import ReferenceKind, parse_reference, relative, rewrite, walk
from gateway.fhir.resource_types import R4_TYPES

IDS = st.from_regex(r"[A-Za-z0-9\-.]{1,64}", fullmatch=True)
TYPES = st.sampled_from(sorted(R4_TYPES))
HOLDERS = st.fixed_dictionaries({"reference": st.text(min_size=1)}, optional={"display": st.text()})
NAMES = st.sampled_from(["subject", "author", "extension", "contained", "x"])
NODES = st.recursive(
    HOLDERS | st.text() | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
)
RESOURCES = st.dictionaries(NAMES, NODES).map(lambda parts: {"resourceType": "CarePlan", **parts})


@given(TYPES, IDS)
def test_a_relative_reference_is_read_back(resource_type: str, logical_id: str) -> None:
    reference = parse_reference(relative(resource_type, logical_id))

    assert (reference.kind, reference.type, reference.id) == (
        ReferenceKind.RELATIVE,
        resource_type,
        logical_id,
    )


@given(st.text())
def test_any_text_is_some_kind_of_reference(text: str) -> None:
    assert parse_reference(text).text == text


@given(RESOURCES)
def test_rewriting_nothing_returns_the_very_same_resource(resource: dict[str, Any]) -> None:
    assert rewrite(resource, lambda text: text) is resource


@given(RESOURCES)
def test_rewriting_reaches_what_walking_finds_and_leaves_the_original(resource: dict[str, Any]) -> None:
    before = repr(resource)

    rewritten = rewrite(resource, lambda text: text + "!")

    assert [path for path, _ in walk(rewritten)] == [path for path, _ in walk(resource)]
    assert [h["reference"] for _, h in walk(rewritten)] == [h["reference"] + "!" for _, h in walk(resource)]
    assert repr(resource) == before
    assert rewrite(rewritten, lambda text: text.removesuffix("!")) == resource
