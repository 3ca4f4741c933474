"""A folder for embedded servers of their own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A short temporary folder that every account of this machine can reach (pytest's own are 0700)."""
    folder = Path(tempfile.mkdtemp(prefix="cg-")).resolve()
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)
