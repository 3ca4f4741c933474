"""``demo``: the whole story on this machine, every claim checked."""

from __future__ import annotations

import importlib.util
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from gateway.errors import ConfigError

if TYPE_CHECKING:
    from gateway.demo.town import Town


@click.command(epilog="Example:  care-gateway demo --once")
@click.option(
    "--once", is_flag=True, help="Stop after the story: exit 0 when it held, else 1 with the step named."
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8080,
    show_default=True,
    help="Port of the gateway on 127.0.0.1.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Where the demonstration keeps its data; emptied first.",
)
def demo(once: bool, port: int, folder: Path) -> None:
    """Play the whole story: two hospitals, a community agency, a coordinator.

    Starts an embedded database, the gateway, its worker, two hospital EHRs and an agency, each a process of
    its own on loopback; prints each step with what it checked; then serves until Ctrl-C.
    """
    from gateway.demo.cast import Story
    from gateway.demo.story import STEPS
    from gateway.demo.telling import Teller
    from gateway.demo.town import running_town

    _refuse_without_the_hospital()
    # However it is asked to end, also before the story's end, everything it started ends with it.
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)
    begun = time.monotonic()
    held = False
    click.echo("Starting two hospitals, an agency, the gateway and its worker …")
    try:
        with running_town(folder.resolve(), port) as town:
            story = Story(town, Teller())
            for number, step in enumerate(STEPS, start=1):
                story.teller.begin(number, (step.__doc__ or step.__name__).strip())
                step(story)
            took = time.monotonic() - begun
            click.secho(
                f"\nThe story held: {story.teller.checked} claims checked in {took:.0f} s.",
                fg="green",
                bold=True,
            )
            held = True
            if not once:
                _stay(town)
    except KeyboardInterrupt:
        click.echo("\nStopped." if held else "\nStopped before the story's end.", err=not held)
        if not held:
            sys.exit(1)


def _refuse_without_the_hospital() -> None:
    if importlib.util.find_spec("sekmet") is None:
        raise ConfigError(
            "the hospital of the demonstration, the package sekmet-fhir, is not installed:"
            " install sekmet-fhir 0.1.1 (care-gateway's extra [demo])"
        )


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _stay(town: Town) -> None:
    click.echo(
        f"\n  Coordinator's screens   {town.gateway}/   (demo sign-in, this machine only)"
        f"\n  Records API             {town.gateway}/api/docs"
        f"\n  FHIR API                {town.gateway}/fhir/R4/metadata"
        f"\n  St Anne's               {town.st_annes}/ui"
        f"\n  Northside               {town.northside}/fhir/metadata"
        f"\n  Elm Trust's inbox       {town.agency}/inbox"
        f"\n  A coordinator's key     {town.coordinator_key}"
        "\n\nCtrl-C stops everything."
    )
    while not (ended := town.processes.ended()):
        time.sleep(1)
    raise click.ClickException(f"{', '.join(ended)} ended by itself; its log is in {town.processes.logs}")


commands = (demo,)
