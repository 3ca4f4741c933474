"""Outlives a test run just long enough to end what it left running, also when the run was killed.

``python -m tests.keeper FOLDER MARK`` waits until its standard input ends, that is, until the run has. Then
it ends the processes whose environment holds MARK (those the tests started; only Linux tells) and removes
FOLDER with the run's embedded database in FOLDER/var.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path

from gateway.store.embedded import EmbeddedServer


def main(folder: Path, mark: str) -> None:
    sys.stdin.read()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile, or is another account's
            if mark.encode() in (process / "environ").read_bytes() and int(process.name) != os.getpid():
                os.kill(int(process.name), signal.SIGTERM)
    EmbeddedServer(folder / "var").remove()
    shutil.rmtree(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
