"""Settings that every kind of partner reached over HTTP has: address, allowed ranges, secret references."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields

from gateway.transport.addresses import IpNetwork


class Network(fields.Field[IpNetwork]):
    """A range in CIDR form, e.g. `10.20.0.0/16` or `127.0.0.0/8`."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> IpNetwork:
        try:
            return ipaddress.ip_network(value, strict=True)
        except ValueError as error:
            raise ValidationError(f"is no network range such as 10.20.0.0/16: {error}") from error


class HttpAddress(fields.String):
    """An absolute http or https URL without user, query or fragment; a final slash is taken off."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        parts = urlsplit(text)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValidationError("must be an absolute http or https address")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ValidationError("must hold no user, query or fragment; a secret goes in by reference")
        return text.rstrip("/")


class SecretReference(fields.String):
    """Where a secret is found, never the secret: `env:NAME` or `file:PATH`."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        kind, _, place = text.partition(":")
        if kind not in ("env", "file") or not place:
            raise ValidationError("must say where the secret is: env:NAME or file:PATH")
        return text
