"""Somebody we know was refused: that is written down, although the transaction it was tried in is undone."""

from __future__ import annotations

from gateway.access.actors import Actor
from gateway.acts.gateway import Gateway
from gateway.store import audit


def record_refusal(
    gateway: Gateway, actor: Actor, action: str, target: str | None, *, denied: bool, reason: str
) -> None:
    """One audit row, committed: `actor` tried `action` and was refused for `reason`, an issue code.

    target  what was asked for, e.g. ``Task/<id>``; also when it does not exist or is hidden from the actor
    denied  it may not, or there is nothing it may see; otherwise the request itself was at fault
    """
    with gateway.database.transaction(actor) as tx:
        outcome = "denied" if denied else "failed"
        audit.record(tx, action, (target,) if target else (), outcome=outcome, detail=reason)
