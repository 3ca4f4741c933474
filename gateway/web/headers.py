"""Headers that every answer carries, and the limits of every request.

Set with `setdefault`: a screen may bring a Content-Security-Policy of its own, an API answer needs none but
`none`. https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, request

from gateway.errors import UnsupportedMedia
from gateway.fhir.json_codec import MAX_BYTES

MAX_FORM_BYTES: Final = 500_000
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
_TWO_YEARS_S: Final = 63_072_000


def limit_requests(app: Flask, *, public_url: str, production: bool) -> None:
    """Large bodies, compressed bodies and foreign Host headers are refused; cookies are strict."""
    app.config.update(
        # One more than is read: a body without a length is cut here without a word, and whoever reads it must
        # be able to tell. A journey sends one.
        MAX_CONTENT_LENGTH=MAX_BYTES + 1,
        MAX_FORM_MEMORY_SIZE=MAX_FORM_BYTES,
        MAX_FORM_PARTS=1000,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=production,
        SESSION_COOKIE_NAME="__Host-care-gateway" if production else "care-gateway",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
    )
    # Also in development: else a page in a browser could reach this machine under a name of its own.
    own_name = urlsplit(public_url).hostname or ""
    app.config["TRUSTED_HOSTS"] = [own_name] if production else [own_name, *_LOOPBACK]
    app.before_request(_refuse_compressed)


def harden_answers(app: Flask, *, production: bool) -> None:
    """Every answer of `app` says how it may be used; in production also that it takes TLS."""

    def _harden(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if production:
            response.headers.setdefault(
                "Strict-Transport-Security", f"max-age={_TWO_YEARS_S}; includeSubDomains"
            )
        return response

    app.after_request(_harden)


def _refuse_compressed() -> None:
    # A few kilobytes of gzip can be gigabytes of JSON.
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise UnsupportedMedia("Compressed bodies are not read: send the body without Content-Encoding.")
