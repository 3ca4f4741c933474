"""A folder for embedded servers of their own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """A short temporary folder that every account of this machine can reach (pytest's own are 0700)."""
    folder = Path(tempfile.mkdtemp(prefix="cg-")).resolve()
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A short temporary folder that every account of this machine can reach, this test's own."""
    with reachable_folder() as folder:
        yield folder
