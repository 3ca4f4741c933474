"""`map check`: what the load-time checks find odd, then the laws, with generated data."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gateway.cli.map.options import json_option, load_maps, maps_options, only_known, print_json
from gateway.errors import MappingError


@click.command("check", epilog="Example:  care-gateway map check care-plan goal --cases 1000")
@click.argument("names", nargs=-1, metavar="[MAP]...")
@click.option(
    "--cases", default=100, show_default=True, help="Generated cases for each map; each runs all the laws."
)
@click.option("--seed", type=int, help="Another set of cases; without it always the same ones.")
@click.option("--only", type=int, help="Only the case of this number, as a broken law names it.")
@click.option("--all", "show_all", is_flag=True, help="List the elements that no map speaks of, too.")
@maps_options
@json_option
def verb(
    names: tuple[str, ...],
    cases: int,
    seed: int | None,
    only: int | None,
    folder: Path | None,
    overlays: tuple[str, ...],
    as_json: bool,
    show_all: bool,
) -> None:
    """Load every rule file, then hold each map to the laws with generated data.

    Loading holds every file to R4 and to its record; an error stops here, a warning is shown.
    """
    from gateway.mapping import laws
    from gateway.records import RECORDS

    maps = load_maps(folder, overlays)
    checked = only_known(names, maps)
    files = {maps[name].rules.file for name in checked}
    others = {lens.rules.file for lens in maps.values()} - files
    found = [*maps.warnings, *(maps.not_mapped if show_all else ())]
    remarks = [remark for remark in found if remark.file not in others]
    if not as_json:
        for remark in remarks:
            click.echo(str(remark))
    broken: dict[str, str] = {}
    for name in checked:
        schema = RECORDS[maps[name].rules.record].schema()
        numbers = None if only is None else [only]
        try:
            laws.check(maps[name], schema, cases=cases, seed=seed, only=numbers)
        except MappingError as error:
            broken[name] = str(error)
        if not as_json:
            tried = f"{cases} cases" if only is None else f"case {only}"
            click.echo(broken.get(name) or f"{name:<14} all laws hold in {tried}")
    if as_json:
        maps_held = {name: broken.get(name) for name in checked}
        print_json({"cases": cases, "maps": maps_held, "remarks": [str(remark) for remark in remarks]})
    if broken:
        sys.exit(1)
