"""The connection to PostgreSQL: a pool, transactions that know their actor, and clear words when it is away.

Every function of the store takes a `Transaction`, and a `Transaction` cannot be had without an `Actor`.
The URL goes to libpq as it stands, so everything libpq understands (several hosts, ``target_session_attrs``,
``sslmode``, ``passfile``) works.
Source: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

import psycopg
import sqlalchemy
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from gateway.errors import ConfigError, DatabaseUnreachable, StoreError, VersionConflict

if TYPE_CHECKING:
    from gateway.access.actors import Actor
    from gateway.store.embedded import EmbeddedServer

OLDEST_SERVED = 15
CONNECT_TIMEOUT_S = 10
SESSION_OPTIONS = "-c timezone=UTC -c client_encoding=UTF8"

# Another transaction got in the way; running the whole transaction again is the cure.
# Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
_TRY_AGAIN = frozenset({"40001", "40P01", "55P03"})
_GONE_AWAY = frozenset({"57P01", "57P02", "57P03", "53300"})

_NAMED = "check that the server runs and that CARE_GATEWAY_DATABASE_URL names it"
_EMBEDDED = "try again: it is started by whoever needs it next (`care-gateway database status` shows it)"


@dataclass(frozen=True, slots=True)
class Transaction:
    """One open transaction and on whose behalf it reads and writes."""

    connection: Connection
    actor: Actor
    _last_acts: dict[str, Callable[[Transaction], None]] = field(default_factory=dict)

    def before_commit(self, name: str, act: Callable[[Transaction], None]) -> None:
        """Have `act` run as the last thing before the commit, once per name; never when it is undone."""
        self._last_acts.setdefault(name, act)

    def acting_as(self, actor: Actor) -> Transaction:
        """The same open transaction, seen with another actor's eyes (what a partner may be sent)."""
        return replace(self, actor=actor)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What happens inside is undone when it raises, and only that; the transaction goes on."""
        with self.connection.begin_nested():
            yield


@dataclass(frozen=True, slots=True)
class Database:
    """A PostgreSQL database, connected when first used. Share one per process; safe between threads."""

    engine: Engine
    where: str
    remedy: str
    test_mode: bool = False

    @classmethod
    def connect(cls, url: str, *, pool_size: int = 10, test_mode: bool = False) -> Self:
        """The database that `url` names: ``postgresql://`` or ``postgres://``, as libpq reads it.

        Nothing is opened yet: DatabaseUnreachable comes from the first transaction.
        Raises ConfigError when the URL is none of PostgreSQL. `test_mode` lets the clock be moved.
        """
        conninfo = libpq_url(url)
        where = place_of(conninfo)
        return cls(_engine(lambda: _open(conninfo, where, _NAMED), pool_size), where, _NAMED, test_mode)

    @classmethod
    def embedded(cls, server: EmbeddedServer, *, pool_size: int = 10) -> Self:
        """The private database under ``var/``; a server found dead is started again."""
        where = f"the embedded database of {server.var}"
        return cls(
            _engine(lambda: _open(server.ensure_running(), where, _EMBEDDED), pool_size), where, _EMBEDDED
        )

    @contextmanager
    def transaction(self, actor: Actor) -> Iterator[Transaction]:
        """One transaction: committed at the end of the block, undone when the block raises.

        Raises VersionConflict when another transaction got in the way and DatabaseUnreachable when the server
        went away before the commit: nothing was written, the whole block may run again. A connection lost
        *while* committing raises StoreError, because then nobody knows.
        """
        with self.translated():
            connection = self.engine.connect()
        with connection:
            with self.translated():
                opened = connection.begin()
            try:
                with self.translated():
                    transaction = Transaction(connection, actor)
                    yield transaction
                    for act in tuple(transaction._last_acts.values()):
                        act(transaction)
            except BaseException:
                with self.translated():
                    opened.rollback()
                raise
            self._commit(opened)

    def joined(self, tx: Transaction) -> Database:
        """The same database, in which every act takes part in `tx` instead of beginning one of its own."""
        return _Joined(self.engine, self.where, self.remedy, self.test_mode, tx=tx)

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Driver errors leave this block as errors of the gateway; programming errors leave as they are."""
        try:
            yield
        except psycopg.OperationalError as error:
            raise self._in_our_words(error, error) from error
        except DBAPIError as error:
            if not isinstance(error.orig, psycopg.Error):
                raise
            raise self._in_our_words(error.orig, error) from error

    def close(self) -> None:
        """Give every idle connection back."""
        self.engine.dispose()

    def _commit(self, opened: sqlalchemy.RootTransaction) -> None:
        try:
            with self.translated():
                opened.commit()
        except DatabaseUnreachable as error:
            raise StoreError(
                f"the connection to {self.where} broke while committing: the change may or may not have"
                " been kept; read before writing again"
            ) from error

    def _in_our_words(self, cause: psycopg.Error, error: Exception) -> Exception:
        state = cause.sqlstate
        if state in _TRY_AGAIN:
            return VersionConflict(
                "another change was in progress at the same moment; try the whole request again"
            )
        if state in _GONE_AWAY or (state or "").startswith("08"):
            return _unreachable(self.where, cause, self.remedy)
        if isinstance(cause, psycopg.OperationalError) and state is None:
            return _unreachable(self.where, cause, self.remedy)
        return error


@dataclass(frozen=True, slots=True)
class _Joined(Database):
    """A database whose transactions are all parts of one that is open already."""

    tx: Transaction = field(kw_only=True)

    @contextmanager
    def transaction(self, actor: Actor) -> Iterator[Transaction]:
        """The open transaction, seen with the eyes of `actor`; whoever opened it commits it."""
        yield self.tx.acting_as(actor)


def libpq_url(url: str) -> str:
    """`url` as libpq reads it. Raises ConfigError for anything but PostgreSQL, naming no password."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in {"postgresql", "postgres", "postgresql+psycopg"}:
        shown = scheme if separator else "no scheme"
        raise ConfigError(
            f"the database URL has {shown!r}, but only PostgreSQL {OLDEST_SERVED} or later is served:"
            " write postgresql://user@host:5432/database"
        )
    conninfo = f"postgresql://{rest}"
    try:
        conninfo_to_dict(conninfo)
    except psycopg.ProgrammingError:
        # libpq quotes the part it cannot read, which may be the password: its words stay out of ours.
        raise ConfigError(
            "the database URL cannot be read; percent-encode signs such as @ : / in user and password,"
            " as in postgresql://user:p%40ss@host:5432/database"
        ) from None
    return conninfo


def place_of(conninfo: str) -> str:
    """Where the URL leads, in words without user and password."""
    parts = conninfo_to_dict(conninfo)
    host = parts.get("host") or parts.get("hostaddr") or "localhost"
    port = parts.get("port") or "5432"
    return f"the database {parts.get('dbname') or parts.get('user') or 'postgres'!r} at {host}, port {port}"


def _engine(creator: Callable[[], psycopg.Connection[tuple[object, ...]]], pool_size: int) -> Engine:
    return sqlalchemy.create_engine(
        "postgresql+psycopg://",
        creator=creator,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=CONNECT_TIMEOUT_S,
        pool_pre_ping=True,  # a restarted server costs one ping, not one failed request per pooled connection
        isolation_level="READ COMMITTED",
    )


def _open(conninfo: str, where: str, remedy: str) -> psycopg.Connection[tuple[object, ...]]:
    given = conninfo_to_dict(conninfo)
    try:
        connection = psycopg.connect(
            conninfo,
            connect_timeout=int(given.get("connect_timeout") or CONNECT_TIMEOUT_S),
            application_name=given.get("application_name") or "care-gateway",
            options=f"{SESSION_OPTIONS} {given.get('options') or ''}".strip(),
        )
    except psycopg.OperationalError as error:
        raise _unreachable(where, error, remedy) from error
    try:
        _check_fit(connection, where)
    except ConfigError:
        connection.close()
        raise
    return connection


def _check_fit(connection: psycopg.Connection[tuple[object, ...]], where: str) -> None:
    major = connection.info.server_version // 10_000
    if major < OLDEST_SERVED:
        raise ConfigError(
            f"{where} is PostgreSQL {major}; PostgreSQL {OLDEST_SERVED} or later is needed:"
            " upgrade that server, or name another one in CARE_GATEWAY_DATABASE_URL"
        )
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise ConfigError(f"{where} keeps text as {encoding}; create it with ENCODING 'UTF8'")


def _unreachable(where: str, error: psycopg.Error, remedy: str) -> DatabaseUnreachable:
    reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return DatabaseUnreachable(f"{where} cannot be reached ({reason}): {remedy}")
