"""`map to-fhir`: a record as FHIR, new or put into what there was."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gateway.cli.map.findings import issue_json, report
from gateway.cli.map.given import for_lens, read_record, read_resources
from gateway.cli.map.options import json_option, load_maps, maps_options, print_json


@click.command(
    "to-fhir",
    epilog="Example:  care-gateway map to-fhir plan-record.json --map care-plan --original plan.json",
)
@click.argument("source", metavar="RECORD|-")
@click.option(
    "--map", "name", help="The rule file, e.g. care-plan; not needed for what `to-record --json` printed."
)
@click.option(
    "--original", metavar="FILE", help="Put the record into these resources instead of creating new ones."
)
@maps_options
@json_option
def verb(
    source: str,
    name: str | None,
    original: str | None,
    folder: Path | None,
    overlays: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write a record as FHIR: new resources, or the original ones with only what the record changed."""
    maps = load_maps(folder, overlays)
    record, name = read_record(source, name)
    if name not in maps:
        raise click.UsageError(f"--map is one of: {', '.join(maps)}")
    lens = maps[name]
    if original is None:
        put = lens.create(record)
    else:
        put = lens.put(record, for_lens(lens, read_resources(original), record.get("id")))
    parts = {kind: held for kind, held in put.resources.items() if held}
    if as_json:
        print_json({"resources": parts, "issues": [issue_json(issue) for issue in put.issues]})
    else:
        report(put.issues)
        print_json(next(iter(parts.values())) if len(parts) == 1 else parts)
    if put.refused:
        sys.exit(1)
