"""`map check`: what the load-time checks find odd, then the laws, with generated data."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.map.options import json_option, load_maps, maps_options, only_known, print_json
from gateway.cli.map.trials import Trial, run

if TYPE_CHECKING:
    from gateway.mapping import Mappings


@click.command("check", epilog="Example:  care-gateway map check care-plan goal --cases 1000 --jobs 2")
@click.argument("names", nargs=-1, metavar="[MAP]...")
@click.option(
    "--cases", default=100, show_default=True, help="Generated cases for each map; each runs all the laws."
)
@click.option("--seed", type=int, help="Another set of cases; without it always the same ones.")
@click.option("--only", type=int, help="Only the case of this number, as a broken law names it.")
@click.option("--each-overlay", is_flag=True, help="Each map that an overlay changes, with that overlay.")
@click.option(
    "--jobs",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Processes that share the cases; 0: all cores.",
)
@click.option("--all", "show_all", is_flag=True, help="List the elements that no map speaks of, too.")
@maps_options
@json_option
def verb(
    names: tuple[str, ...],
    cases: int,
    seed: int | None,
    only: int | None,
    each_overlay: bool,
    jobs: int,
    folder: Path | None,
    overlays: tuple[str, ...],
    as_json: bool,
    show_all: bool,
) -> None:
    """Load every rule file, then hold each map to the laws with generated data.

    Loading holds every file to R4 and to its record; an error stops here, a warning is shown.
    """
    maps = load_maps(folder, overlays)
    checked = only_known(names, maps)
    remarks = _remarks(maps, checked, show_all=show_all)
    if not as_json:
        for remark in remarks:
            click.echo(remark)
    numbers = range(cases) if only is None else range(only, only + 1)
    of_maps = [(name, overlays) for name in checked]
    if each_overlay:
        of_maps = [
            (name, (each,))
            for each in maps.overlay_names
            for name in maps.touched_by(each)
            if name in checked
        ]
    trials = [Trial(name, with_overlays, folder, seed, numbers) for name, with_overlays in of_maps]
    with _progress(sum(len(trial.numbers) for trial in trials)) as done:
        broken = run(trials, jobs or os.cpu_count() or 1, done)
    if as_json:
        held = {trial.title: broken.get(trial.title) for trial in trials}
        print_json({"cases": cases, "maps": held, "remarks": remarks})
    else:
        tried = f"{cases} cases" if only is None else f"case {only}"
        for trial in trials:
            click.echo(broken.get(trial.title) or f"{trial.title:<14} all laws hold in {tried}")
    if broken:
        sys.exit(1)


def _remarks(maps: Mappings, checked: Sequence[str], *, show_all: bool) -> list[str]:
    files = {maps[name].rules.file for name in checked}
    others = {lens.rules.file for lens in maps.values()} - files
    found = [*maps.warnings, *(maps.not_mapped if show_all else ())]
    return [str(remark) for remark in found if remark.file not in others]


@contextmanager
def _progress(total: int) -> Iterator[Callable[[Trial], None]]:
    """Told of each share that was tried; draws a bar, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("cases", total=total)
        yield lambda share: bar.update(task, advance=len(share.numbers), description=share.title)
