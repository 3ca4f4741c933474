"""``demo``: the whole story on this machine, every claim checked."""

from __future__ import annotations

import signal
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.errors import ConfigError

if TYPE_CHECKING:
    from gateway.demo.town import Town


@click.command()
@click.option(
    "--once", is_flag=True, help="Stop after the story: exit 0 when it held, else 1 with the step named."
)
@click.option("--port", default=8080, show_default=True, help="Port of the gateway on 127.0.0.1.")
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

    \b
    Example:  care-gateway demo --once
    """
    from gateway.demo.story import STEPS, Story
    from gateway.demo.telling import Teller
    from gateway.demo.town import running_town

    _refuse_a_port_in_use(port)
    begun = time.monotonic()
    click.echo("Starting two hospitals, an agency, the gateway and its worker …")
    with running_town(folder.resolve(), port) as town:
        story = Story(town, Teller())
        for number, step in enumerate(STEPS, start=1):
            story.teller.begin(number, (step.__doc__ or step.__name__).strip())
            step(story)
        took = time.monotonic() - begun
        click.secho(
            f"\nThe story held: {story.teller.checked} claims checked in {took:.0f} s.", fg="green", bold=True
        )
        if not once:
            _stay(town)


def _refuse_a_port_in_use(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ConfigError(
                f"port {port} on 127.0.0.1 is in use; choose another: care-gateway demo --port 8090"
            ) from error


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
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        while not stop.wait(1):
            if ended := town.processes.ended():
                raise click.ClickException(
                    f"{', '.join(ended)} ended by itself; its log is in {town.processes.logs}"
                )
    except KeyboardInterrupt:
        click.echo("\nStopping …")


commands = (demo,)
