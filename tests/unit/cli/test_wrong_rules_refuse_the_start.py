"""A gateway with wrong rule files does not start: it says where and why before it touches a database."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from gateway.cli import main
from gateway.mapping import mappings
from gateway.places import DataFolder, data_folder


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of rule files of an installation, which its operator may have edited."""
    folder = tmp_path / "mappings"
    folder.mkdir()
    for path in data_folder(DataFolder.MAPPINGS).glob("*.yaml"):
        (folder / path.name).write_text(path.read_text())
    monkeypatch.setattr(
        mappings, "data_folder", lambda which: folder if which is DataFolder.MAPPINGS else data_folder(which)
    )
    return folder


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """The commands send this process's log to the standard error of this test, which ends with it."""
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_serve_and_worker_end_with_78_and_name_file_and_line(
    command: str,
    rules: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    goal = rules / "goal.yaml"
    goal.write_text(goal.read_text().replace("status_on: statusDate", "status_on: statusDay"))
    line = goal.read_text().splitlines().index("    status_on: statusDay") + 1
    (tmp_path / "config" / "partners").mkdir(parents=True)
    monkeypatch.setenv("CARE_GATEWAY_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("CARE_GATEWAY_VAR", str(tmp_path / "var"))
    monkeypatch.setattr(sys, "argv", ["care-gateway", command])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 78
    said = capsys.readouterr().err
    assert f"mappings/goal.yaml:{line}: error   M101 Goal.statusDay: Goal has no element 'statusDay'" in said
    assert "did you mean 'statusDate'?" in said
    assert not (tmp_path / "var" / "postgres").exists()
