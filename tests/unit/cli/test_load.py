"""The command `care-gateway load`, run as an operator runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

Command: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]

PATIENT = '{"resourceType":"Patient","id":"p1","name":[{"family":"Marchand"}]}'


@pytest.fixture
def run(database_url: str, tmp_path: Path) -> Command:
    place = {"CARE_GATEWAY_DATABASE_URL": database_url, "CARE_GATEWAY_VAR": str(tmp_path / "var")}

    def care_gateway(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "gateway", *map(str, arguments)]
        return subprocess.run(
            command, env=os.environ | place, capture_output=True, text=True, timeout=120, check=False
        )

    return care_gateway


def test_a_folder_is_loaded_and_reported(run: Command, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.json").write_text(PATIENT)

    first = run("load", tmp_path / "in", "--source", "north")
    again = run("load", tmp_path / "in", "--source", "north", "--json")

    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == "1 file as source north: 1 loaded, 0 unchanged, 0 changed, 0 refused\n"
    assert again.returncode == 0
    assert {name: value for name, value in json.loads(again.stdout).items() if value} == {
        "source": "north",
        "files": 1,
        "unchanged": 1,
    }


def test_what_is_refused_is_named_and_the_command_says_so(run: Command, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(PATIENT)
    bad.write_text(PATIENT.replace('"name":[', '"nmae":['))

    ran = run("load", good, bad, "--source", "north")

    assert ran.returncode == 1
    assert "2 files as source north: 1 loaded, 0 unchanged, 0 changed, 1 refused" in ran.stdout
    assert f"{bad}: Patient.nmae: R4 has no element of this name here." in ran.stdout
    assert "Marchand" not in ran.stdout + ran.stderr


def test_a_malformed_bundle_is_refused_naming_file_and_element(run: Command, tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    file.write_text('{"resourceType":"Bundle","type":"transaction","entry":[{"resource":"x"}]}')

    ran = run("load", file, "--source", "north")

    assert ran.returncode == 1
    assert f"{file}: Bundle.entry[0].resource: " in ran.stdout


@pytest.mark.parametrize("source", ["here", "North", "", "a b"])
def test_a_source_that_cannot_be_is_a_usage_error(run: Command, tmp_path: Path, source: str) -> None:
    ran = run("load", tmp_path, "--source", source)

    assert ran.returncode == 2
    assert "--source" in ran.stderr


def test_a_database_that_is_away_is_one_clear_message(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(PATIENT)
    place = {
        "CARE_GATEWAY_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
        "CARE_GATEWAY_VAR": str(tmp_path),
    }

    ran = subprocess.run(
        [sys.executable, "-m", "gateway", "load", str(file), "--source", "north"],
        env=os.environ | place, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert ran.returncode == 1
    assert "127.0.0.1, port 9" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_progress_is_shown_on_a_terminal_only(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(PATIENT)
    place = {
        "CARE_GATEWAY_DATABASE_URL": database_url,
        "CARE_GATEWAY_VAR": str(tmp_path / "var"),
        "TERM": "xterm",
    }
    terminal, ours = os.openpty()

    with os.fdopen(terminal, "rb", buffering=0) as screen:
        ran = subprocess.run(
            [sys.executable, "-m", "gateway", "load", str(file), "--source", "north", "--json"],
            env=os.environ | place, stdout=subprocess.PIPE, stderr=ours, timeout=120, check=False,
        )  # fmt: skip
        os.close(ours)
        shown = screen.read(65_536)

    assert json.loads(ran.stdout)["loaded"] == 1
    assert b"Loading" in shown
    assert b"1/1" in shown
