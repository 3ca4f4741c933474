"""The embedded server after crashes, and beside strangers that carry its process id."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from queue import Queue

import psycopg
import pytest

from gateway.access.actors import Actor, ActorKind
from gateway.errors import DatabaseUnreachable, StoreError
from gateway.store.database import Database
from gateway.store.embedded import EmbeddedServer
from gateway.store.embedded_process import find_postmaster, is_alive, serves
from tests.unit.store.conftest import reachable_folder

SOMEONE = Actor(ActorKind.COORDINATOR, "coordinator", "here")
ASK = """
import pathlib, psycopg, sys
from gateway.store.embedded import EmbeddedServer
server = EmbeddedServer(pathlib.Path(sys.argv[1]), durable=False)
with psycopg.connect(server.ensure_running()) as connection:
    connection.execute("SELECT 1")
print(server.status().pid)
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[EmbeddedServer]:
    with reachable_folder() as folder:
        server = EmbeddedServer(folder / "var", durable=False)
        yield server
        server.remove()


@pytest.fixture
def server(cluster: EmbeddedServer) -> EmbeddedServer:
    """Running, and with whatever the test before did to it survived."""
    cluster.ensure_running()
    return cluster


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["/bin/sleep", "600"]) as process:
        yield process
        process.kill()


def kill(server: EmbeddedServer) -> int:
    pid = server.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while server.status().running:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return pid


def data(server: EmbeddedServer) -> Path:
    return server.var / "postgres" / "data"


def is_busy(watching: psycopg.Connection[tuple[object, ...]], backend: int) -> bool:
    query = "SELECT state = 'active' AND wait_event IS NULL FROM pg_stat_activity WHERE pid = %s"
    return watching.execute(query, [backend]).fetchone() == (True,)


def write_pid(server: EmbeddedServer, pid: int) -> None:
    lock = data(server) / "postmaster.pid"
    _, rest = lock.read_text().split("\n", 1)
    lock.write_text(f"{pid}\n{rest}")


def test_a_killed_server_is_started_by_the_next_process_and_keeps_what_was_committed(
    server: EmbeddedServer,
) -> None:
    database = Database.embedded(server)
    with database.transaction(SOMEONE) as tx:
        tx.connection.exec_driver_sql("CREATE TABLE kept AS SELECT 7 AS n")
    killed = kill(server)
    following = Database.embedded(server)
    with following.transaction(SOMEONE) as tx:
        assert tx.connection.exec_driver_sql("SELECT n FROM kept").scalar_one() == 7
    assert server.status().pid != killed
    following.close()
    database.close()


def test_a_process_that_held_connections_to_a_killed_server_goes_on_with_the_next_one(
    server: EmbeddedServer,
) -> None:
    database = Database.embedded(server)
    with database.transaction(SOMEONE) as tx:
        tx.connection.exec_driver_sql("CREATE TABLE noted AS SELECT 7 AS n")
    kill(server)
    deadline = time.monotonic() + 60
    while True:
        try:
            with database.transaction(SOMEONE) as tx:
                found = tx.connection.exec_driver_sql("SELECT n FROM noted").scalar_one()
            break
        except StoreError as error:
            # A backend may outlive its postmaster long enough to answer the pool's ping, or even to reach
            # the commit, and no longer.
            if time.monotonic() > deadline:
                raise AssertionError("the database did not come back") from error
    assert found == 7
    database.close()


def test_six_processes_that_find_it_killed_meet_at_one_server(server: EmbeddedServer) -> None:
    kill(server)
    asking = [
        subprocess.Popen([sys.executable, "-c", ASK, server.var], stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    told = [process.communicate(timeout=120)[0].strip() for process in asking]
    assert told == [str(server.status().pid)] * 6


def test_orphans_of_a_killed_server_finish_before_the_next_one_starts(server: EmbeddedServer) -> None:
    url = server.ensure_running()
    backends: Queue[int] = Queue()

    def work_on() -> None:
        with suppress(psycopg.OperationalError), psycopg.connect(url) as connection:
            backends.put(connection.info.backend_pid)
            # Busy, and so deaf to the death of its postmaster, until the count is done.
            connection.execute("SELECT count(*) FROM generate_series(1, 6000) a, generate_series(1, 6000) b")

    working = threading.Thread(target=work_on)
    working.start()
    orphan = backends.get()
    with psycopg.connect(url, autocommit=True) as watching:
        while not is_busy(watching, orphan):
            assert working.is_alive()
            time.sleep(0.01)
    kill(server)
    assert is_alive(orphan)
    server.ensure_running()
    assert not is_alive(orphan)
    working.join()


def test_a_stranger_that_carries_its_process_id_is_neither_believed_nor_harmed(
    server: EmbeddedServer, stranger: subprocess.Popen[bytes]
) -> None:
    kill(server)
    write_pid(server, stranger.pid)
    assert not server.status().running
    assert not server.stop()
    server.ensure_running()
    assert server.status().pid not in {None, stranger.pid}
    assert server.stop()
    assert stranger.poll() is None


def test_another_installations_server_is_a_stranger_too(server: EmbeddedServer, reachable: Path) -> None:
    other = EmbeddedServer(reachable / "other", durable=False)
    other.ensure_running()
    others_pid = other.status().pid
    assert others_pid is not None
    kill(server)
    write_pid(server, others_pid)
    assert not server.stop()
    server.ensure_running()
    assert server.stop()
    assert other.status().pid == others_pid
    other.remove()


def test_a_zombie_does_not_pass_for_a_running_server(server: EmbeddedServer) -> None:
    kill(server)
    zombie = subprocess.Popen(["/bin/true"])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)  # ended, and not yet taken off the table
    write_pid(server, zombie.pid)
    assert not server.status().running
    server.ensure_running()
    assert server.status().pid not in {None, zombie.pid}
    zombie.wait()


@pytest.mark.parametrize(
    "left",
    ["", "\n", "12", "no number\n", "4194304\n/elsewhere\n"],
    ids=["empty", "blank", "cut", "words", "short"],
)
def test_a_truncated_lock_file_does_not_stop_the_next_start(server: EmbeddedServer, left: str) -> None:
    kill(server)
    (data(server) / "postmaster.pid").write_text(left)
    assert not server.status().running
    server.ensure_running()
    assert server.status().running


def test_a_server_that_cannot_start_is_reported_with_its_own_last_words(server: EmbeddedServer) -> None:
    server.stop()
    settings = data(server) / "postgresql.conf"
    right = settings.read_text()
    settings.write_text(f"{right}\nno_such_setting = 1\n")
    with pytest.raises(DatabaseUnreachable, match="no_such_setting"):
        server.ensure_running()
    settings.write_text(right)


def test_only_a_command_line_that_names_our_folder_is_believed(server: EmbeddedServer) -> None:
    running = find_postmaster(data(server))
    assert running is not None
    assert serves(running.pid, data(server))
    assert not serves(running.pid, data(server).parent)
    assert not serves(os.getpid(), data(server))
    for nobodys in (0, -1, 2**31 - 1):
        assert not serves(nobodys, data(server))
