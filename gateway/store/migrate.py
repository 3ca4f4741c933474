"""Bringing a database's tables up to what this version of the gateway needs.

The steps are the files in ``migrations/versions/``, run in order, all in one transaction: a failure leaves
the database as it was. An advisory lock lets one process do it while others wait and then find nothing to do.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from gateway.errors import ConfigError
from gateway.store.database import Database

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
# Any fixed number will do, as long as nothing else in the gateway takes the same advisory lock.
_LOCK = 0x6361_7265_6777  # "caregw"


def head() -> str:
    """The newest step this version of the gateway knows."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    assert newest is not None, "the package ships at least one migration"
    return newest


def current(database: Database) -> str | None:
    """The step the database has reached; None when it is empty."""
    with database.translated(), database.engine.connect() as connection:
        return _reached(connection)


def upgrade(database: Database) -> tuple[str | None, str]:
    """The step before and the step after; the same when nothing was to do. Any number may call it at once.

    Raises ConfigError when the database was made by a newer gateway: it is left alone.
    """
    with database.translated(), database.engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        before = _reached(connection)
        _refuse_newer(database, before)
        if before != head():
            command.upgrade(_config(connection), "head")
    return before, head()


def ensure_current(database: Database) -> None:
    """Returns when the database has every table this version needs.

    Raises ConfigError, naming the command that helps, when it is behind or made by a newer gateway.
    """
    reached = current(database)
    _refuse_newer(database, reached)
    if reached != head():
        found = "is empty" if reached is None else f"stands at step {reached}"
        raise ConfigError(
            f"{database.where} {found}, and this version needs step {head()}:"
            " run `care-gateway database upgrade`"
        )


def _refuse_newer(database: Database, reached: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if reached is not None and reached not in known:
        raise ConfigError(
            f"{database.where} stands at step {reached}, which this version ({head()}) does not know:"
            " it was made by a newer Care Gateway; install that version"
        )


def _reached(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
