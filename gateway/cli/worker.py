"""``worker``: the process that delivers, polls, seals and expires, apart from the web processes."""

from __future__ import annotations

import signal

import click


@click.command()
def worker() -> None:
    """Work the lanes: poll hospitals, push changes, tell agencies, seal the audit.

    Runs until SIGTERM or Ctrl-C; a message that is being delivered is finished first. Any number of workers
    may share one database.

    \b
    Example:  care-gateway worker
    """
    from gateway.app import build_worker
    from gateway.settings import Settings

    working = build_worker(Settings.load())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: working.stop())
    click.echo("working; stop with Ctrl-C", err=True)
    working.run()


commands = (worker,)
