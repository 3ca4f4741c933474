"""Three-way merge of one resource over its top-level elements. Both sides are given in one id space.

Each side has its own base: what it said at the last agreement. The two bases may differ (a server that
writes `1.10` as `1.1`, or that drops what it does not know), and such a difference is nobody's edit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gateway.fhir.compare import changed_elements
from gateway.fhir.json_codec import Resource


@dataclass(frozen=True, slots=True)
class Side:
    """What one side said when both last agreed, and what it says now. An empty base: they never agreed."""

    base: Resource
    now: Resource


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged resource, and what could not be merged.

    taken      elements that came from the other side
    conflicts  elements that both sides edited differently, or that were not the other's to edit; the resource
               keeps the first side's value
    """

    resource: Resource
    taken: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


def merge(kept: Side, other: Side, reserved: frozenset[str] = frozenset()) -> Merged:
    """`kept.now` with what only the other side edited. An element equal on both sides is never rewritten.

    Disjoint edits merge to the same content whichever side is kept; nothing is invented: each element is as
    one of the sides has it. `reserved` elements are only ever changed on the kept side. Narrative that was
    generated from elements that changed is taken along or left out.
    """
    ours, theirs = edited(kept, other), edited(other, kept)
    different = changed_elements(kept.now, other.now)
    conflicts = (ours | reserved) & theirs & different
    taken = (theirs - ours - reserved) & different
    if not taken:
        return Merged(kept.now, (), tuple(sorted(conflicts)))
    merged = _with_elements(kept.now, other.now, taken)
    merged = _with_narrative(merged, other.now, is_all_theirs=not ours)
    return Merged(merged, tuple(sorted(taken)), tuple(sorted(conflicts)))


def edited(side: Side, other: Side) -> frozenset[str]:
    """Elements the side changed since the agreement: different from what it said then, and from the other's.

    A value that the other side already had at the agreement came from there and is no edit of this side.
    """
    return changed_elements(side.base, side.now) & changed_elements(other.base, side.now)


def _with_elements(resource: Resource, other: Resource, names: Iterable[str]) -> Resource:
    """The resource with these elements, and their `_x` companions, as the other has them."""
    merged = dict(resource)
    for name in sorted(names):
        for spelled in (name, f"_{name}"):
            if spelled in other:
                merged[spelled] = other[spelled]
            else:
                merged.pop(spelled, None)
    return merged


def _with_narrative(merged: dict[str, Any], other: Resource, *, is_all_theirs: bool) -> Resource:
    """Generated narrative describes the elements it was made from: when those changed it must not stay.

    Source: https://hl7.org/fhir/R4/narrative.html
    """
    text = merged.get("text")
    if not isinstance(text, dict) or text.get("status") != "generated":
        return merged
    without = {name: value for name, value in merged.items() if name != "text"}
    if is_all_theirs and isinstance(other.get("text"), dict) and other["text"].get("status") == "generated":
        return {**without, "text": other["text"]}
    return without
