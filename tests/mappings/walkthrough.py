"""Plays the walkthrough of mappings/README.md: writes its files and shows what its commands print.

A block is fenced as `yaml FILE` or `json FILE` (the file is written), `diff FILE` (its lines are exchanged),
or `console` (`$ command`, and below it what is printed). Run as a program, this brings the README up to date.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner

from gateway.cli import command_tree
from gateway.errors import GatewayError
from gateway.places import DataFolder, data_folder

README = Path(__file__).parents[2] / "mappings" / "README.md"
TITLE = "## From an empty rule to a proven one\n"
_BLOCK = re.compile(r"^```(yaml|json|diff|console)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def played(readme: str) -> str:
    """The README with its walkthrough played: each command followed by what it prints now."""
    before, _, rest = readme.partition(TITLE)
    section, mark, after = rest.partition("\n## ")
    with _workplace():
        section = _BLOCK.sub(_play, section)
    return f"{before}{TITLE}{section}{mark}{after}"


@contextmanager
def _workplace() -> Iterator[None]:
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(data_folder(DataFolder.MAPPINGS), Path(folder) / "mappings")
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(here)


def _play(block: re.Match[str]) -> str:
    kind, name, text = block[1], block[2], block[3]
    if kind == "console":
        return f"```console\n{_session(text)}```"
    if kind == "diff":
        _exchange(Path(name), text)
    elif name:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return block[0]


def _exchange(path: Path, text: str) -> None:
    """Put the `+` lines in the place of the `-` lines; ` ` lines say where."""
    lines = text.splitlines(keepends=True)
    old = "".join(line[1:] for line in lines if line[0] in " -")
    new = "".join(line[1:] for line in lines if line[0] in " +")
    held = path.read_text()
    assert held.count(old) == 1, f"{path}: the lines to exchange are not there once:\n{old}"
    path.write_text(held.replace(old, new))


def _session(text: str) -> str:
    commands = [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]
    return "".join(f"$ {command}\n{_run(command)}" for command in commands)


def _run(command: str) -> str:
    command, _, target = command.partition(" > ")
    words = shlex.split(command)
    if words[:2] == ["cp", "-r"]:
        shutil.copytree(words[2], words[3])
        return ""
    assert words[0] == "care-gateway", f"the walkthrough cannot run {words[0]!r}"
    result = CliRunner().invoke(command_tree(), words[1:])
    if target:
        Path(target).write_text(result.stdout)
        return result.stderr
    if isinstance(result.exception, GatewayError):
        return f"{result.output}care-gateway: {result.exception}\n"
    return result.output


if __name__ == "__main__":
    README.write_text(played(README.read_text(encoding="utf-8")), encoding="utf-8")
