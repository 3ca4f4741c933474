"""What the lanes work with: the gateway, the partners' systems, the pace; and what a lane's work looks
like.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from gateway.acts.gateway import Gateway
from gateway.delivery.crash_points import CrashPoint, CrashPoints
from gateway.delivery.pace import Pace
from gateway.errors import PartnerRefused
from gateway.store import lanes
from gateway.store.database import Transaction
from gateway.store.lanes import Lease, Message
from gateway.sync.partner import Partner
from gateway.sync.ports import EhrSystem, ReferralChannel

System: TypeAlias = EhrSystem | ReferralChannel


@dataclass(frozen=True, slots=True)
class Workplace:
    """Shared by all threads of a worker; nothing in it changes while they work.

    systems   by partner name, connected when first used
    """

    gateway: Gateway
    systems: Mapping[str, System]
    pace: Pace = field(default_factory=Pace)
    crash_points: CrashPoints = field(default_factory=CrashPoints)

    def partner_of(self, destination: str) -> tuple[Partner, System]:
        """The partner behind `lane:partner`, and its system. Raises PartnerRefused when its file is gone."""
        name = destination.partition(":")[2]
        if name not in self.systems:
            raise PartnerRefused(
                f"{name}: there is no such partner any more; its file is not in config/partners/"
            )
        return self.gateway.partners[name], self.systems[name]

    def before_send(self) -> None:
        self.crash_points.reach(CrashPoint.BEFORE_SEND)

    def after_send(self) -> None:
        self.crash_points.reach(CrashPoint.AFTER_SEND)


@dataclass(frozen=True, slots=True)
class Turn:
    """One claimed lane while it is ours. `ends` is on the monotonic clock: no other clock decides here."""

    lease: Lease
    ends: float

    def has_time_for_another(self, pace: Pace) -> bool:
        """Whether a message begun now ends before the lease does."""
        return time.monotonic() + pace.reserve_s <= self.ends

    def acknowledge(self, tx: Transaction, message: Message, receipt: Mapping[str, object]) -> None:
        """The message is done, inside `tx`. Raises LeaseLost when the lane has passed to another worker."""
        lanes.acknowledge(tx, self.lease, message, receipt)


class Deliver(Protocol):
    """Delivers one message and acknowledges it, in one transaction with what it changes."""

    def __call__(self, place: Workplace, turn: Turn, message: Message) -> None: ...


Run: TypeAlias = Callable[[Workplace, Turn], None]
"""One run of a periodic lane."""


@dataclass(frozen=True, slots=True)
class LaneWork:
    """What is done in the lanes whose destination is `name`, or `name:<partner>`.

    owner     who is responsible for its dead letters
    deliver   for lanes of messages;  run  for periodic lanes; exactly one of them
    """

    name: str
    owner: str
    deliver: Deliver | None = None
    run: Run | None = None
