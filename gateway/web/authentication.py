"""Who knocks at a KEY door: the Bearer key becomes an actor before anything else of the request is looked at.

https://www.rfc-editor.org/rfc/rfc6750 — only the Authorization header carries a key. A key in an address
would end up in the logs of everything between us, so it is refused there even when it is a good one.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl

from flask import Flask, g, request

from gateway.access.actors import Actor
from gateway.acts.refusal import RefusedKeys
from gateway.acts.sign_in_client import sign_in_client
from gateway.errors import SignInNeeded
from gateway.web import the_gateway
from gateway.web.doors import Door, door_of

_BEARER: Final = re.compile(r"Bearer ([A-Za-z0-9._~+/\-]{1,512}=*)", re.IGNORECASE)
_KEY_PARAMETERS: Final = frozenset({"access_token", "api_key", "apikey", "authorization", "key", "token"})
_KEY_PREFIX: Final = "cgk_"


def check_keys(app: Flask) -> None:
    """No view behind a KEY door of `app` runs, and no body is read there, before `g.actor` is known."""
    refused = RefusedKeys()

    def _check() -> None:
        if door_of(request) is Door.KEY:
            g.actor = _known(_presented_key(), refused)

    app.before_request(_check)


def _known(key: str, refused: RefusedKeys) -> Actor:
    actor = sign_in_client(the_gateway(), key)
    if actor is None:
        refused.another(the_gateway())
        raise SignInNeeded(
            "The key in the Authorization header is unknown or disabled; ask the gateway's operator for one"
            " (care-gateway client add)."
        )
    return actor


def _presented_key() -> str:
    # Looked for in what cannot be read as well: such an address is refused after this.
    if any(
        name.lower() in _KEY_PARAMETERS or _KEY_PREFIX in value
        for name, value in parse_qsl(request.query_string.decode("latin-1"), keep_blank_values=True)
    ):
        raise SignInNeeded(
            "A key is never read from the address: send it in the header `Authorization: Bearer <key>`."
            " If a real key was sent in an address, have it disabled: addresses are logged on the way."
        )
    found = _BEARER.fullmatch(request.headers.get("Authorization", ""))
    if found is None:
        raise SignInNeeded("Send a client key in the header `Authorization: Bearer <key>`.")
    return found[1]
