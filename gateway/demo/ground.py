"""The folder the demonstration plays in: its own, empty at the start, used by one demonstration at a time."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gateway.errors import ConfigError
from gateway.store.embedded import EmbeddedServer

MARK: Final = ".care-gateway-demo"  # says whose folder this is; locked while somebody plays in it
FREE_WITHIN_S: Final = 10  # what a killed demonstration left is being ended


@contextmanager
def cleared_ground(folder: Path) -> Iterator[int]:
    """The folder is there and empty, and ours alone while the block runs. Gives the lock's file descriptor.

    Whoever inherits the descriptor holds the lock too. Raises ConfigError, and leaves everything as it is,
    when the folder holds what no demonstration made, or when another demonstration plays there.
    """
    _refuse_a_stranger(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(folder / MARK, os.O_RDWR | os.O_CREAT, 0o600)) as mark:
        _lock(mark.fileno(), folder)
        EmbeddedServer(folder / "var").remove()
        for left in folder.iterdir():
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left)
            elif left.name != MARK:
                left.unlink()
        yield mark.fileno()


def _refuse_a_stranger(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is a file; choose another place: care-gateway demo --folder var/demo")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise ConfigError(
            f"{folder} holds files that no demonstration made, and the demonstration would empty it:"
            " delete it yourself, or choose another place: care-gateway demo --folder var/demo-2"
        )


def _lock(mark: int, folder: Path) -> None:
    give_up = time.monotonic() + FREE_WITHIN_S
    while True:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > give_up:
                raise ConfigError(
                    f"another demonstration plays in {folder}: end that one, or play this one elsewhere:"
                    " care-gateway demo --port 8090 --folder var/demo-2"
                ) from None
            time.sleep(0.1)
        else:
            return
