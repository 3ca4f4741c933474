"""However the demonstration is ended, also before its story's end, nothing of it stays: no process, no port.

The story itself is played by `make demo`; here it is interrupted.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.demo.ground import MARK
from gateway.demo.processes import free_port
from gateway.store.embedded import EmbeddedServer

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="looks for processes in /proc, which only Linux has"
)

WITHIN_S = 60


@pytest.fixture(autouse=True)
def no_data_stay(tmp_path: Path) -> Iterator[None]:
    """Run by root, the data lie outside of pytest's folder, which is closed to PostgreSQL's account."""
    yield
    for var in tmp_path.glob("*/var"):
        EmbeddedServer(var).remove()


def test_a_demo_asked_to_end_in_the_middle_of_its_story_stops_everything(tmp_path: Path) -> None:
    demo = begun(tmp_path / "a demo", free_port())
    demo.send_signal(signal.SIGTERM)

    _, err = demo.communicate(timeout=WITHIN_S)

    assert demo.returncode == 1
    assert err.strip() == "Stopped before the story's end."
    assert list(belonging_to(tmp_path)) == []


def test_a_demo_that_was_killed_leaves_nothing_and_can_be_played_again(tmp_path: Path) -> None:
    folder, port = tmp_path / "demo", free_port()
    demo = begun(folder, port)
    demo.kill()
    demo.communicate(timeout=WITHIN_S)

    again = begun(folder, port)
    assert again.poll() is None
    again.kill()
    again.communicate(timeout=WITHIN_S)

    until_gone(tmp_path)


def test_two_demos_never_play_in_one_folder(tmp_path: Path) -> None:
    first = begun(tmp_path / "demo", free_port())

    second = play(tmp_path / "demo", free_port())
    _, refusal = second.communicate(timeout=WITHIN_S)

    assert second.returncode == 78
    assert "another demonstration plays in" in refusal
    assert first.poll() is None, "the first was not disturbed"
    first.terminate()
    first.communicate(timeout=WITHIN_S)
    assert list(belonging_to(tmp_path)) == []


def test_a_folder_that_no_demo_made_is_never_emptied(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    demo = play(tmp_path, free_port())
    _, refusal = demo.communicate(timeout=WITHIN_S)

    assert demo.returncode == 78
    assert f"{tmp_path} holds files that no demonstration made" in refusal
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def play(folder: Path, port: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "gateway", "demo", "--folder", str(folder), "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def begun(folder: Path, port: int) -> subprocess.Popen[str]:
    """A demonstration whose hospitals and database run already."""
    demo = play(folder, port)
    give_up = time.monotonic() + WITHIN_S
    while not (folder / "logs" / "northside.log").exists() or not (folder / "var" / "database").exists():
        assert demo.poll() is None, demo.communicate()
        assert time.monotonic() < give_up, "it did not begin in time"
        time.sleep(0.05)
    assert (folder / MARK).exists()
    return demo


def belonging_to(folder: Path) -> Iterator[str]:
    """The command line of each process that names `folder` there or in its environment; not ourselves."""
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        try:
            words = (process / "cmdline").read_bytes()
            told = words + (process / "environ").read_bytes()
        except OSError:
            continue  # it ended meanwhile, or is another account's: the database's, seen by its words alone
        if os.fsencode(folder) in told:
            yield words.replace(b"\0", b" ").decode(errors="replace")


def until_gone(folder: Path) -> None:
    give_up = time.monotonic() + WITHIN_S
    while left := list(belonging_to(folder)):
        assert time.monotonic() < give_up, left
        time.sleep(0.1)
