"""What the verbs of the workbench share: the rule files that they work with, and how they print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gateway.mapping import Mappings

folder_option = click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Rule files to use instead of the shipped ones.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Everything as JSON, for programs.")


def load_maps(folder: Path | None) -> Mappings:
    """The maps of a folder, else the shipped ones. Raises MappingError with every problem of every file."""
    from gateway.mapping import Mappings

    return Mappings.load(folder)


def print_json(value: Any) -> None:
    """Print a JSON value readably, with its decimals as they are."""
    import msgspec

    from gateway.fhir.json_codec import write

    click.echo(msgspec.json.format(write(value), indent=2).decode())
