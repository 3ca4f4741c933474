"""`map merge`: how two edits of the same resource come together, field by field. Nothing is written."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.map.findings import issue_json, report
from gateway.cli.map.given import read_resources
from gateway.cli.map.options import brief, json_option, load_maps, maps_options, print_json

if TYPE_CHECKING:
    from gateway.mapping import Lens, Mappings
    from gateway.mapping.merge_preview import FieldMerge, Preview


@click.command("merge", epilog="Example:  care-gateway map merge agreed.json ours.json theirs.json")
@click.argument("base", metavar="BASE")
@click.argument("ours", metavar="OURS")
@click.argument("theirs", metavar="THEIRS")
@maps_options
@json_option
def verb(
    base: str, ours: str, theirs: str, folder: Path | None, overlays: tuple[str, ...], as_json: bool
) -> None:
    """Show what OURS and THEIRS changed since BASE, as record fields, and what both changed differently.

    Each file holds the same resource (with its parts). Exit code 1 when a person would have to decide.
    """
    from gateway.mapping.merge_preview import preview

    maps = load_maps(folder, overlays)
    sides = [_only_reading(maps, source) for source in (base, ours, theirs)]
    if len({lens.rules.name for lens, _ in sides}) > 1:
        raise click.UsageError("BASE, OURS and THEIRS must hold the same kind of resource")
    found = preview(sides[0][0], *(given for _, given in sides))
    if as_json:
        print_json(_preview_json(found))
    else:
        _print(found)
    if found.conflicts or found.put.refused:
        sys.exit(1)


def _only_reading(maps: Mappings, source: str) -> tuple[Lens, dict[str, Any]]:
    from gateway.mapping.readings import readings

    found = list(readings(maps, read_resources(source)))
    if len(found) != 1:
        raise click.UsageError(f"{source}: one resource with its parts; it holds {len(found)} records")
    return found[0]


def _print(found: Preview) -> None:
    from gateway.mapping.merge_preview import Outcome

    for each in found.fields:
        if each.outcome is not Outcome.UNCHANGED:
            place = f"  [{each.origin.file}:{each.origin.line}]" if each.origin else ""
            click.echo(f"{each.outcome.value:<14}{each.field}: {_worded(each)}{place}")
    count = len(found.conflicts)
    unchanged = sum(each.outcome is Outcome.UNCHANGED for each in found.fields)
    click.echo(f"{unchanged} fields unchanged, {count} to decide")
    report(found.put.issues)


def _worded(each: FieldMerge) -> str:
    from gateway.mapping.merge_preview import Outcome

    if each.outcome is Outcome.CONFLICT:
        return f"was {brief(each.base, 30)}, ours {brief(each.ours, 30)}, theirs {brief(each.theirs, 30)}"
    now = each.theirs if each.outcome is Outcome.THEIRS else each.ours
    return f"{brief(each.base, 40)} -> {brief(now, 40)}"


def _preview_json(found: Preview) -> dict[str, Any]:
    return {
        "fields": [
            {
                "field": each.field,
                "outcome": each.outcome.value,
                "base": each.base,
                "ours": each.ours,
                "theirs": each.theirs,
                "rule": str(each.origin) if each.origin else "",
            }
            for each in found.fields
        ],
        "record": found.record,
        "resources": found.put.resources,
        "issues": [issue_json(issue) for issue in found.put.issues],
    }
