"""What a checkout finds at its top, an installed wheel finds inside itself."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gateway.places import DataFolder, data_folder

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, unpacked as an installer would, far away from the checkout."""
    place = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place / "dist")],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    [wheel] = (place / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(place / "site")
    return place / "site"


@pytest.mark.parametrize("folder", list(DataFolder))
def test_a_checkout_finds_its_own_folders(folder: DataFolder) -> None:
    assert data_folder(folder) == ROOT / folder.value


@pytest.mark.parametrize("folder", list(DataFolder))
def test_an_installed_wheel_finds_the_same_files(installed: Path, folder: DataFolder) -> None:
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "from gateway.places import DataFolder, data_folder;"
            f"print(data_folder(DataFolder({folder.value!r})))",
        ],
        cwd=installed,
        env={"PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found = Path(run.stdout.strip())

    assert found.is_relative_to(installed)
    here = {path.relative_to(ROOT / folder) for path in (ROOT / folder).rglob("*") if path.is_file()}
    assert {path.relative_to(found) for path in found.rglob("*") if path.is_file()} == here
    assert here
