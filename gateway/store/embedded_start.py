"""Making the embedded cluster and bringing its postmaster up, all of it under the start lock."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg

from gateway.errors import ConfigError, DatabaseUnreachable, StoreError
from gateway.store.embedded_place import Place
from gateway.store.embedded_process import Postmaster, clear_stale_locks, find_postmaster, is_alive

ROLE: Final = "care_gateway"
DATABASE: Final = "care_gateway"
START_WITHIN_S: Final = 60  # crash recovery replays what was written since the last checkpoint
# Not ours: PGDATA, PGPORT and their like would change what the programs do.
_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
LONGEST_SOCKET_FOLDER: Final = 80  # bytes: 103 fit on macOS, less "/.s.PGSQL.5432.lock"


def make_cluster(place: Place, password: str) -> None:
    """There is a new data folder. Its name comes last: a half-made one is never taken for a whole."""
    unfinished = place.home / "data.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    password_file = place.home / "password.once"
    password_file.unlink(missing_ok=True)
    with os.fdopen(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(password)
    place.give(password_file)
    try:
        _run(
            place,
            *("initdb", "-D", unfinished, "-U", ROLE, f"--pwfile={password_file}"),
            *("--auth=scram-sha-256", "--locale=C", "--encoding=UTF8", "--no-instructions"),
        )
    finally:
        password_file.unlink(missing_ok=True)
    _run(place, "postgres", "--single", "-D", unfinished, "postgres", told=f"CREATE DATABASE {DATABASE};\n")
    unfinished.rename(place.data)


def _run(place: Place, program: str, *arguments: str | Path, told: str = "") -> None:
    """`program` of the wheel has done its work, as the server's account and reading `told`."""
    done = subprocess.run(  # noqa: S603
        [place.programs / program, *arguments],
        cwd="/",
        env=_ENVIRONMENT,
        input=told,
        capture_output=True,
        text=True,
        check=False,
        **place.popen(),
    )
    if done.returncode != 0:
        raise StoreError(f"the embedded database could not be made in {place.home}: {done.stderr.strip()}")


def check_version(place: Place) -> None:
    """Raises ConfigError when another major version of PostgreSQL made the data folder."""
    made_by = (place.data / "PG_VERSION").read_text().strip()
    runs = place.programs.parent.name.removeprefix("pginstall")
    if made_by != runs:
        raise ConfigError(
            f"the embedded database in {place.home} was made by PostgreSQL {made_by}, and PostgreSQL"
            f" {runs} is installed: move {place.home} away to begin a new one, or install what made it"
        )


def up_and_answering(place: Place, password: str, *, durable: bool) -> Postmaster:
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
        psycopg.connect(url(running, password, "postgres"), connect_timeout=5).close()
    except psycopg.OperationalError as error:
        return " ".join(str(error).split())
    return ""


def _launch(place: Place, *, durable: bool) -> int:
    """The process id of a new postmaster that outlives us. It may still fail; the log says why."""
    clear_stale_locks(place.data, place.home)
    place.log.touch(mode=0o600)
    place.give(place.log)
    command: list[str | Path] = [place.programs / "postgres", "-D", place.data]
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
        env=_ENVIRONMENT,
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
        yield from ("fsync=off", "full_page_writes=off")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _may_pass(last_words: str) -> bool:
    """True for what another try cures: a taken port, or memory that orphaned backends still hold."""
    return any(sign in last_words for sign in ("shared memory block", "Address already in use"))


def _last_words(place: Place) -> str:
    try:
        lines = place.log.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return "it left no log"
    return " | ".join(line.strip() for line in lines[-3:]) or "its log is empty"


def url(running: Postmaster, password: str, database: str) -> str:
    """Where the running server is reached, password included: its socket if it has one, else 127.0.0.1."""
    login = f"{ROLE}:{quote(password, safe='')}"
    if running.socket_folder:
        folder = quote(running.socket_folder, safe="")
        return f"postgresql://{login}@/{database}?host={folder}&port={running.port}"
    return f"postgresql://{login}@127.0.0.1:{running.port}/{database}"
