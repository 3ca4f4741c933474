"""The data folders: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gateway import places
from gateway.places import DataFolder, data_folder
from tests.conftest import ROOT

TELL = """
from gateway.places import DataFolder, data_folder
for each in DataFolder:
    print(data_folder(each))
"""


def test_a_checkout_uses_its_own_folders() -> None:
    assert [data_folder(each) for each in DataFolder] == [ROOT / each.value for each in DataFolder]


def test_an_installed_wheel_carries_them(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("care_gateway-*.whl")
    installed = tmp_path / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    told = subprocess.run(
        [sys.executable, "-c", TELL],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    assert told == [str(installed / "gateway" / "_data" / each.value) for each in DataFolder]
    for each in DataFolder:
        checkout = {
            path.relative_to(ROOT / each.value)
            for path in (ROOT / each.value).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        shipped = installed / "gateway" / "_data" / each.value
        assert {path.relative_to(shipped) for path in shipped.rglob("*") if path.is_file()} == checkout
    for package_file in ("store/migrations/env.py", "store/migrations/versions/0001_clock.py"):
        assert (installed / "gateway" / package_file).is_file()


def test_an_incomplete_installation_is_told_where_the_folder_was_sought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "PACKAGE", tmp_path / "gateway")
    with pytest.raises(FileNotFoundError, match=r"neither at .*mappings nor at .*_data"):
        data_folder(DataFolder.MAPPINGS)
