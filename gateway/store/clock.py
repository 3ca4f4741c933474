"""The store's clock, the only one that decides, and how tests move it so that nobody waits for a deadline."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import text

from gateway.errors import StoreError
from gateway.store.database import Database, Transaction

_NOW = text("SELECT gateway_now()")


def now(tx: Transaction) -> datetime:
    """The time of the database, with its zone. It goes on within a transaction."""
    moment: datetime = tx.connection.execute(_NOW).scalar_one()
    return moment


def move(database: Database, offset: timedelta) -> None:
    """`gateway_now()` is the server's own time plus `offset`, for every process that uses this database.

    Raises StoreError unless the database was connected in test mode, which nothing but tests does.
    """
    if not database.test_mode:
        raise StoreError("the clock of a database is moved in test mode only")
    seconds = offset / timedelta(seconds=1)
    with database.translated(), database.engine.begin() as connection:
        connection.execute(
            text(
                "CREATE OR REPLACE FUNCTION gateway_clock_offset() RETURNS interval LANGUAGE sql STABLE"
                f" PARALLEL SAFE AS $$ SELECT interval '{seconds:.6f} seconds' $$"
            )
        )
