"""Machine clients and their keys: `cgk_<id>_<secret>`, the secret 256 random bits and kept as SHA-256 alone.

A random secret of that size cannot be guessed from its hash, so every request may do without a slow one.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import RowMapping, text

from gateway.access.actors import HERE, ActorKind
from gateway.access.policy import only
from gateway.errors import Conflict, NotFound, Unprocessable
from gateway.store.database import Transaction

MACHINE_KINDS: Final = (ActorKind.EHR, ActorKind.AGENCY, ActorKind.COORDINATOR, ActorKind.ADMIN)
BOUND_KINDS: Final = (ActorKind.EHR, ActorKind.AGENCY)
"""Kinds that act for one partner and see with its eyes."""

_KEY: Final = re.compile(r"cgk_([0-9a-f]{16})_([A-Za-z0-9_-]{43})\Z")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")
_NOBODYS_HASH: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A registered machine client. `source` is its partner, or `here`; times are UTC."""

    id: str
    name: str
    kind: ActorKind
    source: str
    scope: str
    created_at: datetime
    disabled_at: datetime | None

    @property
    def is_disabled(self) -> bool:
        """True when its key no longer opens anything."""
        return self.disabled_at is not None


_COLUMNS = "id, name, kind, source, scope, created_at, disabled_at"
_ADD = text("""
    INSERT INTO client (id, name, kind, source, scope, secret_sha256)
    VALUES (:id, :name, :kind, :source, :scope, :secret_sha256)
    ON CONFLICT (name) DO NOTHING
""")
_BY_ID = text(f"SELECT {_COLUMNS}, secret_sha256 FROM client WHERE id = :id")  # noqa: S608 (fixed text)
_ALL = text(f"SELECT {_COLUMNS} FROM client ORDER BY name")  # noqa: S608 (fixed text)
_DISABLE = text(f"""
    UPDATE client SET disabled_at = COALESCE(disabled_at, gateway_now()) WHERE name = :name
    RETURNING {_COLUMNS}
""")  # noqa: S608 (fixed text)


def add(tx: Transaction, name: str, kind: ActorKind, partner: str | None = None, scope: str = "") -> str:
    """The new client's key. It is not kept: whoever loses it needs a new client.

    Raises Conflict when a client, be it disabled, has that name already (audit rows name clients), and
    Unprocessable for a name that is none, a kind that is no machine, or a partner too many or too few.
    """
    only(tx.actor, ActorKind.ADMIN)
    if not _NAME.match(name):
        raise Unprocessable(
            "a client's name is 1 to 63 letters, digits, dots, dashes or underscores"
            " and begins with a letter or digit"
        )
    if kind not in MACHINE_KINDS:
        raise Unprocessable(f"a client is one of {', '.join(MACHINE_KINDS)}, not {kind.value}")
    if kind in BOUND_KINDS and partner is None:
        raise Unprocessable(f"a client of kind {kind.value} acts for one partner: name it with --partner")
    if kind not in BOUND_KINDS and partner is not None:
        raise Unprocessable(f"a client of kind {kind.value} acts for nobody but itself: leave --partner out")
    id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    row = {"id": id, "name": name, "kind": kind.value, "source": partner or HERE, "scope": scope}
    if tx.connection.execute(_ADD, {**row, "secret_sha256": _hash(secret)}).rowcount == 0:
        raise Conflict(
            f"there is a client {name!r} already: choose another name, for the audit names clients"
        )
    return f"cgk_{id}_{secret}"


def authenticate(tx: Transaction, key: str) -> ClientRow | None:
    """The client whose key this is; None when the key is malformed, unknown, wrong or disabled."""
    only(tx.actor)
    parts = _KEY.match(key)
    if parts is None:
        return None
    row = tx.connection.execute(_BY_ID, {"id": parts[1]}).mappings().one_or_none()
    kept = bytes(row["secret_sha256"]) if row else _NOBODYS_HASH
    # Compared whether or not the id is known, and to the last byte: the time taken tells nothing.
    same = hmac.compare_digest(kept, _hash(parts[2]))
    if row is None or not same:
        return None
    client = _client(row)
    return None if client.is_disabled else client


def list(tx: Transaction) -> tuple[ClientRow, ...]:
    """Every client, disabled ones too, by name."""
    only(tx.actor, ActorKind.ADMIN)
    return tuple(_client(row) for row in tx.connection.execute(_ALL).mappings())


def disable(tx: Transaction, name: str) -> ClientRow:
    """The client, whose key opens nothing once this transaction is committed. Safe to repeat.

    Raises NotFound when no client has that name.
    """
    only(tx.actor, ActorKind.ADMIN)
    row = tx.connection.execute(_DISABLE, {"name": name}).mappings().one_or_none()
    if row is None:
        raise NotFound("there is no client of that name; `care-gateway client list` shows them")
    return _client(row)


def _client(row: RowMapping) -> ClientRow:
    return ClientRow(
        id=row["id"],
        name=row["name"],
        kind=ActorKind(row["kind"]),
        source=row["source"],
        scope=row["scope"],
        created_at=row["created_at"],
        disabled_at=row["disabled_at"],
    )


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("ascii")).digest()
