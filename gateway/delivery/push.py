"""The lanes `push:<partner>`, one per resource: what changed here goes to the hospital's EHR."""

from __future__ import annotations

from typing import cast

from gateway.acts.push import push
from gateway.delivery.fanout import PUSH, enqueue_push
from gateway.delivery.workplace import LaneWork, Turn, Workplace
from gateway.errors import PartnerUnavailable
from gateway.store.lanes import Message
from gateway.sync.ports import EhrSystem

WAITS = 20
"""After so many attempts a target that is still not there is named by its address here: long circles
end too.
"""

UNRECEIVED_WAITS = 6
"""What its source named but has not sent by then (about half a minute) may never come."""


def deliver(place: Workplace, turn: Turn, message: Message) -> None:
    """The partner holds what changed; or what it refers to goes first, and this is tried again after it."""
    partner, system = place.partner_of(message.destination)
    reference = str(message.payload["reference"])
    waiting = push(
        place.gateway,
        partner,
        cast("EhrSystem", system),
        reference,
        lambda tx, receipt: turn.acknowledge(tx, message, receipt),
        awaits_targets=message.attempts < WAITS,
        awaits_unreceived=message.attempts < UNRECEIVED_WAITS,
        before_send=place.before_send,
        after_send=place.after_send,
    )
    if waiting is None:
        return
    if message.attempts == 0:
        with place.gateway.database.transaction(place.gateway.self_actor) as tx:
            for target in waiting.references:
                enqueue_push(tx, partner, target)
    raise PartnerUnavailable(f"{partner.name}: waits until {', '.join(waiting.references)} is there")


LANE = LaneWork(PUSH, owner="operations", deliver=deliver)
