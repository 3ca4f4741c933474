"""``simulate``: counterparts to try the gateway with, each a process that speaks the real protocol."""

from __future__ import annotations

import os
from pathlib import Path

import click

LOOPBACK = "127.0.0.1"


@click.group(epilog="Example:  care-gateway simulate ehr --port 9101 --folder var/northside")
def simulate() -> None:
    """Run a counterpart to try the gateway against; never for production."""


@simulate.command(
    epilog="Example:  care-gateway simulate ehr --port 9101 --folder var/northside --seed patients.json"
)
@click.option("--port", type=int, required=True, help="Port on 127.0.0.1.")
@click.option("--folder", type=click.Path(path_type=Path), required=True, help="Where it keeps its data.")
@click.option("--prefix", default="NS", show_default=True, help="How the ids it gives begin.")
@click.option(
    "--seed", type=click.Path(exists=True, path_type=Path), help="A collection Bundle to begin with."
)
@click.option("--token-env", help="Name of the environment variable that holds the Bearer token to require.")
def ehr(port: int, folder: Path, prefix: str, seed: Path | None, token_env: str | None) -> None:
    """A small hospital EHR that speaks FHIR R4."""
    from waitress import serve

    from gateway.demo import small_ehr
    from gateway.fhir.json_codec import read_untrusted

    shelf = small_ehr.open_shelf(folder, prefix)
    if seed is not None:
        bundle = read_untrusted(seed.read_bytes())
        if not isinstance(bundle, dict) or "entry" not in bundle:
            raise click.BadParameter(f"{seed} is not a Bundle with entries", param_hint="--seed")
        small_ehr.seed(shelf, bundle)
    token = _held_by(token_env) if token_env else None
    application = small_ehr.create_ehr(shelf, f"http://{LOOPBACK}:{port}/fhir", token=token)
    click.echo(f"small EHR at http://{LOOPBACK}:{port}/fhir")
    serve(application, host=LOOPBACK, port=port, threads=4, _quiet=True)


@simulate.command(
    epilog="Example:  care-gateway simulate agency --port 9102 --folder var/elm --key-env KEY --secret-env S1"
)
@click.option("--port", type=int, required=True, help="Port on 127.0.0.1.")
@click.option("--folder", type=click.Path(path_type=Path), required=True, help="Where it keeps its inbox.")
@click.option("--key-env", required=True, help="Name of the environment variable that holds its gateway key.")
@click.option("--secret-env", required=True, help="Name of the environment variable with the webhook secret.")
def agency(port: int, folder: Path, key_env: str, secret_env: str) -> None:
    """A community agency that takes signed webhooks and answers on its own screen (as JSON)."""
    from waitress import serve

    from gateway.demo.agency import Inbox, create_agency

    key, secret = _held_by(key_env), _held_by(secret_env)
    folder.mkdir(parents=True, exist_ok=True)
    application = create_agency(Inbox(folder / "inbox.sqlite3"), key, secret)
    click.echo(f"agency at http://{LOOPBACK}:{port}/inbox")
    serve(application, host=LOOPBACK, port=port, threads=4, _quiet=True)


def _held_by(variable: str) -> str:
    if not os.environ.get(variable):
        raise click.UsageError(f"the environment variable {variable} is not set: it should hold a secret")
    return os.environ[variable]


commands = (simulate,)
