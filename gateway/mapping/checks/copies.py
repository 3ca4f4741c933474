"""M111: what is copied into a part can be read elsewhere, or it would be written and never seen again."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.mapping.checks.findings import Finding
from gateway.mapping.checks.trails import Spot, leaves
from gateway.mapping.problems import Problem
from gateway.mapping.rules import BackLinkedParts, Block, Field, LinkedParts, Ours, fields_of


def check(spot: Spot) -> Iterator[Problem]:
    """The copies (`^`, `copies`) in the parts of a block whose field no rule of the block reads."""
    readable = {
        ours
        for rule in spot.block.rules
        if not (isinstance(rule, Field) and rule.copied)
        for ours in fields_of(rule)
    }
    for part in leaves(spot.block):
        if isinstance(part, BackLinkedParts | LinkedParts):
            for rule in _copies(part.block):
                if not _is_read(rule.ours, readable):
                    name = ".".join(rule.ours)
                    text = f"no rule of the record reads {name!r}: what is copied from it would be lost"
                    origin = part.origin if isinstance(part, LinkedParts) else rule.origin
                    yield Finding("M111", f"{part.type}.{name}", text).at(origin)


def _copies(block: Block) -> Iterator[Field]:
    for rule in block.rules:
        if isinstance(rule, Field) and rule.copied:
            yield rule


def _is_read(ours: Ours, readable: set[Ours]) -> bool:
    return any(ours[: len(other)] == other or other[: len(ours)] == ours for other in readable)
