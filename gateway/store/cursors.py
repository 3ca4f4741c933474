"""How far each partner has been read, by type. Moved in the transaction that stores what was read."""

from __future__ import annotations

from sqlalchemy import text

from gateway.access.policy import only
from gateway.store.database import Transaction

_GET = text("SELECT position FROM pull_cursor WHERE (partner, type) = (:partner, :type)")
_SET = text("""
    INSERT INTO pull_cursor (partner, type, position, moved_at)
    VALUES (:partner, :type, :position, gateway_now())
    ON CONFLICT (partner, type) DO UPDATE SET position = excluded.position, moved_at = excluded.moved_at
""")


def get(tx: Transaction, partner: str, type: str) -> str | None:
    """The position, in whatever form the partner's kind of system gave it; None before the first page."""
    only(tx.actor, source=partner)
    position: str | None = tx.connection.execute(
        _GET, {"partner": partner, "type": type}
    ).scalar_one_or_none()
    return position


def set(tx: Transaction, partner: str, type: str, position: str) -> None:
    """From the commit on, reading goes on at `position`."""
    only(tx.actor, source=partner)
    tx.connection.execute(_SET, {"partner": partner, "type": type, "position": position})
