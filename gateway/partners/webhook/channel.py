"""Telling an agency by webhook that a referral waits: a signed, thin message that holds no personal data.

The agency fetches the record itself, with its own key and under its own grants: what it may see is decided
then.
Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from gateway.fhir.json_codec import write
from gateway.partners.webhook.settings import WebhookSettings
from gateway.sync.partner import Partner
from gateway.sync.ports import Receipt, ReferralNotice, Secrets
from gateway.transport.exchange import Line
from gateway.transport.webhooks import signed_headers

MAX_REPLY_BYTES = 64 * 1024  # only the status counts; a small body is read to reuse the connection


class WebhookChannel:
    """A `ReferralChannel`. Any 2xx is the receipt; 410 means that the agency has closed its door for good."""

    def __init__(self, line: Line, url: str, secrets: Sequence[str]) -> None:
        self._line, self._url, self._secrets = line, url, tuple(secrets)

    def send(self, notice: ReferralNotice, delivery_id: str) -> Receipt:
        body = write(message(notice))
        at = datetime.now(UTC)
        headers = {"Content-Type": "application/json", **signed_headers(body, delivery_id, at, self._secrets)}
        answer = self._line.exchange("POST", self._url, headers=headers, body=body)
        return Receipt(answer.status, datetime.now(UTC).isoformat(timespec="milliseconds"))


def message(notice: ReferralNotice) -> dict[str, Any]:
    """The message's JSON, equal for every repeat of one delivery."""
    told = {
        "referral": notice.referral,
        "leg": notice.leg,
        "reference_number": notice.reference_number,
        "answer_by": notice.answer_by,
        "fetch": notice.fetch,
        "answer": notice.answer,
    }
    return {"type": notice.event, "timestamp": notice.timestamp, "data": told}


def connect(partner: Partner, secrets: Secrets) -> WebhookChannel:
    """The agency's webhook. Nothing is opened before the first delivery."""
    settings = partner.settings
    assert isinstance(settings, WebhookSettings), f"{partner.name}: settings of another kind"
    line = Line(
        partner.name,
        allow_networks=settings.allow_networks,
        total_s=settings.timeout_s,
        max_bytes=MAX_REPLY_BYTES,
    )
    return WebhookChannel(line, settings.url, [secrets(reference) for reference in settings.secrets])
