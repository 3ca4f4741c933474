"""What a partner file says under `settings` when the partner is a FHIR REST server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import RAISE, Schema, fields, post_load, validate

from gateway.transport.addresses import IpNetwork
from gateway.transport.settings_fields import HttpAddress, Network, SecretReference


@dataclass(frozen=True, slots=True)
class FhirRestSettings:
    """Where the server is and how it is asked.

    base_url        the service base, without a final slash; its references and next links begin with it
    token           reference of the secret sent as Bearer token; None when the server wants none
    allow_networks  private ranges its address may lie in
    page_size       `_count` of a poll
    """

    base_url: str
    token: str | None = None
    allow_networks: tuple[IpNetwork, ...] = ()
    page_size: int = 50
    timeout_s: float = 30.0


class FhirRestSettingsSchema(Schema):
    """Reads the settings; loading gives `FhirRestSettings`."""

    class Meta:
        unknown = RAISE

    base_url = HttpAddress(required=True)
    token = SecretReference(load_default=None)
    allow_networks = fields.List(Network(), load_default=list)
    page_size = fields.Integer(load_default=50, validate=validate.Range(1, 1000))
    timeout_s = fields.Float(load_default=30.0, validate=validate.Range(1, 300))

    @post_load
    def _frozen(self, loaded: dict[str, Any], **_: object) -> FhirRestSettings:
        return FhirRestSettings(**{**loaded, "allow_networks": tuple(loaded["allow_networks"])})
