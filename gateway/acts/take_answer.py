"""Taking an agency's signed message: kept as it came, acted on once, else set aside with a reason.

The message and its effect commit together, so a repeat finds both or neither. What was set aside stays set
aside: the same message again gets the same answer, and nothing is lost in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.access.actors import Actor, ActorKind
from gateway.acts.agency_organisation import signs_in_as
from gateway.acts.asked_move import Asked, read_move
from gateway.acts.gateway import Gateway
from gateway.acts.move_referral import moved_in
from gateway.acts.record_view import Shown
from gateway.care.referral import Move
from gateway.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    GatewayError,
    NotFound,
    RecordInvalid,
    Unprocessable,
    Unreadable,
)
from gateway.fhir.json_codec import read_untrusted
from gateway.store import audit, inbox
from gateway.store.database import Transaction
from gateway.sync.partner import Partner

# What is the message's own fault. Everything else leaves nothing behind, so that the sender tries again.
_ITS_FAULT: Final = (BadRequest, NotFound, Forbidden, Unprocessable)
_ANSWERS: Final = tuple(
    move
    for move in Move
    if move not in (Move.SEND, Move.RECEIVE, Move.REASSIGN, Move.EXPIRE, Move.ENTER_IN_ERROR)
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a message: the referral after it, why it was set aside, or that it was a repeat."""

    shown: Shown | None = None
    refused: GatewayError | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class _Answer:
    referral: str
    asked: Asked


def take_answer(gateway: Gateway, partner: Partner, message_id: str, body: bytes, content_type: str) -> Taken:
    """What became of the message, whose signature was verified.

    Raises Conflict when another message came under the same id before, and what passes by trying again.
    """
    actor = _actor(gateway, partner)
    with gateway.database.transaction(actor) as tx:
        if not inbox.keep(tx, partner.name, message_id, body, content_type):
            return _repeated(tx, partner, message_id, body)
        try:
            with tx.savepoint():
                return Taken(_acted_on(gateway, tx, body))
        except _ITS_FAULT as refused:
            reason = "; ".join(issue.text for issue in refused.issues)
            inbox.quarantine(tx, partner.name, message_id, 0, reason)
            audit.record(tx, "take answer", (), outcome="failed", detail=refused.issue)
            return Taken(refused=_worded(refused))


def _acted_on(gateway: Gateway, tx: Transaction, body: bytes) -> Shown:
    answer = _read(body)
    return moved_in(gateway, tx, answer.referral, answer.asked)


def _read(body: bytes) -> _Answer:
    said = read_untrusted(body)
    if not isinstance(said, dict):
        raise Unreadable('An answer is one JSON object: {"referral": …, "leg": …, "move": …}.')
    told: dict[str, Any] = dict(said)
    referral, leg, move = (told.pop(name, None) for name in ("referral", "leg", "move"))
    if move not in _ANSWERS:
        raise RecordInvalid(f"move must be one of: {', '.join(_ANSWERS)}.", expression="move")
    if not isinstance(referral, str) or not isinstance(leg, str):
        raise RecordInvalid("referral and leg must be the ids that the notice of the referral named.")
    return _Answer(referral, read_move(Move(str(move)), _with_leg(told, leg)))


def _with_leg(told: Mapping[str, Any], leg: str) -> dict[str, Any]:
    return {**told, "leg": leg}


def _repeated(tx: Transaction, partner: Partner, message_id: str, body: bytes) -> Taken:
    before = inbox.kept(tx, partner.name, message_id)
    assert before is not None, "a message that was not new was kept"
    if before.body != body:
        raise Conflict(
            "Another message came under this webhook-id before: give each message an id of its own."
        )
    audit.record(tx, "take answer", (), detail="a repeat; no second effect")
    refused = Unprocessable(before.set_aside) if before.set_aside else None
    return Taken(refused=refused, repeated=True)


def _worded(refused: GatewayError) -> GatewayError:
    """The refusal as its sender is told: what the message names and nobody has is the message's fault."""
    if isinstance(refused, NotFound):
        return Unprocessable("The referral or the leg that the message names is not open to this agency.")
    return refused


def _actor(gateway: Gateway, partner: Partner) -> Actor:
    with gateway.database.transaction(gateway.self_actor) as tx:
        organisation = signs_in_as(tx, partner)
        return Actor(ActorKind.AGENCY, partner.name, partner.name, organisation, partner.organisation)
