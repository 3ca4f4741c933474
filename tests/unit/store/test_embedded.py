"""The embedded server in daily life: started by whoever needs it, shared, stopped when asked."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from gateway.access.actors import Actor, ActorKind
from gateway.errors import ConfigError
from gateway.store.database import Database
from gateway.store.embedded import EmbeddedServer

SOMEONE = Actor(ActorKind.COORDINATOR, "coordinator", "here")
ASK = """
import pathlib, psycopg, sys
from gateway.store.embedded import EmbeddedServer
server = EmbeddedServer(pathlib.Path(sys.argv[1]), durable=False)
with psycopg.connect(server.ensure_running()) as connection:
    connection.execute("SELECT 1")
print(server.status().pid)
"""


@pytest.fixture
def var(reachable: Path) -> Iterator[Path]:
    yield reachable / "var"
    EmbeddedServer(reachable / "var").remove()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_call_makes_and_starts_it_and_the_next_finds_it(var: Path) -> None:
    server = EmbeddedServer(var)
    assert not server.status().running
    url = server.ensure_running()
    first = server.status()
    assert first.running
    assert first.home == var / "postgres"
    assert server.ensure_running() == url
    assert server.status() == first
    with psycopg.connect(url) as connection:
        shown = connection.execute(
            "SELECT current_setting('server_encoding'), current_setting('lc_collate', true),"
            " current_setting('fsync'), current_setting('listen_addresses')"
        ).fetchone()
    assert shown is not None
    assert (shown[0], shown[2], shown[3]) == ("UTF8", "on", "")


def test_only_its_owner_comes_in_and_only_with_the_password(var: Path) -> None:
    server = EmbeddedServer(var, durable=False)
    url = server.ensure_running()
    assert mode(var / "database") == mode(var / "postgres") == mode(var / "postgres" / "data") == 0o700
    assert mode(var / "database" / "password") == 0o600
    password = urlsplit(url).password
    assert password is not None
    assert len(password) >= 40
    assert [p for p in var.rglob("*password*") if p.is_file()] == [var / "database" / "password"]
    for wrong in (url.replace(password, "wrong"), url.replace(f":{password}", "")):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(wrong)


def test_two_installations_have_two_passwords(reachable: Path) -> None:
    servers = [EmbeddedServer(reachable / name, durable=False) for name in ("one", "two")]
    passwords = {urlsplit(server.ensure_running()).password for server in servers}
    for server in servers:
        server.remove()
    assert len(passwords) == 2


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
def test_six_processes_at_once_meet_at_one_server(var: Path, warm: bool) -> None:
    if warm:
        server = EmbeddedServer(var, durable=False)
        server.ensure_running()
        assert server.stop()
    asking = [
        subprocess.Popen([sys.executable, "-c", ASK, var], stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    told = [process.communicate(timeout=120)[0].strip() for process in asking]
    assert {process.returncode for process in asking} == {0}
    assert told == [str(EmbeddedServer(var).status().pid)] * 6


def test_it_outlives_the_process_that_started_it_and_stops_when_asked(var: Path) -> None:
    subprocess.run([sys.executable, "-c", ASK, var], check=True, stdout=subprocess.DEVNULL)
    server = EmbeddedServer(var)
    assert server.status().running
    assert server.stop()
    assert not server.status().running
    assert not server.stop()


def test_a_database_whose_server_was_stopped_starts_it_again(var: Path) -> None:
    server = EmbeddedServer(var, durable=False)
    database = Database.embedded(server)
    with database.transaction(SOMEONE) as tx:
        tx.connection.exec_driver_sql("CREATE TABLE noted AS SELECT 7 AS n")
    server.stop()
    with database.transaction(SOMEONE) as tx:
        assert tx.connection.exec_driver_sql("SELECT n FROM noted").scalar_one() == 7
    database.close()


@pytest.mark.parametrize(
    "name", ["v" * 90, "with a space", "it's", "a,b"], ids=["long", "space", "quote", "comma"]
)
def test_where_a_socket_cannot_lie_it_listens_on_loopback(reachable: Path, name: str) -> None:
    server = EmbeddedServer(reachable / name, durable=False)
    url = server.ensure_running()
    assert urlsplit(url).hostname == "127.0.0.1"
    with psycopg.connect(url) as connection:
        listens = connection.execute("SHOW listen_addresses").fetchone()
    assert listens == ("127.0.0.1",)
    assert server.stop()
    server.ensure_running()
    assert server.status().running
    server.remove()


def test_elsewhere_it_listens_on_no_network_at_all(var: Path) -> None:
    parts = urlsplit(EmbeddedServer(var, durable=False).ensure_running())
    assert parts.hostname is None
    assert parse_qs(parts.query)["host"] == [str(var / "postgres")]


def test_a_cluster_made_by_another_version_is_left_alone(var: Path) -> None:
    server = EmbeddedServer(var, durable=False)
    server.ensure_running()
    server.stop()
    (var / "postgres" / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(ConfigError, match=r"made by PostgreSQL 16, and PostgreSQL 18"):
        server.ensure_running()


def test_a_lost_password_is_named_and_not_replaced(var: Path) -> None:
    server = EmbeddedServer(var, durable=False)
    server.ensure_running()
    server.stop()
    (var / "database" / "password").unlink()
    with pytest.raises(ConfigError, match=r"database/password, is missing"):
        server.ensure_running()
    assert not (var / "database" / "password").exists()


def test_a_half_made_cluster_is_made_anew(var: Path) -> None:
    unfinished = var / "postgres" / "data.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    if os.geteuid() == 0:
        (var / "postgres").chmod(0o700)
    EmbeddedServer(var, durable=False).ensure_running()
    assert not unfinished.exists()
