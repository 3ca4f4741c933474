"""What every referral channel promises, kept by the webhook kind against a real agency server."""

from __future__ import annotations

import base64
import ipaddress
import json
from collections.abc import Iterator

import pytest
from flask import Flask, Response, request

from gateway.errors import PartnerRefused, PartnerUnavailable
from gateway.partners.webhook import WebhookChannel, WebhookSettings
from gateway.partners.webhook.channel import connect
from gateway.sync.partner import Partner
from gateway.sync.ports import AcceptsAnswers, ReferralChannel, ReferralNotice
from gateway.transport.webhooks import verify
from tests.contract.served import served

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
SECRET = "whsec_" + base64.b64encode(b"shared with elm trust only").decode()
NOTICE = ReferralNotice(
    event="referral.sent",
    referral="7d0c4b0e-0000-4000-8000-000000000001",
    leg="7d0c4b0e-0000-4000-8000-000000000002",
    reference_number="CG-1001",
    timestamp="2026-11-22T03:00:00.000Z",
    answer_by="2026-11-29",
    fetch="https://care.example.org/api/referrals/7d0c4b0e-0000-4000-8000-000000000001",
    answer="https://care.example.org/hooks/elm-trust",
)


class Agency:
    """Records every arrival; answers with the status it was told to."""

    def __init__(self) -> None:
        self.arrivals: list[tuple[str, bytes]] = []
        self.status = 204
        self.app = Flask("agency")
        self.app.add_url_rule("/referrals", view_func=self._take, methods=["POST"])

    def _take(self) -> Response:
        body = request.get_data()
        self.arrivals.append((verify(body, dict(request.headers), [SECRET]), body))
        return Response(status=self.status, headers={"Retry-After": "3"} if self.status == 503 else {})


class ReferralChannelContract:
    """Inherit, and provide `channel` to the `agency`."""

    def test_the_agency_gets_the_notice_under_the_delivery_id(
        self, channel: ReferralChannel, agency: Agency
    ) -> None:
        receipt = channel.send(NOTICE, "delivery-1")

        assert receipt.status == 204
        assert [delivery_id for delivery_id, _ in agency.arrivals] == ["delivery-1"]

    def test_a_repeat_has_the_same_id_and_the_same_body(
        self, channel: ReferralChannel, agency: Agency
    ) -> None:
        channel.send(NOTICE, "delivery-1")
        channel.send(NOTICE, "delivery-1")

        first, second = agency.arrivals
        assert first == second

    def test_a_busy_agency_may_be_tried_again_when_it_says(
        self, channel: ReferralChannel, agency: Agency
    ) -> None:
        agency.status = 503
        with pytest.raises(PartnerUnavailable) as caught:
            channel.send(NOTICE, "delivery-1")

        assert caught.value.retry_after_s == 3

    @pytest.mark.parametrize("status", [400, 403, 410])
    def test_a_no_is_a_no(self, channel: ReferralChannel, agency: Agency, status: int) -> None:
        agency.status = status
        with pytest.raises(PartnerRefused, match=str(status)):
            channel.send(NOTICE, "delivery-1")


class TestWebhook(ReferralChannelContract):
    @pytest.fixture
    def agency(self) -> Agency:
        return Agency()

    @pytest.fixture
    def channel(self, agency: Agency) -> Iterator[WebhookChannel]:
        with served(agency.app) as address:
            settings = WebhookSettings(f"{address}/referrals", ("env:ELM_SECRET",), LOOPBACK)
            partner = Partner("elm-trust", "Elm Trust", "webhook", settings=settings)
            yield connect(partner, {"env:ELM_SECRET": SECRET}.__getitem__)

    def test_the_message_says_what_waits_and_where_and_nothing_about_the_person(
        self, channel: WebhookChannel, agency: Agency
    ) -> None:
        channel.send(NOTICE, "delivery-1")

        [(_, body)] = agency.arrivals
        message = json.loads(body)
        assert message.keys() == {"type", "timestamp", "data"}
        assert (message["type"], message["timestamp"]) == ("referral.sent", NOTICE.timestamp)
        assert message["data"] == {
            "referral": NOTICE.referral,
            "leg": NOTICE.leg,
            "reference_number": "CG-1001",
            "answer_by": "2026-11-29",
            "fetch": NOTICE.fetch,
            "answer": NOTICE.answer,
        }

    def test_its_settings_say_which_secrets_answers_are_signed_with(self) -> None:
        settings = WebhookSettings("https://elm.example", ("env:NEW", "env:OLD"))
        assert isinstance(settings, AcceptsAnswers)
        assert settings.answer_secrets == ("env:NEW", "env:OLD")
