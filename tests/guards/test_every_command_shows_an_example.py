"""``--help`` of every command ends with an example of itself whose options exist."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import click
import pytest

from gateway.cli import command_tree

Path = tuple[str, ...]


def commands(
    command: click.Command, path: tuple[str, ...]
) -> Iterator[tuple[click.Command, tuple[str, ...]]]:
    yield command, path
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from commands(below, (*path, name))


EVERY = list(commands(command_tree(), ("care-gateway",)))


@pytest.mark.parametrize(("command", "path"), EVERY, ids=[" ".join(path) for _, path in EVERY])
def test_its_help_shows_an_example_that_could_be_typed(command: click.Command, path: Path) -> None:
    assert command.help, "says what it does"
    assert command.epilog, f"{' '.join(path)} shows no example"
    lead, _, example = command.epilog.partition("  ")
    assert lead == "Example:"

    words = shlex.split(example.partition(" | ")[0])
    assert tuple(words[: len(path)]) == path

    while isinstance(command, click.Group):
        command, path = command.commands[words[len(path)]], (*path, words[len(path)])
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words[len(path) :] if word.startswith("--")} <= known


def test_the_tree_holds_what_the_readme_names() -> None:
    assert {"demo", "serve", "worker", "load", "map", "client", "partner", "database", "deliveries"} <= {
        path[1] for _, path in EVERY if len(path) == 2
    }
