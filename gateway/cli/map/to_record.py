"""`map to-record`: FHIR as the records that it holds."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.map.findings import issue_json, report
from gateway.cli.map.given import read_resources, records_of
from gateway.cli.map.options import folder_option, json_option, load_maps, print_json
from gateway.errors import MappingError


@click.command("to-record", epilog="Example:  care-gateway map to-record bundle.json")
@click.argument("source", metavar="FILE|-")
@folder_option
@json_option
def verb(source: str, folder: Path | None, as_json: bool) -> None:
    """Show the records that a resource, a Bundle or an object of resources holds.

    What was not read is kept in FHIR and reported on standard error (with --json: beside each record).
    """
    maps = load_maps(folder)
    shown = list(records_of(maps, read_resources(source)))
    if not shown:
        raise MappingError(
            f"{source}: holds no resource with a map (there are maps for {', '.join(maps.types)})"
        )
    if as_json:
        print_json(
            {
                "records": [
                    {**each, "issues": [issue_json(issue) for issue in each["issues"]]} for each in shown
                ]
            }
        )
        return
    for each in shown:
        report(each["issues"])
    print_json(shown[0]["record"] if len(shown) == 1 else [each["record"] for each in shown])
