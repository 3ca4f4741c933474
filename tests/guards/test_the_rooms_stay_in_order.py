"""The rooms of the house: who may import whom is a failing test, not a reminder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"


def test_every_room_imports_only_from_rooms_below_it() -> None:
    run = subprocess.run(
        [LINT_IMPORTS, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )

    assert run.returncode == 0, run.stdout + run.stderr


def test_a_room_that_nobody_placed_breaks_the_build(tmp_path: Path) -> None:
    """The layers contract is exhaustive: the check would notice a new room, so it is no decoration."""
    copy = tmp_path / "house"
    copy.mkdir()
    for name in ("gateway", "pyproject.toml"):
        subprocess.run(["cp", "-r", str(ROOT / name), str(copy / name)], check=True)
    unplaced = copy / "gateway" / "misplaced"
    unplaced.mkdir()
    (unplaced / "__init__.py").write_text("")

    run = subprocess.run(
        [LINT_IMPORTS, "--no-cache"],
        cwd=copy,
        env={"PYTHONPATH": str(copy), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert run.returncode != 0
    assert "misplaced" in run.stdout
