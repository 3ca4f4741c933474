"""The periodic lane `reindex`: what was indexed by an older gateway is indexed again, a little at a time."""

from __future__ import annotations

from gateway.delivery.workplace import LaneWork, Turn, Workplace
from gateway.store import reindex

REINDEX, KEY = "reindex", "search"
BATCH = 200


def run(place: Workplace, turn: Turn) -> None:
    """Nothing is left that is behind, or the turn is over and the next one goes on."""
    while True:
        with place.gateway.database.transaction(place.gateway.self_actor) as tx:
            done = reindex.reindex(tx, BATCH)
        if done < BATCH or not turn.has_time_for_another(place.pace):
            return


LANE = LaneWork(REINDEX, owner="operations", run=run)
