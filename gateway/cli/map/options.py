"""What the verbs of the workbench share: the rule files that they work with, and how they print."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from gateway.mapping import Mappings

Command = TypeVar("Command", bound=Callable[..., Any])

_FOLDER = click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Rule files to use instead of the shipped ones.",
)
_OVERLAY = click.option(
    "--overlay",
    "overlays",
    multiple=True,
    metavar="NAME",
    help="A partner's overlay, from overlays/ beside the rule files; repeat it, they apply in order.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Everything as JSON, for programs.")


def maps_options(command: Command) -> Command:
    """The command with --folder and --overlay, given to it as `folder` and `overlays`."""
    return _FOLDER(_OVERLAY(command))


def load_maps(folder: Path | None, overlays: tuple[str, ...] = ()) -> Mappings:
    """The maps of a folder, else the shipped ones, with these overlays.

    Raises MappingError with every problem of every file.
    """
    from gateway.mapping import Mappings

    return Mappings.load(folder, overlays)


def only_known(names: tuple[str, ...], maps: Mappings) -> tuple[str, ...]:
    """The names, or all maps when none is given; an unknown one is a usage error."""
    unknown = [name for name in names if name not in maps]
    if unknown:
        raise click.UsageError(f"no map {', '.join(unknown)}; there are: {', '.join(maps)}")
    return names or tuple(maps)


def print_json(value: Any) -> None:
    """Print a JSON value readably, with its decimals as they are."""
    click.echo(as_json_text(value))


def as_json_text(value: Any) -> str:
    """A JSON value as indented text, with its decimals as they are."""
    import msgspec

    from gateway.fhir.json_codec import write

    return msgspec.json.format(write(value), indent=2).decode()


def brief(value: Any, width: int = 60) -> str:
    """A JSON value on one line, cut when it is long."""
    from gateway.fhir.json_codec import write

    text = "nothing" if value is None else write(value).decode()
    return text if len(text) <= width else f"{text[: width - 1]}…"


def counted(number: int, noun: str) -> str:
    """The number with its noun: `1 resource`, `2 resources`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
