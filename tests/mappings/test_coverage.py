"""How much of a published resource its record shows, counted leaf by leaf from what the rules claim to read.

Left out of the count: narrative, meta, extensions, and contained resources (each is a resource of its own).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.mapping import Mappings
from tests.mappings.published import published

pytestmark = pytest.mark.shared_data

NOT_COUNTED = ("resourceType", "text", "meta", "contained")

MAPS = Mappings.load()


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ("CarePlan", 85),
        ("Goal", 85),
        ("CareTeam", 85),
        ("Patient", 85),
        ("Practitioner", 85),
        ("Organization", 85),
        ("ServiceRequest", 70),
        ("Task", 85),
        ("Condition", 85),
        ("RelatedPerson", 85),
        ("Appointment", 85),
        ("Encounter", 85),
        ("Communication", 85),
        ("Consent", 85),
    ],
)
def test_a_record_shows_most_of_what_its_resources_hold(shared_data: Path, kind: str, least: int) -> None:
    lens = MAPS.for_type(kind)
    held = shown = 0
    for _, resource in published(shared_data, kind):
        read: set[tuple[str | int, ...]] = set()
        lens.interpreter.explained({kind: resource}, lambda at, _rule, read=read: read.add(at))
        leaves = set(leaves_of({k: v for k, v in resource.items() if k not in NOT_COUNTED}, (kind, 0)))
        held += len(leaves)
        shown += len(leaves & read)

    assert shown * 100 >= least * held, f"{shown} of {held} leaves"


def leaves_of(value: Any, at: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in ("extension", "modifierExtension") and not name.startswith("_"):
                yield from leaves_of(inner, (*at, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves_of(inner, (*at, index))
    else:
        yield at
