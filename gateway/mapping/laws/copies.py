"""Stale, of parts: what a part repeats of its root follows the root.

A goal that still names the person whose plan it no longer belongs to is somebody else's goal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.mapping.elements import Location
from gateway.mapping.laws.edits import Record
from gateway.mapping.laws.spots import Sight
from gateway.mapping.laws.walking import standing
from gateway.mapping.rules import BackLinkedParts, Block, Field, LinkedParts, Origin
from gateway.mapping.values import dig, same


def left_behind(
    root: Block, before: Record, after: Record, sight: Sight
) -> Iterator[tuple[Origin, Location]]:
    """The parts, as they are now, that do not repeat what changed between the two records."""
    for parts in root.rules:
        if not isinstance(parts, LinkedParts | BackLinkedParts):
            continue
        for rule in parts.block.rules:
            if not isinstance(rule, Field) or not rule.copied:
                continue
            wanted = dig(after, rule.ours)
            if same(dig(before, rule.ours), wanted):
                continue
            for number, found in enumerate(sight.found(parts, sight.root)):
                raw: Any = standing(found.item, rule.steps)
                if not same(None if raw is None else rule.codec.read(raw), wanted):
                    yield rule.origin, (parts.type, number)
