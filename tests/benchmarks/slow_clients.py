"""Slow clients beside a normal one: `python -m tests.benchmarks.slow_clients [--server waitress]`.

Half of the slow ones never end their headers, half never end the body that they announced; all have a key,
for whoever has none is refused before a body is read. A normal client reads a Patient some twenty times a
second, before and meanwhile; what counts is how much longer it waits. The server is `care-gateway serve` in
processes of its own, over an embedded database that ends with the run.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click

from gateway.access.actors import Actor, ActorKind
from gateway.store import clients, migrate
from gateway.store.database import Database
from gateway.store.embedded import EmbeddedServer

PATIENT: Final = b'{"resourceType":"Patient","active":true}'
DRIP_S: Final = 1.0
READS_A_SECOND: Final = 20
GIVEN_UP_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Site:
    """A gateway that answers, and a key to it."""

    host: str
    port: int
    key: str

    def head(self, method: str, path: str, *more: str) -> bytes:
        """The start of a request: its first line and headers, not yet ended."""
        lines = (
            f"{method} {path} HTTP/1.1",
            f"Host: {self.host}:{self.port}",
            f"Authorization: Bearer {self.key}",
        )
        return ("\r\n".join((*lines, *more)) + "\r\n").encode()

    def ask(self, method: str, path: str, body: bytes | None = None) -> http.client.HTTPResponse:
        """The whole answer to one request on a connection of its own."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=GIVEN_UP_S)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/fhir+json"}
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer


@dataclass(frozen=True, slots=True)
class Waits:
    """How long the normal client waited for each answer, in milliseconds, and how often in vain."""

    answered: Sequence[float]
    in_vain: int

    def percentile(self, share: float) -> float:
        """The wait that this share of all requests did not exceed; what was not answered waited longest."""
        every = sorted(self.answered) + [GIVEN_UP_S * 1000] * self.in_vain
        return every[min(len(every) - 1, int(share * len(every)))]

    def told(self) -> str:
        """One line for people."""
        return (
            f"p50 {self.percentile(0.5):7.1f} ms  p99 {self.percentile(0.99):7.1f} ms  "
            f"({len(self.answered)} answered, {self.in_vain} not)"
        )


class SlowClients:
    """Connections kept open with a byte or a header now and then, that never say all they promised."""

    def __init__(self, site: Site, headers: int, bodies: int) -> None:
        self._site = site
        announced = site.head(
            "POST", "/fhir/R4/Patient", "Content-Type: application/fhir+json", "Content-Length: 100000", ""
        )
        unfinished = site.head("GET", "/fhir/R4/Patient")
        self._kept = [(self._open(unfinished), b"X-Slow: 1\r\n") for _ in range(headers)]
        self._kept += [(self._open(announced), b" ") for _ in range(bodies)]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._drip, daemon=True)

    def __enter__(self) -> SlowClients:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for connection, _piece in self._kept:
            connection.close()

    def _open(self, start: bytes) -> socket.socket:
        connection = socket.create_connection((self._site.host, self._site.port), timeout=GIVEN_UP_S)
        connection.sendall(start)
        return connection

    def _drip(self) -> None:
        while not self._over.wait(DRIP_S):
            for connection, piece in self._kept:
                with suppress(OSError):  # the server may have had enough of it
                    connection.sendall(piece)


def reads(site: Site, path: str, seconds: float) -> Waits:
    """How long a normal client waits, that reads `path` at a steady pace."""
    answered: list[float] = []
    in_vain = 0
    until = time.monotonic() + seconds
    while (started := time.monotonic()) < until:
        try:
            assert site.ask("GET", path).status == 200
        except (OSError, http.client.HTTPException):
            in_vain += 1
        else:
            answered.append((time.monotonic() - started) * 1000)
        time.sleep(max(0.0, started + 1 / READS_A_SECOND - time.monotonic()))
    return Waits(answered, in_vain)


@contextmanager
def served(database_url: str, folder: Path, *options: str) -> Iterator[Site]:
    """A gateway in a process of its own over a migrated database, and a hospital's key to it."""
    database = Database.connect(database_url, pool_size=1)
    with database.transaction(Actor.gateway()) as tx:
        key = clients.add(tx, "st-annes", ActorKind.EHR, "st-annes")
    database.close()
    (folder / "config").mkdir(exist_ok=True)
    own = {"DATABASE_URL": database_url, "VAR": str(folder / "own"), "CONFIG": str(folder / "config")}
    others = {name: value for name, value in os.environ.items() if not name.startswith("CARE_GATEWAY_")}
    environ = (
        others | {f"CARE_GATEWAY_{name}": value for name, value in own.items()} | {"PYTHONUNBUFFERED": "1"}
    )
    command = [sys.executable, "-m", "gateway", "serve", "--port", "0", *options]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, env=environ, text=True, stdout=subprocess.PIPE, stderr=log)
        try:
            assert process.stdout is not None
            said = next((line for line in process.stdout if "ready at" in line), "")
            address = urlsplit(re.sub(r".*ready at (\S+)\s*", r"\1", said))
            assert address.hostname is not None, (folder / "server.log").read_text()[-2000:]
            assert address.port is not None
            yield Site(address.hostname, address.port, key)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()


def main() -> None:
    """Prints what a normal client waits before and while the slow ones hang, and the ratio."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument(
        "--server", default="", help="as of `care-gateway serve`; its own default when not said"
    )
    asked.add_argument("--clients", type=int, default=200, help="slow clients of each kind")
    asked.add_argument("--seconds", type=float, default=20, help="how long is read, before and meanwhile")
    said = asked.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="care-gateway-slow-")))
        folder.chmod(0o711)
        server = EmbeddedServer(folder / "var", durable=False)
        url = server.ensure_running()
        stack.callback(server.stop)
        database = Database.connect(url, pool_size=1)
        migrate.upgrade(database)
        database.close()
        site = stack.enter_context(served(url, folder, *(("--server", said.server) if said.server else ())))
        path = urlsplit(site.ask("POST", "/fhir/R4/Patient", PATIENT).getheader("Location") or "").path
        path = path.partition("/_history")[0]
        reads(site, path, 2)
        before = reads(site, path, said.seconds)
        click.echo(f"before                     {before.told()}")
        for headers, bodies in ((said.clients, 0), (0, said.clients), (said.clients, said.clients)):
            with SlowClients(site, headers, bodies):
                time.sleep(2 * DRIP_S)
                during = reads(site, path, said.seconds)
            ratio = during.percentile(0.99) / before.percentile(0.99)
            click.echo(f"{headers:4} headers {bodies:4} bodies   {during.told()}  p99 x{ratio:.1f}")
            time.sleep(1)


if __name__ == "__main__":
    main()
