"""How fast the worker works and how long it tries: one frozen value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """The worker's numbers; all times in seconds.

    threads         lanes worked at the same time in one process
    lease_s         how long a claimed lane is ours; a lane of a killed worker comes due again after it
    reserve_s       a message is begun only while so much of the lease is left: the longest that one may take
    idle_s          pause after finding nothing to do
    backoff_s       the first wait after a failure; it doubles with each further one, up to `backoff_cap_s`
    max_attempts    failures of a message, outages not counted, until it is a dead letter
    horizon_s       how long an unreachable partner is tried before its message is a dead letter
    overlap_s       how far before its cursor a poll begins: clocks differ, and commits are not instants
    seal_every_s    how often audit rows are sealed
    reindex_every_s how often it is looked for resources that an older gateway indexed
    """

    threads: int = 4
    lease_s: float = 90.0
    reserve_s: float = 45.0
    idle_s: float = 0.2
    backoff_s: float = 1.0
    backoff_cap_s: float = 3600.0
    max_attempts: int = 12
    horizon_s: float = 75 * 3600.0
    overlap_s: float = 5.0
    seal_every_s: int = 2
    reindex_every_s: int = 10
