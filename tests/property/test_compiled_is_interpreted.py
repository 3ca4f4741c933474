"""Whatever partners send and clients put, compiled rules say, write and report what the interpreter does.

The laws compare the two on resources as they should be; here every value may be of any sort, and anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.fhir.json_codec import read_stored
from gateway.mapping import Lens, Mappings, Put
from gateway.mapping.laws.differences import resource_differences
from gateway.mapping.laws.records import drawing, record_drawer
from gateway.mapping.laws.sources import Sources
from gateway.mapping.values import same
from gateway.places import DataFolder, data_folder
from tests.unit.mapping import test_carry, test_joint, test_switch
from tests.unit.mapping.small_maps import Plan, every_construct, plan_lens

MAPS: Final = Mappings.load()
SMALL: Final[Mapping[str, Lens]] = {
    "most constructs": every_construct(),
    "joint": test_joint.LENS,
    "carry": test_carry.LENS,
    "switch": test_switch.LENS,
    "several elements, first items, amounts": plan_lens(
        """
title: {to: detail.title, also: [other.title, name]}
number: "identifier[0].value"
kind: {to: "reason[0]", as: concept}
kind_text: "reason[0].text"
weight: {to: weight, as: quantity(kg)}
lasts: {to: visit.length, as: minutes}
needs: {to: "basedOn[].reference", ref: Condition}
basis: {to: "basedOn[].reference", ref: CarePlan, one: true}
steps: {to: "telecom[system=phone][]", where: value, fields: {id: id, title: value}}
agreed:
  to: ext(agreed)[]
  fields: {words: ext(words).valueString, amount: {to: valueDecimal, as: decimal}}
"""
    ),
}
EXAMPLES: Final = data_folder(DataFolder.MAPPINGS) / "examples"
ODD: Final[tuple[Any, ...]] = (
    None, True, False, 0, 1, -7, Decimal("1.10"), Decimal("1E+3"), "", " ", "x", "1987", "2026-02-30",
    "2026-11-28T10:00:00+01:00", "2026-11-28T10:00:00", "Patient/9", "Patient/9/_history/2", "Goal/g",
    "https://a.example/fhir/Patient/9", "urn:uuid:9", "#p", "active", "completed", [], {}, [None], [[]], [{}],
    [1, "a"], {"a": 1}, {"reference": "Patient/9"}, {"text": "t"}, {"coding": [{"code": "c"}, {"code": "d"}]},
    {"coding": [{"code": "c", "userSelected": True}], "text": None}, {"system": "s", "code": "c"},
    {"url": "x", "valueBoolean": True}, {"value": Decimal("1.0"), "unit": "kg"},
)  # fmt: skip


def spoilt(value: Any, random: Random) -> Any:
    """The value with something odd at a place or two."""
    places = list(_places(value, ()))
    for _ in range(random.randint(1, 2)):
        value = _with(value, random.choice(places), random)
    return value


def _places(value: Any, at: tuple[Any, ...]) -> Any:
    if at:
        yield at
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in steps:
        yield from _places(child, (*at, step))


def _with(value: Any, at: tuple[Any, ...], random: Random) -> Any:
    if not at:
        return _odd(value, random)
    step, rest = at[0], at[1:]
    if isinstance(value, dict) and step in value:
        if not rest and random.random() < 0.2:
            return {name: child for name, child in value.items() if name != step}
        return {**value, step: _with(value[step], rest, random)}
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return [*value[:step], _with(value[step], rest, random), *value[step + 1 :]]
    return value


def _odd(value: Any, random: Random) -> Any:
    ways: list[Callable[[], Any]] = [
        lambda: random.choice(ODD),
        lambda: [value],
        lambda: [value, value],
        lambda: value[0] if isinstance(value, list) and value else random.choice(ODD),
        lambda: value[::-1] if isinstance(value, list) else random.choice(ODD),
        lambda: [*value, *value] if isinstance(value, list) else random.choice(ODD),
    ]
    return random.choice(ways)()


def ids() -> Callable[[], str]:
    numbers = count()
    return lambda: f"new-{next(numbers)}"


def agree(one: Put, other: Put) -> None:
    assert next(resource_differences(one.resources, other.resources), None) is None
    assert one.issues == other.issues


def engines_agree(lens: Lens, resources: Mapping[str, Any], record: Mapping[str, Any]) -> None:
    specified = lens.interpreted
    assert same(lens.get(resources).record, specified.get(resources).record)
    agree(lens.put(record, resources, new_id=ids()), specified.put(record, resources, new_id=ids()))
    agree(lens.create(record, new_id=ids()), specified.create(record, new_id=ids()))


@pytest.mark.parametrize("name", sorted(MAPS))
@given(number=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_the_engines_agree_about_spoilt_resources_and_records(name: str, number: int) -> None:
    lens, random = MAPS[name], Random(number)
    resources = read_stored((EXAMPLES / f"{name}.fhir.json").read_bytes())
    record = read_stored((EXAMPLES / f"{name}.record.json").read_bytes())
    assert isinstance(resources, dict)
    root = spoilt(resources[lens.type], random) if random.random() < 0.7 else resources[lens.type]
    given_resources = {**resources, lens.type: root}
    if not isinstance(root, dict) or root.get("resourceType") != lens.type:
        return

    engines_agree(lens, given_resources, spoilt(record, random))


@pytest.mark.parametrize("kind", sorted(SMALL))
@given(number=st.integers(0, 2**32))
@settings(max_examples=80, deadline=None)
def test_the_engines_agree_about_every_construct_of_the_language(kind: str, number: int) -> None:
    lens, random = SMALL[kind], Random(number)
    draw = record_drawer(lens.rules.root, Plan())
    made = lens.interpreted.create(draw(drawing(random))).resources
    resources = Sources(lens.rules).enriched(made, (), random)
    root, record = resources["CarePlan"], draw(drawing(random))
    if random.random() < 0.5:
        root, record = spoilt(root, random), spoilt(record, random) if record else record
    if not isinstance(root, dict) or root.get("resourceType") != "CarePlan":
        return

    engines_agree(lens, {**resources, "CarePlan": root}, record)
