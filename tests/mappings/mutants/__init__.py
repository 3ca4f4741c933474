"""Faults that mappers in the field have had, each seeded into the engine, for the laws to kill."""

from __future__ import annotations

from typing import Final

from tests.mappings.mutants import describing, lists, overlays, parts, values, wholes
from tests.mappings.mutants.seeding import Mutant

MUTANTS: Final[tuple[Mutant, ...]] = (
    *wholes.MUTANTS,
    *lists.MUTANTS,
    *values.MUTANTS,
    *describing.MUTANTS,
    *parts.MUTANTS,
    *overlays.MUTANTS,
)
