"""``worker``: the process that delivers, polls and seals, apart from the web processes."""

from __future__ import annotations

import signal

import click


@click.command(epilog="Example:  care-gateway worker")
@click.option(
    "--threads", type=click.IntRange(1, 64), default=4, show_default=True, help="Lanes worked at once."
)
@click.option(
    "--lease",
    "lease_s",
    type=click.FloatRange(2, 3600),
    default=90.0,
    show_default=True,
    help="Seconds a lane is held; a killed worker's lanes wait so long.",
)
@click.option(
    "--max-attempts",
    type=click.IntRange(1),
    default=12,
    show_default=True,
    help="Failures of a message, outages not counted, until it is a dead letter.",
)
@click.option(
    "--horizon-hours",
    type=click.FloatRange(0),
    default=75.0,
    show_default=True,
    help="How long an unreachable partner is tried.",
)
def worker(threads: int, lease_s: float, max_attempts: int, horizon_hours: float) -> None:
    """Work the lanes: poll hospitals, push changes, tell agencies, seal the audit.

    Runs until SIGTERM or Ctrl-C; a message that is being delivered is finished first. Any number of workers
    may share one database.
    """
    from gateway.app import build_worker
    from gateway.delivery import Pace
    from gateway.settings import Settings
    from gateway.web.request_log import configure_logging

    configure_logging()
    pace = Pace(
        threads=threads,
        lease_s=lease_s,
        reserve_s=lease_s / 2,
        max_attempts=max_attempts,
        horizon_s=horizon_hours * 3600,
    )
    working = build_worker(Settings.load(), pace)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: working.stop())
    click.echo("working; stop with Ctrl-C", err=True)
    working.run()


commands = (worker,)
