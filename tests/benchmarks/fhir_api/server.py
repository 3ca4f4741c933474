"""The gateway in a process of its own, as `care-gateway serve` runs it, with one view more that does nothing.

The process may be kept on one core; how much of that core it used is read from the system.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import requests
from flask import Flask, Response
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from gateway.access.actors import Actor, ActorKind
from gateway.cli import serve
from gateway.store import clients
from gateway.store.database import Database
from gateway.web import doors
from gateway.web.doors import Door
from gateway.web.work_slots import WorkSlots
from tests.benchmarks.fhir_api.traffic import NOTHING

_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Served:
    """A gateway that answers at `address`, a hospital's key to it, and its processes."""

    address: str
    key: str
    process: int

    def cpu_seconds(self) -> float:
        """The processor's time that the gateway used so far, all its processes together."""
        return sum(_cpu_seconds(pid) for pid in (self.process, *_children(self.process)))


def application() -> WorkSlots:
    """What granian loads: the gateway's own application, with the empty view behind the same door."""
    from gateway.app import application as whole

    return WorkSlots(with_nothing(whole()), serve.THREADS)


def with_nothing(app: Flask) -> Flask:
    """The application, with a view that answers nothing to whoever has a key."""
    doors.declare_endpoints(app, {"nothing": Door.KEY})
    app.add_url_rule(NOTHING, "nothing", lambda: Response(status=204))
    return app


@contextmanager
def served(database_url: str, folder: Path, *, core: int | None = None) -> Iterator[Served]:
    """A gateway over a migrated database, kept on `core` where one is named."""
    database = Database.connect(database_url, pool_size=1)
    with database.transaction(Actor.gateway()) as tx:
        key = clients.add(tx, f"st-annes-{uuid4()}", ActorKind.EHR, "st-annes")
    database.close()
    (folder / "config").mkdir(exist_ok=True)
    address = f"http://127.0.0.1:{_free_port()}"
    own = {"DATABASE_URL": database_url, "VAR": str(folder / "own"), "CONFIG": str(folder / "config")}
    own["PUBLIC_URL"] = address
    others = {name: value for name, value in os.environ.items() if not name.startswith("CARE_GATEWAY_")}
    environ = others | {f"CARE_GATEWAY_{name}": value for name, value in own.items()}
    pinned = ["taskset", "-c", str(core)] if core is not None else []
    command = [*pinned, sys.executable, "-m", "tests.benchmarks.fhir_api.server"]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
    try:
        _wait_for(address, process, folder / "server.log")
        yield Served(address, key, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + serve.READY_WITHIN_S
    while True:
        with suppress(OSError):
            requests.get(f"{address}/healthz", timeout=5)
            return
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the gateway did not start: {log.read_text()[-2000:]}")
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [one for child in map(int, found) for one in (child, *_children(child))]


def _cpu_seconds(pid: int) -> float:
    # The name in the second field may hold blanks and brackets; what follows its last bracket does not.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def main() -> None:
    """Serves on the port that the environment's public address names, until SIGTERM."""
    Granian(
        "tests.benchmarks.fhir_api.server:application",
        factory=True,
        address="127.0.0.1",
        port=int(os.environ[serve.PUBLIC_URL].rpartition(":")[2]),
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=serve.SLEEPING_THREADS,
        workers_kill_timeout=30,
        log_level=LogLevels.warning,
    ).serve()


if __name__ == "__main__":
    main()
