"""A gateway as it is run: `care-gateway serve` in a process of its own, on a port that was free."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def serving(database_url: str, folder: Path, *arguments: str) -> Iterator[str]:
    """The address of a gateway over that database; at the end it is told to end, and does so in order."""
    with (folder / "server.log").open("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "serve", "--port", "0", *arguments],
            env=environ(database_url, folder),
            text=True,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        try:
            yield address(process, log.name)
        finally:
            process.send_signal(signal.SIGTERM)
            ended = process.wait(30)
            if process.stdout is not None:
                process.stdout.close()
    assert ended == 0


def environ(database_url: str, var: Path) -> dict[str, str]:
    """The environment of a gateway that knows nobody but its database."""
    config = var / "config"
    config.mkdir()
    own = {"CARE_GATEWAY_DATABASE_URL": database_url, "CARE_GATEWAY_VAR": str(var / "var")}
    own["CARE_GATEWAY_CONFIG"] = str(config)
    others = {name: value for name, value in os.environ.items() if not name.startswith("CARE_GATEWAY_")}
    return {**others, **own, "PYTHONUNBUFFERED": "1"}


def address(process: subprocess.Popen[str], log: str) -> str:
    """Where it answers, once it does."""
    assert process.stdout is not None
    for line in process.stdout:
        assert "[WARNING]" not in line, "a start that is as it should be warns of nothing"
        if found := re.search(r"ready at (http://\S+)", line):
            return found[1]
    raise AssertionError(f"the server ended before it was ready:\n{Path(log).read_text()}")
