"""Agencies that take signed webhooks (Standard Webhooks) and answer the same way."""

from __future__ import annotations

from gateway.partners.webhook.channel import WebhookChannel, connect
from gateway.partners.webhook.settings import WebhookSettings, WebhookSettingsSchema
from gateway.sync.ports import PartnerKind

KIND = PartnerKind("webhook", WebhookSettingsSchema, connect)

__all__ = ["KIND", "WebhookChannel", "WebhookSettings", "WebhookSettingsSchema"]
