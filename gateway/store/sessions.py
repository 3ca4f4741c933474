"""Sessions of people at the screens, kept on this side: the browser holds a random token, we hold its hash.

A session ends by signing out, after half an hour without a request, and after a working day in any case.
Source: https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from gateway.access.actors import ActorKind
from gateway.access.policy import only
from gateway.errors import Unprocessable
from gateway.store.database import Transaction

IDLE: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=12)
PEOPLE_KINDS: Final = (ActorKind.COORDINATOR, ActorKind.ADMIN)

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}\Z")


@dataclass(frozen=True, slots=True)
class SessionRow:
    """An open session: whose it is, and since when (UTC)."""

    name: str
    kind: ActorKind
    begun_at: datetime


_OPEN = text("INSERT INTO screen_session (token_sha256, name, kind) VALUES (:token_sha256, :name, :kind)")
_FIND = text("""
    SELECT name, kind, begun_at, seen_at < gateway_now() - interval '1 minute' AS stale FROM screen_session
    WHERE token_sha256 = :token_sha256
        AND seen_at > gateway_now() - :idle AND begun_at > gateway_now() - :longest
""")
_SEEN = text("UPDATE screen_session SET seen_at = gateway_now() WHERE token_sha256 = :token_sha256")
_CLOSE = text("DELETE FROM screen_session WHERE token_sha256 = :token_sha256")
_SWEEP = text("""
    DELETE FROM screen_session WHERE seen_at <= gateway_now() - :idle OR begun_at <= gateway_now() - :longest
""")


def begin(tx: Transaction, name: str, kind: ActorKind) -> str:
    """The token of a new session, to be kept by the browser alone. Make a new one at every sign-in.

    Sessions that are past their time are forgotten on the way, so that the table does not grow for ever.
    Raises Unprocessable for a kind that never sits at a screen.
    """
    only(tx.actor)
    if kind not in PEOPLE_KINDS:
        raise Unprocessable(f"a session is for a coordinator or an admin, not for {kind.value}")
    tx.connection.execute(_SWEEP, {"idle": IDLE, "longest": LONGEST})
    token = secrets.token_urlsafe(32)
    tx.connection.execute(_OPEN, {"token_sha256": _hash(token), "name": name, "kind": kind.value})
    return token


def find(tx: Transaction, token: str) -> SessionRow | None:
    """The open session of that token, now seen; None when there is none, it lay idle or lasted too long."""
    only(tx.actor)
    if not _TOKEN.match(token):
        return None
    limits = {"idle": IDLE, "longest": LONGEST}
    row = tx.connection.execute(_FIND, {"token_sha256": _hash(token), **limits}).mappings().one_or_none()
    if row is None:
        return None
    if row["stale"]:  # to the minute is enough, and spares a write per request
        tx.connection.execute(_SEEN, {"token_sha256": _hash(token)})
    return SessionRow(row["name"], ActorKind(row["kind"]), row["begun_at"])


def end(tx: Transaction, token: str) -> None:
    """That session is over. Safe to repeat, and with a token that never was one."""
    only(tx.actor)
    if _TOKEN.match(token):
        tx.connection.execute(_CLOSE, {"token_sha256": _hash(token)})


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("ascii")).digest()
