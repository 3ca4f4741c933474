"""Nothing is dropped in silence: every element is read, accounted for by the map, or reported as not mapped.

Over all published resources of the mapped types, and over generated ones full of what no rule knows. The
elements are counted here, apart from the accounting that is on trial.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.mapping import Lens, Mappings
from gateway.mapping.account import Account, Bucket, account
from gateway.mapping.laws.records import drawing, record_drawer
from gateway.mapping.laws.sources import Sources
from gateway.mapping.record_account import Fate, record_account
from gateway.mapping.unread import NO_RULE
from gateway.records import RECORDS
from tests.mappings.published import published

MAPS = Mappings.load()
ALL_MAPS = st.sampled_from(sorted(MAPS))
GENERATED = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


def elements(value: Any, at: str = "") -> Iterator[str]:
    """Every primitive that is there, once, written as FHIRPath."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from elements(inner, f"{at}.{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from elements(inner, f"{at}[{index}]")
    elif value is not None:
        yield at


def in_resources(resources: dict[str, Any]) -> Iterator[str]:
    for name, held in resources.items():
        for resource in held if isinstance(held, list) else [held]:
            yield from elements(resource, name)


def assert_nothing_is_silent(lens: Lens, resources: dict[str, Any]) -> Account:
    found = account(lens, resources)
    assert Counter(leaf.element for leaf in found.leaves) == Counter(in_resources(resources))

    issues = found.issues()
    assert len(set(issues)) == len(issues) or _several_of_a_type(resources)
    told = {issue.expression for issue in issues}
    for leaf in found.leaves:
        if leaf.bucket is Bucket.UNMAPPED:
            assert leaf.why
            assert leaf.element in told or any(_is_inside(leaf.element, place) for place in told), (
                leaf.element
            )
        elif leaf.bucket is Bucket.MAPPED:
            assert leaf.origin is not None
            assert leaf.element not in told or _several_of_a_type(resources)
    return found


def _several_of_a_type(resources: dict[str, Any]) -> bool:
    # The path of an element does not say which of several resources of a type it stands in.
    return any(isinstance(held, list) and len(held) > 1 for held in resources.values())


def _is_inside(element: str, place: str) -> bool:
    return element.startswith((f"{place}.", f"{place}["))


@pytest.mark.shared_data
@pytest.mark.parametrize("kind", sorted(MAPS.types))
def test_no_element_of_a_published_resource_is_silent(shared_data: Path, kind: str) -> None:
    lens = MAPS.for_type(kind)
    tried: set[str] = set()
    for _, resource in published(shared_data, kind):
        found = assert_nothing_is_silent(lens, {kind: resource})
        for leaf in found.leaves:
            if leaf.why == NO_RULE and isinstance(leaf.value, str) and leaf.element not in tried:
                # What no rule reads can say anything: the record stays the same.
                tried.add(leaf.element)
                other = _with(resource, leaf.at[2:], "something else altogether")
                assert lens.get({kind: other}).record == found.record, leaf.element


def _with(node: Any, at: tuple[str | int, ...], value: Any) -> Any:
    if not at:
        return value
    if isinstance(node, dict):
        return {**node, at[0]: _with(node[at[0]], at[1:], value)}
    return [_with(child, at[1:], value) if index == at[0] else child for index, child in enumerate(node)]


@GENERATED
@given(name=ALL_MAPS, data=st.data())
def test_no_element_of_a_generated_resource_is_silent(name: str, data: st.DataObject) -> None:
    lens = MAPS[name]
    random = Random(data.draw(st.integers(0, 2**32)))
    source = Sources(lens.rules).enriched(lens.create(drawn_record(lens, random)).resources, (), random)

    assert lens.get(source).issues == assert_nothing_is_silent(lens, source).issues()


@GENERATED
@given(name=ALL_MAPS, data=st.data())
def test_no_field_of_a_record_is_silent_when_it_is_written(name: str, data: st.DataObject) -> None:
    lens = MAPS[name]
    random = Random(data.draw(st.integers(0, 2**32)))
    record = {**drawn_record(lens, random), "id": "1"}
    held = lens.create({**drawn_record(lens, random), "id": "1"}).resources
    spoilt = misspelt(record, data)

    put = lens.put(spoilt, held)

    leaves = record_account(lens, spoilt, put.resources, put.refused, lens.get(held).record)
    assert Counter(f".{leaf.field}" for leaf in leaves) == Counter(elements(spoilt))
    told = {issue.expression for issue in put.issues}
    for leaf in leaves:
        if leaf.fate in (Fate.NO_RULE, Fate.LOST, Fate.DERIVED):
            assert any(leaf.field == place or _is_inside(leaf.field, place) for place in told), leaf.field
    misspelt_leaves = [leaf for leaf in leaves if "mispelt" in leaf.field]
    # Inside a code it is the codec that refuses it.
    assert {leaf.fate for leaf in misspelt_leaves} <= {Fate.NO_RULE, Fate.REFUSED}
    assert Fate.NO_RULE in {leaf.fate for leaf in misspelt_leaves}
    assert all(leaf.fate is Fate.WRITTEN for leaf in leaves if leaf not in misspelt_leaves and not leaf.why)


def drawn_record(lens: Lens, random: Random) -> dict[str, Any]:
    """A record that this map can hold."""
    draw = record_drawer(lens.rules.root, RECORDS[lens.rules.record].schema())
    drawn: dict[str, Any] = draw(drawing(random))
    return drawn


def misspelt(record: dict[str, Any], data: st.DataObject) -> dict[str, Any]:
    """The record with a field that nobody knows, at the top and in an item of a list of objects."""
    spoilt = {**record, "mispelt": data.draw(st.sampled_from(["x", 1, ["a"], {"deep": [{"er": "y"}]}]))}
    for name, value in record.items():
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            spoilt[name] = [{**value[0], "mispelt": "z"}, *value[1:]]
            break
    return spoilt
