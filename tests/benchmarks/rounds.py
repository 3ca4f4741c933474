"""Timing in rounds: every operation in every round, each round in another order.

Whatever else a machine does slows all operations of a round alike, so what is compared is one operation
beside another in the same round, and the median of those ratios counts. In a round an operation runs once for
nothing, for what ran before it has emptied the processor's caches; then a short one runs several times.
Times are the processor's, not the clock's: where others want the same core, a long operation waits more often
than a short one.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from statistics import median
from typing import Any, Final, TypeAlias

Operation: TypeAlias = Callable[[], Any]

_LONG_ENOUGH: Final = 0.003  # seconds in which a short operation is repeated


@dataclass(frozen=True, slots=True)
class Times:
    """How long each operation took, round by round, in seconds."""

    of: Mapping[str, list[float]]

    def microseconds(self, name: str) -> float:
        """The median of an operation."""
        return median(self.of[name]) * 1e6

    def ratio(self, name: str, *beside: str) -> float:
        """How many times as long as all those beside it together: the median of the rounds."""
        floors = zip(*(self.of[other] for other in beside), strict=True)
        return float(median(spent / sum(floor) for spent, floor in zip(self.of[name], floors, strict=True)))


def in_rounds(operations: Mapping[str, Operation], rounds: int) -> Times:
    """The times of so many rounds.

    The collector of garbage rests during a round: its pauses would fall on whichever operation is running.
    """
    times: dict[str, list[float]] = {name: [] for name in operations}
    repeats = {name: _repeats(operation) for name, operation in operations.items()}
    order = list(operations)
    for number in range(rounds):
        Random(number).shuffle(order)
        gc.disable()
        for name in order:
            operations[name]()
            times[name].append(_seconds(operations[name], repeats[name]))
        gc.enable()
        gc.collect()
    return Times(times)


def _repeats(operation: Operation) -> int:
    """How often an operation is run in a round; finding out warms it up."""
    once = min(_seconds(operation, 1) for _ in range(5))
    return max(1, min(50, int(_LONG_ENOUGH / max(once, 1e-6))))


def _seconds(operation: Operation, repeats: int) -> float:
    began = time.process_time()
    for _ in range(repeats):
        operation()
    return (time.process_time() - began) / repeats


def on_one_core() -> str:
    """Keeps this process on one core, where the system lets it; says which."""
    if not hasattr(os, "sched_setaffinity"):
        return "any core"
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return f"core {core}"
