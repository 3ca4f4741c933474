"""Inbound webhooks: /hooks/{partner} takes what a partner's own system has signed.

The signature is checked on the bytes as they came, before anything reads them.
Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from gateway.acts.gateway import Gateway
from gateway.acts.take_answer import Taken, take_answer
from gateway.errors import NotFound
from gateway.fhir.json_codec import write
from gateway.sync.ports import AcceptsAnswers
from gateway.transport.webhooks import verify
from gateway.web import doors, the_gateway
from gateway.web.doors import Door
from gateway.web.request_shape import whole_body


def blueprint(gateway: Gateway) -> Blueprint:
    """The door for partners that answer by webhook."""
    hooks = Blueprint("hooks", __name__, url_prefix="/hooks")
    hooks.add_url_rule("/<partner_name>", "take", take, methods=["POST"])
    doors.declare(hooks, Door.SIGNATURE)
    return hooks


def take(partner_name: str) -> Response:
    """200 once the message and its effect are kept; a repeat is answered alike and has no second effect."""
    gateway = the_gateway()
    partner = gateway.partners.get(partner_name)
    if partner is None or not isinstance(partner.settings, AcceptsAnswers):
        raise NotFound("No partner that answers by webhook has this address.")
    body = whole_body(request)
    message_id = verify(body, dict(request.headers), _secrets(gateway, partner.settings))
    taken = take_answer(gateway, partner, message_id, body, request.headers.get("Content-Type", ""))
    return _answer(taken)


def _secrets(gateway: Gateway, settings: AcceptsAnswers) -> list[str]:
    return [gateway.secrets(reference) for reference in settings.answer_secrets]


def _answer(taken: Taken) -> Response:
    if taken.refused is not None:
        raise taken.refused
    told: dict[str, Any] = {"repeated": taken.repeated}
    if taken.shown is not None:
        told |= {"referral": taken.shown.id, "state": taken.shown.record["state"]}
    return Response(write(told), content_type="application/json")
