"""``reindex``: the search index made again from the resources, while everything goes on."""

from __future__ import annotations

import json
import time

import click

_BATCH = 200
_PAUSE_S = 0.5


@click.command(epilog="Example:  care-gateway reindex --all")
@click.option("--all", "everything", is_flag=True, help="Index all resources again, not only what is behind.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def reindex(everything: bool, as_json: bool) -> None:
    """Bring the search index up to date, with progress. Safe while serving, and safe to break off.

    Workers do the same by themselves, a little at a time: this command only makes it quicker.
    """
    from gateway.app import build_gateway
    from gateway.settings import Settings
    from gateway.store import reindex as index

    gateway = build_gateway(Settings.load())
    if everything:
        with gateway.database.transaction(gateway.self_actor) as tx:
            index.forget(tx)
    with gateway.database.transaction(gateway.self_actor) as tx:
        begun = index.progress(tx)
    with click.progressbar(length=begun.waiting, label="Indexing") as bar:
        left = begun.waiting
        while left:
            with gateway.database.transaction(gateway.self_actor) as tx:
                done = index.reindex(tx, _BATCH)
            with gateway.database.transaction(gateway.self_actor) as tx:
                now = index.progress(tx).waiting
            bar.update(left - now)
            if not done and now == left:
                time.sleep(_PAUSE_S)  # a worker holds what is left
            left = now
    if as_json:
        click.echo(json.dumps({"resources": begun.total, "indexed": begun.waiting}))
    else:
        click.echo(f"{begun.waiting} of {begun.total} resources were indexed again.")


commands: tuple[click.Command, ...] = (reindex,)
