"""The lane `ask`: a question for a coordinator. No machine can deliver it, so it becomes a dead letter
at once.
"""

from __future__ import annotations

from gateway.acts.asking import ASK
from gateway.delivery.workplace import LaneWork, Turn, Workplace
from gateway.store import lanes
from gateway.store.lanes import Message


def deliver(place: Workplace, turn: Turn, message: Message) -> None:
    """The question is shown to its owner: it waits as a dead letter, without an attempt."""
    with place.gateway.database.transaction(place.gateway.self_actor) as tx:
        lanes.dead_letter(tx, turn.lease, message, str(message.payload["question"]), LANE.owner)


LANE = LaneWork(ASK, owner="coordinator", deliver=deliver)
