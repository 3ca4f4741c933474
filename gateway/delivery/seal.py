"""The periodic lane `seal`: audit rows join the hash chain within seconds of their request."""

from __future__ import annotations

from gateway.delivery.workplace import LaneWork, Turn, Workplace
from gateway.store import audit

SEAL, KEY = "seal", "audit"
BATCH = 1000


def run(place: Workplace, turn: Turn) -> None:
    """All rows that were written before the oldest running transaction are in the chain."""
    while True:
        with place.gateway.database.transaction(place.gateway.self_actor) as tx:
            sealed = audit.seal(tx, BATCH)
        if sealed < BATCH or not turn.has_time_for_another(place.pace):
            return


LANE = LaneWork(SEAL, owner="operations", run=run)
