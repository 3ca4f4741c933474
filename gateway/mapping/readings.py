"""Which resources of a document make one record together, so that each is read once and beside its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from gateway.fhir.json_codec import Resource
from gateway.mapping.documents import by_type
from gateway.mapping.lens import Lens
from gateway.mapping.mappings import Mappings

Grouped: TypeAlias = Mapping[str, list[Resource]]


class Given(NamedTuple):
    """A lens, and the resources that it reads as one record."""

    lens: Lens
    resources: dict[str, Any]


def readings(maps: Mappings, resources: list[Resource]) -> Iterator[Given]:
    """A reading for each root resource; what a record already shows as its part is not read again."""
    grouped = by_type(resources)
    shown: set[tuple[str, int]] = set()
    for name in sorted(maps, key=lambda name: not maps[name].part_types):
        lens = maps[name]
        for number, root in enumerate(grouped.get(lens.type, [])):
            if (lens.type, number) not in shown:
                used = _shown_parts(lens, root, grouped)
                shown |= used
                yield Given(lens, _with_parts(lens, root, grouped, used))
        for kind in dict.fromkeys(lens.lone_types):
            left = [part for number, part in enumerate(grouped.get(kind, [])) if (kind, number) not in shown]
            if left:
                yield Given(lens, {kind: left})


def with_its_parts(lens: Lens, root: Resource, grouped: Grouped) -> dict[str, Any]:
    """A root resource with those of the resources that its record shows as parts."""
    return _with_parts(lens, root, grouped, _shown_parts(lens, root, grouped))


def _shown_parts(lens: Lens, root: Resource, grouped: Grouped) -> set[tuple[str, int]]:
    parts = {kind: held for kind, held in grouped.items() if kind in lens.part_types}
    if not parts:
        return set()
    used: set[tuple[str, int]] = set()
    lens.interpreter.explained({**parts, lens.type: root}, lambda at, _: used.add((str(at[0]), int(at[1]))))
    return used - {(lens.type, 0)}


def _with_parts(lens: Lens, root: Resource, grouped: Grouped, used: set[tuple[str, int]]) -> dict[str, Any]:
    parts = {
        kind: [part for number, part in enumerate(grouped[kind]) if (kind, number) in used]
        for kind in lens.part_types
        if kind in grouped and kind != lens.type
    }
    return {lens.type: root, **{kind: held for kind, held in parts.items() if held}}
