"""The postmaster as the operating system shows it: which process, where it listens, how it is asked to stop.

A process id is believed only when that process's command line names our data folder after ``-D``: ids are
reused after a reboot or in a new container, and signalling a stranger is the worst thing a supervisor can do.
Source: https://www.postgresql.org/docs/current/storage-file-layout.html (postmaster.pid)
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# No system hands out this id, so PostgreSQL takes a lock file that names it for stale.
NOBODYS_PID: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A live postmaster of our data folder, as its lock file describes it."""

    pid: int
    port: int
    socket_folder: str  # empty when it listens on 127.0.0.1 alone
    ready: bool


def find_postmaster(data: Path) -> Postmaster | None:
    """The live postmaster of `data`; None when there is none, whatever its lock file says."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return None
    if not serves(pid, data):
        return None
    port = lines[3].strip() if len(lines) > 3 else ""
    socket_folder = lines[4].strip() if len(lines) > 4 else ""
    status = lines[7].strip() if len(lines) > 7 else ""
    return Postmaster(pid, int(port or 0), socket_folder, status == "ready")


def serves(pid: int, data: Path) -> bool:
    """True when the process `pid` lives (no zombie) and its command line says it serves `data`."""
    words = _command_line(pid)
    if pid <= 0 or not words or "postgres" not in Path(words[0]).name:
        return False
    return any(word == "-D" and following == str(data) for word, following in itertools.pairwise(words))


def is_alive(pid: int) -> bool:
    """True while the process we just launched runs, be it still the shell on its way to become PostgreSQL."""
    return bool(_command_line(pid))


def ask_to_stop(pid: int, data: Path) -> bool:
    """Ask for a fast shutdown; False when `pid` is no postmaster of `data` (any more)."""
    if hasattr(os, "pidfd_open"):
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return False
        try:
            # The handle was taken first: should the process end now, the signal reaches nobody else.
            if not serves(pid, data):
                return False
            signal.pidfd_send_signal(handle, signal.SIGINT)
        except ProcessLookupError:
            return False
        finally:
            os.close(handle)
        return True
    if not serves(pid, data):
        return False
    os.kill(pid, signal.SIGINT)
    return True


def clear_stale_locks(data: Path, socket_folder: Path) -> None:
    """Lock files left by a dead postmaster no longer stop a new one. Only when `find_postmaster` gave None.

    PostgreSQL itself sees through most of them, but not through an id that belongs to a stranger or a zombie
    now, nor an empty file. The shared memory key in the file is kept: by it PostgreSQL knows whether backends
    of the dead postmaster are still at work.
    """
    lock = data / "postmaster.pid"
    try:
        lines = lock.read_text().splitlines()
    except FileNotFoundError:
        lines = None
    if lines is not None:
        if len(lines) >= 7 and lines[0].strip().lstrip("-").isdigit():
            lock.write_text("\n".join([str(NOBODYS_PID), *lines[1:]]) + "\n")
        else:
            lock.unlink()
    for leftover in socket_folder.glob(".s.PGSQL.*"):
        leftover.unlink(missing_ok=True)


def _command_line(pid: int) -> list[str]:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return [os.fsdecode(word) for word in words if words != [b""]]
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return []
    except OSError:
        return []
    # No /proc, as on macOS. `ps` joins the words, and a data folder may hold spaces: split around -D by hand.
    shown = subprocess.run(  # noqa: S603
        ["/bin/ps", "-ww", "-o", "stat=", "-o", "command=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    state, _, command = shown.partition(" ")
    program, flag, rest = command.strip().partition(" -D ")
    if state.startswith("Z") or not flag:
        return []
    return [program, "-D", rest.partition(" -c ")[0]]
