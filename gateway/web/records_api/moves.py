"""Moves of a referral: POST /api/referrals/{id}/<move>.

Receipts and time are the gateway's own, and have no address.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import Response, g, request
from flask_smorest import Blueprint

from gateway.acts.asked_move import MoveBody, read_move
from gateway.acts.move_referral import move_referral
from gateway.care.referral import Move
from gateway.records import RECORDS
from gateway.web import the_gateway
from gateway.web.records_api import operations
from gateway.web.records_api.answers import record_answer
from gateway.web.records_api.offers import offer
from gateway.web.records_api.requests import body_if_any, if_match, once_of

OFFERED: Final = tuple(move for move in Move if move not in (Move.RECEIVE, Move.EXPIRE))


def moves() -> Blueprint:
    """One address for each move that somebody can make."""
    referral = RECORDS["referral"]
    blueprint = Blueprint(
        "referral-moves",
        __name__,
        url_prefix=f"/api/{referral.path}",
        description="What can be done to a referral. A refusal names what is possible now.",
    )
    for move in OFFERED:
        described = operations.moving(referral, move, MoveBody)
        offer(blueprint, "POST", f"/<string:id>/{move}", str(move), _view(move), described)
    return blueprint


def _view(move: Move) -> Callable[[str], Response]:
    def make_move(id: str) -> Response:
        asked = read_move(move, body_if_any(request))
        etag, once = if_match(request), once_of(request)
        return record_answer(move_referral(the_gateway(), g.actor, id, asked, if_match=etag, once=once))

    return make_move
