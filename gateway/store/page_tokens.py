"""Page tokens: where a walk through pages stands, encrypted, for one actor alone.

A token grants nothing: whoever uses it is judged again on every page. It is encrypted, since a place in an
order can be a name, and bound, so that an edited token or one of another client is refused. The key lives in
the database: all processes share it.
"""

from __future__ import annotations

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import text

from gateway.errors import BadRequest
from gateway.store.database import Transaction

_NONCE = 12
_KEY = text("SELECT key FROM page_key LIMIT 1")


def seal(tx: Transaction, kind: str, held: list[Any]) -> str:
    """The token that holds these JSON values, good for the transaction's actor and this kind of walk only."""
    nonce = os.urandom(_NONCE)
    token = nonce + _cipher(tx).encrypt(nonce, json.dumps(held).encode(), _bound(tx, kind))
    return urlsafe_b64encode(token).decode().rstrip("=")


def unseal(tx: Transaction, kind: str, token: str) -> list[Any]:
    """What a token holds. Raises BadRequest for one that is not the actor's, or of another kind."""
    try:
        sealed = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        held = json.loads(_cipher(tx).decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound(tx, kind)))
    except (NotBase64, UnicodeEncodeError, InvalidTag, ValueError):
        raise refuse_token(tx) from None
    assert isinstance(held, list), "only we can have written it"
    return held


def refuse_token(tx: Transaction) -> BadRequest:
    """What whoever brings a token that is not the actor's, or of something else, is told."""
    return BadRequest(
        "this page token belongs to another client or another search; start the search again",
        expression="_cursor",
    )


def _cipher(tx: Transaction) -> AESGCM:
    return AESGCM(bytes(tx.connection.execute(_KEY).scalar_one()))


def _bound(tx: Transaction, kind: str) -> bytes:
    return json.dumps([kind, tx.actor.kind, tx.actor.name, tx.actor.source]).encode()
