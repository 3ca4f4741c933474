"""What outlives the demonstration just long enough to end what it started, however it ended itself.

``python -m gateway.demo.keeper VAR`` reads ``+PID`` (started) and ``-PID`` (ended) from its standard input.
When that ends, be it by `kill -9` of the demonstration, it ends every process that is still on its list and
stops the embedded database of VAR. Each process leads a group of its own: its children go with it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway.store.embedded import EmbeddedServer

STOP_WITHIN_S: Final = 10


def end_groups(leaders: Iterable[int], *, is_running: Callable[[int], bool]) -> None:
    """Every process of these groups has ended: asked first, the last started first, then killed."""
    leaders = list(leaders)
    for leader in reversed(leaders):
        with suppress(ProcessLookupError):
            os.kill(leader, signal.SIGTERM)
    give_up = time.monotonic() + STOP_WITHIN_S
    while any(is_running(leader) for leader in leaders) and time.monotonic() < give_up:
        time.sleep(0.05)
    for leader in leaders:
        with suppress(ProcessLookupError):
            os.killpg(leader, signal.SIGKILL)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def main(var: Path) -> None:
    """Keep the list while the demonstration lives; then clear up."""
    left: list[int] = []
    for line in sys.stdin:
        pid = int(line[1:])
        left.append(pid) if line.startswith("+") else left.remove(pid)
    end_groups(left, is_running=_is_alive)
    EmbeddedServer(var).stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
