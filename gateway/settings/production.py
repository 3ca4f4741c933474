"""What keeps these settings from being safe where real people's data is. Every reason, not the first one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from urllib.parse import urlsplit

from psycopg.conninfo import conninfo_to_dict

from gateway.settings.gateway_file import OwnSettings
from gateway.store.database import libpq_url
from gateway.sync.partner import Partner

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def unsafe_for_production(own: OwnSettings, partners: Iterable[Partner]) -> list[str]:
    """One sentence for each unsafe setting. Never empty in this version: people cannot sign in safely yet."""
    return [f"production: {reason}" for reason in _reasons(own, partners)]


def _reasons(own: OwnSettings, partners: Iterable[Partner]) -> Iterator[str]:
    yield (
        "this version has no sign-in for people but the demonstration's, which production must not offer;"
        " wait for the version that signs in with OpenID Connect, or use CARE_GATEWAY_ENVIRONMENT=development"
        " on this machine with invented people"
    )
    if own.database_url is None:
        yield "the embedded database is for development: name a server in CARE_GATEWAY_DATABASE_URL"
    elif not _is_protected(own.database_url):
        yield "the database is reached without TLS: add ?sslmode=verify-full to CARE_GATEWAY_DATABASE_URL"
    if own.public_url is None:
        yield "CARE_GATEWAY_PUBLIC_URL is missing: partners must know where to reach the gateway"
    elif urlsplit(own.public_url).scheme != "https":
        yield "CARE_GATEWAY_PUBLIC_URL is not https"
    for partner in partners:
        for key, address in _addresses(partner):
            if urlsplit(address).scheme != "https":
                yield f"partners/{partner.name}.yaml: settings.{key} is not https"


def _is_protected(url: str) -> bool:
    """True when libpq will insist on TLS, or never leaves this machine."""
    said = conninfo_to_dict(libpq_url(url))
    if said.get("sslmode") in ("require", "verify-ca", "verify-full"):
        return True
    hosts = str(said.get("host") or "").split(",")
    return all(host == "" or host.startswith("/") or host in _LOOPBACK for host in hosts)


def _addresses(partner: Partner) -> Iterator[tuple[str, str]]:
    """The http addresses among the settings of the partner's kind, whichever kind that is."""
    settings = partner.settings
    if not is_dataclass(settings):
        return
    for each in fields(settings):
        value = getattr(settings, each.name)
        if isinstance(value, str) and value.startswith(("http://", "https://")):
            yield each.name, value
