"""`map diff`: what a change of rule files means, rule by rule and for real data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.map.given import documents_in
from gateway.cli.map.options import brief, counted, json_option, load_maps, print_json

if TYPE_CHECKING:
    from gateway.mapping.map_diff import MapDiff, OutputChange, RuleChange

_SHIPPED = "shipped"


@click.command(
    "diff", epilog="Example:  care-gateway map diff shipped my-mappings --samples examples/ --overlay sdoh-cc"
)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option(
    "--samples",
    "samples",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="DIR",
    help="FHIR files to read and write with both; repeat it for more.",
)
@click.option(
    "--overlay", "overlays", multiple=True, metavar="NAME", help="An overlay on NEW; repeat it, in order."
)
@click.option("--old-overlay", "old_overlays", multiple=True, metavar="NAME", help="An overlay on OLD.")
@json_option
def verb(
    old: str,
    new: str,
    samples: tuple[Path, ...],
    overlays: tuple[str, ...],
    old_overlays: tuple[str, ...],
    as_json: bool,
) -> None:
    """Compare two folders of rule files (or the word "shipped"), and what they make of sample data.

    For each sample: the record that OLD and NEW read, field by field; and the resources that OLD and NEW
    create from the record that OLD reads. Exit code 1 when something comes out differently, 0 when the
    rules differ in ways that the samples do not show.
    """
    from gateway.mapping.map_diff import compare

    unreadable: list[str] = []
    one, two = load_maps(_folder(old), old_overlays), load_maps(_folder(new), overlays)
    found = compare(one, two, documents_in(samples, unreadable))
    if as_json:
        print_json({**_diff_json(found), "unreadable": unreadable})
    else:
        _print(found)
        for line in unreadable:
            click.echo(line, err=True)
    if found.outputs_differ or unreadable:
        sys.exit(1)


def _folder(text: str) -> Path | None:
    if text == _SHIPPED:
        return None
    if not Path(text).is_dir():
        raise click.UsageError(f'{text}: no such folder; OLD and NEW are folders, or the word "{_SHIPPED}"')
    return Path(text)


def _print(found: MapDiff) -> None:
    for each in found.rules:
        _print_rule(each)
    if not found.rules:
        click.echo("the rules say the same")
    for title, outputs in (("records", found.records), ("created resources", found.resources)):
        if outputs:
            click.echo(f"{title} that differ:")
        for place, change in outputs.items():
            click.echo(f"  {place}: {counted(change.count, 'time')}")
            for where, was, now in change.examples:
                click.echo(f"      {where}: {brief(was)} -> {brief(now)}")
    if not found.outputs_differ:
        click.echo(f"{counted(found.compared, 'reading')} of the samples: nothing comes out differently")


def _print_rule(each: RuleChange) -> None:
    word = "changed" if each.old and each.new else "added" if each.new else "removed"
    click.echo(f"{word:<8}{each.map}.{each.what}")
    if each.old:
        click.echo(f"    - {each.old}  [{each.old_place}]")
    if each.new:
        click.echo(f"    + {each.new}  [{each.new_place}]")


def _diff_json(found: MapDiff) -> dict[str, Any]:
    return {
        "rules": [
            {
                "map": each.map,
                "what": each.what,
                "old": each.old,
                "new": each.new,
                "old_place": each.old_place,
                "new_place": each.new_place,
            }
            for each in found.rules
        ],
        "compared": found.compared,
        "records": {place: _output_json(each) for place, each in found.records.items()},
        "resources": {place: _output_json(each) for place, each in found.resources.items()},
    }


def _output_json(each: OutputChange) -> dict[str, Any]:
    return {
        "count": each.count,
        "examples": [{"where": where, "old": was, "new": now} for where, was, now in each.examples],
    }
