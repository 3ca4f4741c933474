"""``audit``: whether what was written down about every access is still as it was."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

EXIT_FINDINGS = 1


@click.group(epilog="Example:  care-gateway audit verify")
def audit() -> None:
    """Check the audit: every read and write, sealed into a chain within seconds."""


@audit.command(epilog="Example:  care-gateway audit verify --json")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
def verify(as_json: bool) -> None:
    """Check every sealed row against the chain. Exits 1, naming the first row that is not as it was.

    The head is the last good hash: keep it elsewhere, and a cut tail shows at the next check.
    """
    from gateway.app import build_gateway
    from gateway.settings import Settings
    from gateway.store import audit as book

    gateway = build_gateway(Settings.load())
    with gateway.database.transaction(gateway.self_actor) as tx:
        verdict = book.verify(tx)
    if as_json:
        click.echo(json.dumps(asdict(verdict), indent=2))
    elif verdict.fault is not None:
        fault = verdict.fault
        click.echo(f"row {fault.row} (number {fault.seq} of the chain): {fault.reason}")
    else:
        click.echo(
            f"{verdict.checked} rows are as they were sealed, {verdict.unsealed} wait for the seal;"
            f" head {verdict.head}"
        )
    sys.exit(EXIT_FINDINGS if verdict.fault is not None else 0)


commands = (audit,)
