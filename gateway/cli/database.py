"""`care-gateway database`: the embedded server, and bringing a database up to date."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gateway.settings import Settings
    from gateway.store.database import Database


@dataclass(frozen=True, slots=True)
class State:
    """What `database status` tells. `step` is None when the database is empty or was not looked at."""

    embedded: bool
    where: str
    running: bool
    process: int | None
    listens_on: str | None
    step: str | None
    needed_step: str

    @property
    def is_ready(self) -> bool:
        """True when the gateway can use it as it is."""
        return self.running and self.step == self.needed_step


@click.group(epilog="Example:  care-gateway database status")
def database() -> None:
    """The database: start and stop the embedded one, bring any up to date."""


@database.command(epilog="Example:  care-gateway database start")
def start() -> None:
    """Start the embedded PostgreSQL under var/ (made on first use) and bring it up to date.

    `serve`, `worker` and the other commands do this by themselves when they need it.
    """
    from gateway.store import migrate
    from gateway.store.database import Database
    from gateway.store.embedded import EmbeddedServer

    server = EmbeddedServer(_embedded_settings().var)
    server.ensure_running()
    with closing(Database.embedded(server)) as opened:
        migrate.upgrade(opened)
    status = server.status()
    click.echo(f"running in {status.home}, process {status.pid}, listening on {status.listens_on}")


@database.command(epilog="Example:  care-gateway database stop")
def stop() -> None:
    """Stop the embedded PostgreSQL. The data stays; whoever needs it next starts it again."""
    from gateway.store.embedded import EmbeddedServer

    click.echo("stopped" if EmbeddedServer(_embedded_settings().var).stop() else "it was not running")


@database.command(epilog="Example:  care-gateway database upgrade")
def upgrade() -> None:
    """Bring the database up to what this version needs: all of it, or nothing when a step fails."""
    from gateway.settings import Settings
    from gateway.store import migrate

    with closing(_open(Settings.load())) as opened:
        before, after = migrate.upgrade(opened)
        if before == after:
            click.echo(f"{opened.where}: up to date, step {after}")
        else:
            click.echo(f"{opened.where}: upgraded from {before or 'nothing'} to step {after}")


@database.command(epilog="Example:  care-gateway database status --json")
@click.option("--json", "as_json", is_flag=True, help="Print the state as JSON.")
def status(as_json: bool) -> None:
    """Tell which database is used, whether it runs and whether it is up to date. Nothing is started.

    Exit code 1 when it does not run or is not up to date.
    """
    from gateway.settings import Settings

    state = _state(Settings.load())
    if as_json:
        click.echo(json.dumps(asdict(state), indent=2))
    else:
        for line in _told(state):
            click.echo(line)
    sys.exit(0 if state.is_ready else 1)


def _state(settings: Settings) -> State:
    from gateway.store import migrate
    from gateway.store.embedded import EmbeddedServer

    if settings.database_url is not None:
        with closing(_open(settings)) as opened:
            return State(False, opened.where, True, None, None, migrate.current(opened), migrate.head())
    found = EmbeddedServer(settings.var).status()
    where = str(found.home or settings.var)
    step = None
    if found.running:
        with closing(_open(settings)) as opened:
            step = migrate.current(opened)
    return State(True, where, found.running, found.pid, found.listens_on, step, migrate.head())


def _told(state: State) -> list[str]:
    if not state.running:
        return [f"embedded, in {state.where}: not running", "start it:  care-gateway database start"]
    lines = [state.where if not state.embedded else f"embedded, in {state.where}: running as {state.process}"]
    if state.is_ready:
        return [*lines, f"up to date, step {state.step}"]
    reached = "empty" if state.step is None else f"at step {state.step}"
    return [
        *lines,
        f"{reached}, step {state.needed_step} is needed",
        "mend it:  care-gateway database upgrade",
    ]


def _open(settings: Settings) -> Database:
    from gateway.store.database import Database
    from gateway.store.embedded import EmbeddedServer

    if settings.database_url is not None:
        return Database.connect(settings.database_url)
    return Database.embedded(EmbeddedServer(settings.var))


def _embedded_settings() -> Settings:
    from gateway.settings import Settings

    settings = Settings.load()
    if settings.database_url is not None:
        raise click.UsageError(
            "a database is named in CARE_GATEWAY_DATABASE_URL or gateway.yaml, and starting or stopping that"
            " server is not the gateway's to do. Without that setting the embedded one is used."
        )
    return settings


commands: tuple[click.Command, ...] = (database,)
