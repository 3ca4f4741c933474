"""A target beside what was measured: printed, and never a failure, for machines differ."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """What is wanted, and what was measured."""

    what: str
    wanted: float
    measured: float
    at_least: bool = False
    unit: str = "x"

    def __str__(self) -> str:
        meets = self.measured >= self.wanted if self.at_least else self.measured <= self.wanted
        wanted = f"at {'least' if self.at_least else 'most'} {self.wanted:g} {self.unit}"
        verdict = "meets" if meets else "misses"
        return f"{self.what:52}{wanted:>16}{self.measured:>10.2f} {self.unit:4}{verdict}"
