"""`care-gateway partner`: the hospitals and agencies that config/partners/ describes."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gateway.sync.partner import Partner


@click.group(epilog="Example:  care-gateway partner check")
def partner() -> None:
    """Partners: the hospitals and agencies the gateway works with."""


@partner.command(name="list", epilog="Example:  care-gateway partner list --json")
@click.option("--json", "as_json", is_flag=True, help="Print the partners as JSON.")
def list_(as_json: bool) -> None:
    """List the partners, with what is read from each and what is sent to it."""
    from gateway.settings import Settings

    settings = Settings.load()
    if as_json:
        click.echo(json.dumps([_as_json(each) for each in settings.partners], indent=2))
        return
    for each in settings.partners:
        click.echo(f"{each.name:<20} {each.kind:<12} {each.title}")
        if each.pulls:
            click.echo(f"    reads  {', '.join(each.pulls)}  every {each.poll_every_s} s")
        if each.pushes:
            click.echo(f"    sends  {', '.join(each.pushes)}")
        if each.overlays:
            click.echo(f"    mapped with  {', '.join(each.overlays)}")
    if not settings.partners:
        click.echo(_how_to_begin(settings.config_folder), err=True)


@partner.command(epilog="Example:  care-gateway partner check config/partners/elm-trust.yaml")
@click.argument(
    "files", nargs=-1, metavar="[FILE]...", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def check(files: tuple[Path, ...], as_json: bool) -> None:
    """Check partner files, every one when none is named; nothing is sent to anybody.

    Keys, kinds, resource types and identifiers are checked, that the overlays fit the rule files and one
    another, and that each secret is where the file says.
    Exit code 1 when anything is wrong; each finding names file and line.
    """
    from gateway.settings.gateway_file import read_gateway_file
    from gateway.settings.partner_check import check_partner_file
    from gateway.settings.partner_files import read_partner_files

    problems: list[str] = []
    if not files:
        folder = read_gateway_file(os.environ)[0].config_folder / "partners"
        files = tuple(sorted(folder.glob("*.yaml")))
        problems += read_partner_files(folder)[1]  # what only shows when the files are seen together
    for path in files:
        problems += check_partner_file(path, os.environ)[1]
    problems = list(dict.fromkeys(problems))
    if as_json:
        click.echo(json.dumps({"files": len(files), "problems": problems}, indent=2))
    else:
        for problem in problems:
            click.echo(problem)
        click.echo(f"{len(files)} partner file(s), {len(problems)} problem(s)", err=True)
    sys.exit(1 if problems else 0)


def _how_to_begin(folder: Path) -> str:
    """Never into the folder shipped with the gateway: an installation's next version replaces that."""
    from gateway.places import DataFolder, data_folder

    shipped = data_folder(DataFolder.CONFIG)
    place = Path("config") if folder == shipped else folder
    return (
        f"no partners yet; describe one in {place / 'partners' / 'NAME.yaml'}"
        f" ({shipped / 'partners' / 'examples'} shows how)"
    )


def _as_json(partner: Partner) -> dict[str, Any]:
    organisation = partner.organisation
    return {
        "name": partner.name,
        "title": partner.title,
        "kind": partner.kind,
        "organisation": {"system": organisation.system, "value": organisation.value}
        if organisation
        else None,
        "pulls": list(partner.pulls),
        "pushes": list(partner.pushes),
        "overlays": list(partner.overlays),
        "poll_every_s": partner.poll_every_s,
        "answer_within_days": partner.answer_within_days,
    }


commands: tuple[click.Command, ...] = (partner,)
