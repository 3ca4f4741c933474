"""Writing down that a partner and we hold the same now: our version, and theirs as they answered it."""

from __future__ import annotations

from gateway.fhir.json_codec import write
from gateway.store import ledger
from gateway.store.database import Transaction
from gateway.store.ledger import Agreement
from gateway.store.versions import Version
from gateway.sync.partner import Partner
from gateway.sync.ports import Held


def agree(tx: Transaction, partner: Partner, there: Held, ours: Version, our_version: int | None) -> None:
    """The ledger's word on what both hold; the next comparison starts from it.

    our_version   the version that theirs answers to: not the newest one while some of it is still to be sent
    """
    ledger.agree(
        tx,
        Agreement(
            source=partner.name,
            type=there.type,
            their_id=there.id,
            our_id=ours.id,
            our_version=our_version,
            their_version=there.version,
            their_body=write(there.resource),
        ),
    )
