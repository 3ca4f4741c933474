"""`care-gateway client`: the machine clients that may call the FHIR and records APIs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gateway.acts.gateway import Gateway
    from gateway.store.clients import ClientRow

KINDS = ("ehr", "agency", "coordinator", "admin")


@click.group(epilog="Example:  care-gateway client add ward-app --kind coordinator")
def client() -> None:
    """Machine clients: who may call the APIs, as whom."""


@client.command(epilog="Example:  care-gateway client add elm-office --kind agency --partner elm-trust")
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), required=True, help="What the client acts as.")
@click.option("--partner", metavar="NAME", help="The partner it acts for; needed for ehr and agency.")
@click.option("--scope", default="", metavar="SCOPE", help="SMART scopes, kept for the token endpoint.")
def add(name: str, kind: str, partner: str | None, scope: str) -> None:
    """Register a client and print its key, alone and this once.

    Send it as `Authorization: Bearer <key>`. Only its hash is kept: a lost key means a new client.
    """
    from gateway.access.actors import ActorKind
    from gateway.acts.register_client import register_client
    from gateway.errors import Conflict, Unprocessable

    with _gateway() as gateway:
        try:
            key = register_client(gateway, gateway.self_actor, name, ActorKind(kind), partner, scope)
        except (Conflict, Unprocessable) as error:
            raise click.UsageError(error.message) from error
    click.echo(
        f"client {name} ({kind}{f' of {partner}' if partner else ''}); its key is shown only now:", err=True
    )
    click.echo(key)


@client.command(name="list", epilog="Example:  care-gateway client list --json")
@click.option("--json", "as_json", is_flag=True, help="Print the clients as JSON.")
def list_(as_json: bool) -> None:
    """List every client, disabled ones too. Keys are never shown."""
    from gateway.acts.register_client import registered_clients

    with _gateway() as gateway:
        found = registered_clients(gateway, gateway.self_actor)
    if as_json:
        click.echo(json.dumps([_as_json(each) for each in found], indent=2))
        return
    for each in found:
        state = f"disabled {each.disabled_at:%Y-%m-%d}" if each.disabled_at else "enabled"
        click.echo(f"{each.name:<24} {each.kind.value:<12} {each.source:<20} {state}")
    if not found:
        click.echo("no clients yet; register one:  care-gateway client add NAME --kind coordinator", err=True)


@client.command(epilog="Example:  care-gateway client disable elm-office")
@click.argument("name")
def disable(name: str) -> None:
    """Shut a client out, with its very next request. It stays listed, for the audit names it."""
    from gateway.acts.register_client import disable_client

    with _gateway() as gateway:
        disabled = disable_client(gateway, gateway.self_actor, name)
    click.echo(f"client {disabled.name} is disabled", err=True)


def _as_json(client: ClientRow) -> dict[str, str | None]:
    return {
        "name": client.name,
        "kind": client.kind.value,
        "source": client.source,
        "scope": client.scope,
        "created_at": client.created_at.isoformat(),
        "disabled_at": client.disabled_at.isoformat() if client.disabled_at else None,
    }


@contextmanager
def _gateway() -> Iterator[Gateway]:
    from gateway.app import build_gateway
    from gateway.settings import Settings

    gateway = build_gateway(Settings.load())
    with closing(gateway.database):
        yield gateway


commands: tuple[click.Command, ...] = (client,)
