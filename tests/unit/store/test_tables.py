"""The tables as described and the tables as migrated are the same."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.dialects.postgresql.base import ischema_names

from gateway.store.columns import Xid8
from gateway.store.database import Database
from gateway.store.tables import METADATA


def test_the_migrated_database_has_these_tables_exactly(database: Database) -> None:
    ischema_names.setdefault("xid8", Xid8)
    options = {
        "compare_type": True,
        "compare_server_default": True,
        "include_name": lambda name, kind, _: kind != "table" or name in METADATA.tables,
    }
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), METADATA)
    assert differences == []
