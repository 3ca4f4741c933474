"""The store's clock, and how tests move it: deadlines and leases can be tried without waiting for them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from gateway.errors import StoreError
from gateway.store.database import Database


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
