"""The command as an operator runs it: a process of its own, with settings of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Told:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The configuration folder of `care_gateway`, with no partners yet."""
    folder = tmp_path / "config"
    (folder / "partners").mkdir(parents=True)
    return folder


@pytest.fixture
def care_gateway(config: Path, tmp_path: Path) -> Callable[..., Told]:
    """Runs `care-gateway` with the given arguments; keywords become environment variables."""

    def run(*arguments: str | Path, **environ: str) -> Told:
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith("CARE_GATEWAY_")
        }
        own = {"CARE_GATEWAY_CONFIG": str(config), "CARE_GATEWAY_VAR": str(tmp_path / "var")}
        done = subprocess.run(
            [sys.executable, "-m", "gateway", *arguments],
            env={**inherited, **own, **environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Told(done.returncode, done.stdout, done.stderr)

    return run
