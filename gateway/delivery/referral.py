"""The lanes `referral:<partner>`: an agency is told that a referral waits, and its receipt is written down.

The receipt, the leg's move to received and the acknowledgement commit together. A repeat after a crash has
the same delivery id, by which the agency knows it.
"""

from __future__ import annotations

from datetime import UTC
from typing import Final, cast

from gateway.acts.answer_referral import received
from gateway.delivery.workplace import LaneWork, Turn, Workplace
from gateway.store import audit
from gateway.store.lanes import Message
from gateway.sync.partner import Partner
from gateway.sync.ports import ReferralChannel, ReferralNotice

EVENTS: Final = {"send": "referral.sent", "cancel": "referral.cancelled"}


def deliver(place: Workplace, turn: Turn, message: Message) -> None:
    """The agency has been told, and its receipt is kept."""
    gateway = place.gateway
    partner, system = place.partner_of(message.destination)
    notice = _notice(gateway.public_url, partner, message)
    with gateway.database.transaction(gateway.self_actor) as tx:
        # Written before it leaves: nothing goes out unrecorded.
        audit.record(
            tx, f"tell {notice.event}", [f"ServiceRequest/{notice.referral}"], detail=f"to {partner.name}"
        )
    place.before_send()
    receipt = cast("ReferralChannel", system).send(notice, message.delivery_id)
    place.after_send()
    with gateway.database.transaction(gateway.self_actor) as tx:
        if notice.event == EVENTS["send"]:
            received(gateway, tx, notice.referral, notice.leg)
        turn.acknowledge(tx, message, {"status": receipt.status, "at": receipt.at})


def _notice(public_url: str, partner: Partner, message: Message) -> ReferralNotice:
    told = message.payload
    return ReferralNotice(
        event=EVENTS[told.get("move", "send")],
        referral=told["referral"],
        leg=told["leg"],
        reference_number=told.get("reference_number"),
        timestamp=told.get("at") or message.enqueued_at.astimezone(UTC).isoformat(timespec="milliseconds"),
        answer_by=told.get("answer_by"),
        fetch=f"{public_url}/api/referrals/{told['referral']}",
        answer=f"{public_url}/hooks/{partner.name}",
    )


LANE = LaneWork("referral", owner="coordinator", deliver=deliver)
