"""``deliveries``: what could not be delivered, and what waits for a person."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gateway.acts.gateway import Gateway
    from gateway.store.dead_letters import DeadLetter
    from gateway.store.inbox import Quarantined

EXIT_FINDINGS = 1


@click.group(epilog="Example:  care-gateway deliveries list")
def deliveries() -> None:
    """See and repeat deliveries that failed for good, and see what came in unreadable."""


@deliveries.command("list", epilog="Example:  care-gateway deliveries list")
@click.option("--json", "as_json", is_flag=True, help="Print the dead letters as JSON.")
def list_(as_json: bool) -> None:
    """List the dead letters that wait for somebody. Exits 1 when there are any."""
    letters = _letters(_gateway())
    if as_json:
        click.echo(json.dumps([_plain(letter) for letter in letters], indent=2))
    else:
        for letter in letters:
            click.echo(_line(letter))
        if not letters:
            click.echo("nothing waits")
    sys.exit(EXIT_FINDINGS if letters else 0)


@deliveries.command(epilog="Example:  care-gateway deliveries show 7")
@click.argument("number", type=int)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(number: int, as_json: bool) -> None:
    """Show one dead letter: what it was about, why it failed, and whose it is."""
    from gateway.errors import NotFound

    found = next((letter for letter in _letters(_gateway()) if letter.id == number), None)
    if found is None:
        raise NotFound(f"no dead letter {number} waits; `care-gateway deliveries list` shows those that do")
    plain = _plain(found)
    if as_json:
        click.echo(json.dumps(plain, indent=2))
        return
    for name, value in plain.items():
        click.echo(f"{name.replace('_', ' '):16} {json.dumps(value) if isinstance(value, dict) else value}")


@deliveries.command(epilog="Example:  care-gateway deliveries replay 7")
@click.argument("number", type=int)
def replay(number: int) -> None:
    """Send one dead letter again, under the same delivery id; what is sent is what is true then."""
    from gateway.store import audit, dead_letters

    gateway = _gateway()
    with gateway.database.transaction(gateway.self_actor) as tx:
        delivery_id = dead_letters.replay(tx, number)
        audit.record(tx, "replay delivery", [], detail=f"dead letter {number}, delivery {delivery_id}")
    click.echo(f"delivery {delivery_id} waits in its lane again")


@deliveries.command(epilog="Example:  care-gateway deliveries quarantined --json")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def quarantined(as_json: bool) -> None:
    """List what partners sent and the gateway could not read. Exits 1 when there is any.

    The bytes as they came are kept; place 0 is the first entry of a page or Bundle.
    """
    from gateway.store import inbox

    gateway = _gateway()
    with gateway.database.transaction(gateway.self_actor) as tx:
        found = inbox.quarantined(tx)
    if as_json:
        click.echo(json.dumps([_plain(each) for each in found], indent=2))
    else:
        for each in found:
            click.echo(
                f"{each.at}  {each.source:20}  {each.message_id}, place {each.position}: {each.reason}"
            )
        if not found:
            click.echo("nothing is quarantined")
    sys.exit(EXIT_FINDINGS if found else 0)


def _gateway() -> Gateway:
    from gateway.app import build_gateway
    from gateway.settings import Settings

    return build_gateway(Settings.load())


def _letters(gateway: Gateway) -> list[DeadLetter]:
    from gateway.store import dead_letters

    with gateway.database.transaction(gateway.self_actor) as tx:
        return dead_letters.dead_letters(tx)


def _plain(found: DeadLetter | Quarantined) -> dict[str, Any]:
    """What was found as JSON values; they hold references only."""
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in asdict(found).items()
    }


def _line(letter: DeadLetter) -> str:
    when = letter.last_attempt_at.isoformat(timespec="seconds")
    return f"{letter.id:6}  {when}  {letter.destination:24}  {letter.owner:12}  {letter.reason}"


commands = (deliveries,)
