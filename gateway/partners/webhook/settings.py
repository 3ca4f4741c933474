"""What a partner file says under `settings` when the partner takes signed webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import RAISE, Schema, fields, post_load, validate

from gateway.transport.addresses import IpNetwork
from gateway.transport.settings_fields import HttpAddress, Network, SecretReference


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Where referrals are announced and how the announcement is signed.

    secrets   references, 1..*; every message is signed with each, and an answer may be signed with any:
              while a secret is being replaced, both are listed
    """

    url: str
    secrets: tuple[str, ...]
    allow_networks: tuple[IpNetwork, ...] = ()
    timeout_s: float = 30.0

    @property
    def answer_secrets(self) -> tuple[str, ...]:
        """Standard Webhooks secrets are symmetric: answers are signed with the same ones."""
        return self.secrets


class WebhookSettingsSchema(Schema):
    """Reads the settings; loading gives `WebhookSettings`."""

    class Meta:
        unknown = RAISE

    url = HttpAddress(required=True)
    secrets = fields.List(SecretReference(), required=True, validate=validate.Length(min=1))
    allow_networks = fields.List(Network(), load_default=list)
    timeout_s = fields.Float(load_default=30.0, validate=validate.Range(1, 300))

    @post_load
    def _frozen(self, loaded: dict[str, Any], **_: object) -> WebhookSettings:
        lists = {name: tuple(loaded[name]) for name in ("secrets", "allow_networks")}
        return WebhookSettings(**{**loaded, **lists})
