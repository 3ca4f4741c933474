"""The demonstration's processes: started, waited for and stopped again; the words of each go to its log.

Should the demonstration be killed, its keeper stops them (keeper.py).
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import requests

from gateway.demo.keeper import STOP_WITHIN_S, end_groups
from gateway.errors import ConfigError, GatewayError

READY_WITHIN_S = 60


class ProcessFailed(GatewayError):
    """A process of the demonstration did not start, or ended by itself; its log says why."""


@dataclass(slots=True)
class Processes:
    """The running processes, in the order of their start. Leaving the block stops all, the last first.

    var      the gateway's data folder, whose embedded database is stopped with them
    ground   the descriptor that holds the demonstration's folder; the keeper holds it too
    """

    logs: Path
    environment: Mapping[str, str]
    var: Path
    ground: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _keeper: subprocess.Popen[str] | None = None

    def __enter__(self) -> Processes:
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / "keeper.log").open("ab") as log:
            self._keeper = subprocess.Popen(  # noqa: S603  our own module, no shell
                [sys.executable, "-m", "gateway.demo.keeper", str(self.var)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[self.ground],
                start_new_session=True,
                text=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ask every process to end, the last started first; kill what does not; then stop the database."""
        stopping = {process.pid: process for process in self.running.values()}
        end_groups(stopping, is_running=lambda pid: stopping[pid].poll() is None)
        for pid, process in stopping.items():
            process.wait(STOP_WITHIN_S)
            self._tell_keeper(f"-{pid}")
        self.running.clear()
        if self._keeper is not None and self._keeper.stdin is not None:
            self._keeper.stdin.close()
            self._keeper.wait()
            self._keeper = None

    def start(self, name: str, command: Sequence[str], ready: str | None = None) -> None:
        """Start `command`; with an address, return only when that answers 200.

        Raises ProcessFailed with the last words of its log.
        """
        with (self.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(  # noqa: S603  our own commands, no shell
                command, env=self._environment(), stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        self._tell_keeper(f"+{self.running[name].pid}")
        if ready is not None:
            self.wait_until_ready(name, ready)

    def run(self, *arguments: str) -> str:
        """What one `care-gateway` command printed. Raises ProcessFailed with its own words when it fails."""
        name = f"care-gateway {arguments[0]}"
        # Like the others: should the demonstration end now, this one and what it started end with it.
        process = self.running[name] = subprocess.Popen(  # noqa: S603  our own command, no shell
            care_gateway(*arguments),
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._tell_keeper(f"+{process.pid}")
        out, err = process.communicate()
        del self.running[name]
        self._tell_keeper(f"-{process.pid}")
        if process.returncode != 0:
            said = b"\n".join(filter(None, (err.strip(), out.strip())))
            raise ProcessFailed(f"{name} ended with {process.returncode}: {said.decode()}")
        return out.decode().strip()

    def ended(self) -> list[str]:
        """Names of processes that ended by themselves."""
        return [name for name, process in self.running.items() if process.poll() is not None]

    def _tell_keeper(self, what: str) -> None:
        assert self._keeper is not None, "only within the block"
        assert self._keeper.stdin is not None, "it was started with a pipe"
        print(what, file=self._keeper.stdin, flush=True)

    def wait_until_ready(self, name: str, address: str) -> None:
        """Return when the process answers 200 at this address. Raises ProcessFailed as `start`."""
        give_up = time.monotonic() + READY_WITHIN_S
        with requests.Session() as session:
            session.trust_env = False
            while time.monotonic() < give_up:
                if self.running[name].poll() is not None:
                    break
                try:
                    if session.get(address, timeout=2).status_code == requests.codes.ok:
                        return
                except requests.ConnectionError:
                    pass  # not listening yet; the process itself is watched above
                except requests.Timeout:
                    continue
                time.sleep(0.1)
        raise ProcessFailed(f"{name} did not become ready; its last words: {self._last_words(name)}")

    def _last_words(self, name: str) -> str:
        lines = (self.logs / f"{name}.log").read_text(encoding="utf-8", errors="replace").splitlines()
        return " | ".join(lines[-5:]) or "none"

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.environment, "PYTHONUNBUFFERED": "1"}


def care_gateway(*arguments: str) -> list[str]:
    """The command line that runs this installation's own `care-gateway`."""
    return [sys.executable, "-m", "gateway", *arguments]


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def refuse_a_port_in_use(port: int) -> None:
    """Raises ConfigError when somebody listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ConfigError(
                f"port {port} on 127.0.0.1 is in use; choose another: care-gateway demo --port 8090"
            ) from error
