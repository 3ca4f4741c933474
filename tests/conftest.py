"""What every test may ask for: a database of its own, and the published examples.

The databases live in one embedded PostgreSQL per run, or in the server that CARE_GATEWAY_TEST_DATABASE_URL
names (a role that may create databases). A PostgreSQL that does not come up is a failure, never a skip.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from hypothesis import settings

from gateway.store import migrate
from gateway.store.database import Database
from gateway.store.embedded import EmbeddedServer

pytest_plugins = ["tests.reporting"]

ROOT = Path(__file__).resolve().parent.parent

# In CI the same commit is tried with the same cases, so that a failure is about the change. New cases are
# drawn wherever else the tests run, and by thousands in `make laws` and `make soak`.
settings.register_profile("ci", derandomize=True, database=None)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture(scope="session")
def server_url(kept_folder: Path) -> Iterator[str]:
    """A URL of the server under test, for a role that may create databases."""
    named = os.environ.get("CARE_GATEWAY_TEST_DATABASE_URL")
    if named:
        yield named
        return
    yield EmbeddedServer(kept_folder / "var", durable=False).ensure_running()


@pytest.fixture(scope="session", autouse=True)
def kept_folder() -> Iterator[Path]:
    """A folder of this run. Its keeper clears up behind the run, however that ends (keeper.py)."""
    folder = Path(tempfile.mkdtemp(prefix="care-gateway-tests-"))
    folder.chmod(0o711)  # run by root, PostgreSQL's account must reach its own folder inside
    os.environ["TEST_RUN"] = folder.name
    command = [sys.executable, "-m", "tests.keeper", folder, folder.name]
    unmarked = {name: value for name, value in os.environ.items() if name != "TEST_RUN"}
    with subprocess.Popen(
        command, cwd=ROOT, env=unmarked, stdin=subprocess.PIPE, start_new_session=True
    ) as keeper:
        yield folder
    assert keeper.returncode == 0, "what the run started is gone"


@pytest.fixture(scope="session")
def migrated_template(server_url: str) -> Iterator[str]:
    """The name of a migrated, empty database that each test's own is copied from."""
    name = f"care_gateway_test_{secrets.token_hex(4)}"
    create_database(server_url, name)
    database = Database.connect(url_of(server_url, name))
    migrate.upgrade(database)
    database.close()
    yield name
    drop_database(server_url, name)


@pytest.fixture
def database_url(server_url: str, migrated_template: str) -> Iterator[str]:
    """The URL of a fresh migrated database, this test's own; for tests that start other processes."""
    name = f"{migrated_template}_{secrets.token_hex(4)}"
    create_database(server_url, name, template=migrated_template)
    yield url_of(server_url, name)
    drop_database(server_url, name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh migrated database, this test's own, whose clock the test may move."""
    database = Database.connect(database_url, pool_size=5, test_mode=True)
    yield database
    database.close()


@pytest.fixture(scope="session")
def migrated_database(server_url: str, migrated_template: str) -> Iterator[Database]:
    """One migrated database for the whole run: for properties that only read, tried many times."""
    name = f"{migrated_template}_shared"
    create_database(server_url, name, template=migrated_template)
    database = Database.connect(url_of(server_url, name), pool_size=5)
    yield database
    database.close()
    drop_database(server_url, name)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The published examples beside the project; a test that needs them is skipped where they are absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        reason = "the published examples (../shared/data) are not on this machine"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


def create_database(server_url: str, name: str, template: str = "template0") -> None:
    """An empty database, or a copy of `template`."""
    encoding = " ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'" if template == "template0" else ""
    _run(server_url, f'CREATE DATABASE "{name}" TEMPLATE "{template}"{encoding}')


def drop_database(server_url: str, name: str) -> None:
    """The database is gone, whoever is still connected to it."""
    _run(server_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def url_of(server_url: str, name: str) -> str:
    """The same server's URL for the database `name`."""
    parts = urlsplit(server_url)
    # urlunsplit drops the empty host of a socket URL ("postgresql:///name?host=…"); libpq wants it back.
    return urlunsplit(parts._replace(path=f"/{name}")).replace(":/" + name, ":///" + name)


def _run(server_url: str, statement: str) -> None:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(statement.encode())
