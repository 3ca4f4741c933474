"""`map coverage`: what the rules read of real data."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gateway.cli.map.given import documents_in
from gateway.cli.map.options import folder_option, json_option, load_maps, print_json


@click.command("coverage", epilog="Example:  care-gateway map coverage examples/ --top 10")
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH..."
)
@click.option("--least", type=float, help="Exit 1 when a type has less than this percentage mapped.")
@click.option("--top", default=5, show_default=True, help="How many unmapped elements to name for each type.")
@folder_option
@json_option
def verb(paths: tuple[Path, ...], least: float | None, top: int, folder: Path | None, as_json: bool) -> None:
    """Count which leaf elements of the resources in files and folders a rule reads.

    Not counted: narrative, meta, foreign extensions. Exit code 1 when a file could not be read.
    """
    from gateway.mapping.coverage import coverage

    unreadable: list[str] = []
    found = coverage(load_maps(folder), documents_in(paths, unreadable))
    if as_json:
        print_json(
            {
                "types": {
                    name: {
                        "resources": each.resources,
                        "leaves": each.leaves,
                        "mapped": each.mapped,
                        "percent": round(each.percent),
                        "unmapped": dict(each.unmapped.most_common()),
                        "rules": dict(each.by_rule.most_common()),
                    }
                    for name, each in found.items()
                },
                "unreadable": unreadable,
            }
        )
    else:
        for name, each in found.items():
            click.echo(
                f"{name:<20} {each.percent:5.1f} %  {each.mapped:>6} of {each.leaves:>6} leaves"
                f" in {each.resources} resources"
            )
            for element, count in each.unmapped.most_common(top):
                click.echo(f"    not mapped {count:>6}  {element}")
        for line in unreadable:
            click.echo(line, err=True)
    below = least is not None and any(each.percent < least for each in found.values())
    if below or unreadable:
        sys.exit(1)
