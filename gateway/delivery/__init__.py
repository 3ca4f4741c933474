"""The worker and what each lane does. A lane's work is one file; this list is all that a new one is
added to.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Final

from gateway.acts.gateway import Gateway
from gateway.delivery import ask, fanout, poll, push, referral, reindex, seal
from gateway.delivery.crash_points import CrashPoints
from gateway.delivery.pace import Pace
from gateway.delivery.worker import Worker
from gateway.delivery.workplace import LaneWork, System, Workplace
from gateway.partners import kinds
from gateway.sync.partner import Partner

__all__ = ["LANES", "Pace", "Worker", "build_worker", "systems_of"]

LANES: Final[tuple[LaneWork, ...]] = (
    fanout.LANE, push.LANE, referral.LANE, poll.LANE, seal.LANE, reindex.LANE, ask.LANE,
)  # fmt: skip


def build_worker(
    gateway: Gateway,
    secrets: Callable[[str], str],
    *,
    development: bool,
    pace: Pace | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Worker:
    """A worker for every lane of this gateway; nothing is claimed or connected before it runs.

    secrets   reads a secret by its reference. Raises ConfigError when one that a partner needs is missing.
    """
    crash_points = CrashPoints.of(environ, development=development)
    place = Workplace(gateway, systems_of(gateway.partners, secrets), pace or Pace(), crash_points)
    return Worker(place, LANES)


def systems_of(partners: Mapping[str, Partner], secrets: Callable[[str], str]) -> Mapping[str, System]:
    """Each partner's system by the partner's name, as its kind reaches it."""
    return {name: kinds()[partner.kind].connect(partner, secrets) for name, partner in partners.items()}
