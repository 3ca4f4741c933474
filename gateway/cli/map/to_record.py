"""`map to-record`: FHIR as the records that it holds."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.map.findings import issue_json, report
from gateway.cli.map.given import read_resources
from gateway.cli.map.options import json_option, load_maps, maps_options, print_json
from gateway.errors import MappingError


@click.command("to-record", epilog="Example:  care-gateway map to-record bundle.json")
@click.argument("source", metavar="FILE|-")
@maps_options
@json_option
def verb(source: str, folder: Path | None, overlays: tuple[str, ...], as_json: bool) -> None:
    """Show the records that a resource, a Bundle or an object of resources holds.

    What was not read is kept in FHIR and reported on standard error (with --json: beside each record).
    """
    from gateway.mapping.readings import readings

    maps = load_maps(folder, overlays)
    shown = [(lens.rules.name, lens.get(given)) for lens, given in readings(maps, read_resources(source))]
    if not shown:
        raise MappingError(
            f"{source}: holds no resource with a map (there are maps for {', '.join(maps.types)})"
        )
    if as_json:
        records = [
            {"map": name, "record": got.record, "issues": [issue_json(issue) for issue in got.issues]}
            for name, got in shown
        ]
        print_json({"records": records})
        return
    report(issue for _, got in shown for issue in got.issues)
    print_json(shown[0][1].record if len(shown) == 1 else [got.record for _, got in shown])
