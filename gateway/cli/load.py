"""`care-gateway load`: FHIR files and folders become part of the store, as one source."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gateway.access.actors import HERE

if TYPE_CHECKING:
    from gateway.acts.load import Report
    from gateway.acts.load_parcels import Refusal

_SOURCE: Final = re.compile(r"[a-z][a-z0-9-]{0,62}")
_SHOWN: Final = 20  # refusals with the same reason in the same file; --json lists all


def _source_name(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not _SOURCE.fullmatch(value) or value == HERE:
        raise click.BadParameter("use lower-case letters, digits and '-', a letter first; 'here' is taken")
    return value


@click.command(epilog="Example:  care-gateway load exports/2026-03 plan.json --source st-annes")
@click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(exists=True, path_type=Path)
)
@click.option(
    "--source", required=True, metavar="NAME", callback=_source_name, help="Whose resources these are."
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
def load(paths: tuple[Path, ...], source: str, as_json: bool) -> None:
    """Load FHIR Bundles, NDJSON and single resources from files and folders.

    Loading again changes nothing: a resource is known by its source, type and id there (or the fullUrl of its
    entry). Other content under a known id becomes a new version. Each file is one transaction (NDJSON: 500
    lines); of a transaction Bundle everything is loaded or nothing. Exit code 1 when anything was refused.
    """
    from gateway.acts.load import load as load_files
    from gateway.acts.load_parcels import files_under
    from gateway.app import build_gateway
    from gateway.settings import Settings

    files = files_under(paths)
    gateway = build_gateway(Settings.load())
    with _progress() as (surveyed, progressed):
        report = load_files(
            gateway, gateway.self_actor, files, source=source, surveyed=surveyed, progressed=progressed
        )
    click.echo(
        json.dumps(_as_json(report, source, len(files)), indent=2)
        if as_json
        else _told(report, source, files)
    )
    if report.refusals:
        sys.exit(1)


@contextmanager
def _progress() -> Iterator[tuple[Callable[[int], None], Callable[[int], None]]]:
    """A bar on a terminal, nothing anywhere else."""
    if not sys.stderr.isatty():
        yield (lambda _size: None), (lambda _done: None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("Loading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("load", total=None)
        yield (lambda size: bar.update(task, total=size)), (lambda done: bar.advance(task, done))


def _as_json(report: Report, source: str, files: int) -> dict[str, Any]:
    return {
        "source": source,
        "files": files,
        "loaded": report.loaded,
        "unchanged": report.unchanged,
        "changed": report.changed,
        "refused": _refused(report),
        "refusals": [
            {"file": str(it.file), "entry": it.entry, "element": it.element, "reason": it.reason}
            for it in report.refusals
        ],
        "kept_references": [
            {"file": str(it.file), "entry": it.entry, "element": it.element} for it in report.kept_references
        ],
    }


def _refused(report: Report) -> int:
    """Entries, not issues: one resource can have several."""
    return len({(refusal.file, refusal.entry) for refusal in report.refusals})


def _told(report: Report, source: str, files: list[Path]) -> str:
    many = "file" if len(files) == 1 else "files"
    lines = [
        f"{len(files)} {many} as source {source}: {report.loaded} loaded, {report.unchanged} unchanged,"
        f" {report.changed} changed, {_refused(report)} refused"
    ]
    lines += _refusals(report.refusals)
    if report.kept_references:
        lines.append(
            f"{len(report.kept_references)} references were kept as they stand; their targets are not known:"
        )
        lines += [
            f"  {_place(kept.file, kept.entry)}: {kept.element}" for kept in report.kept_references[:_SHOWN]
        ]
        lines += _more(len(report.kept_references) - _SHOWN, "")
    return "\n".join(lines)


def _refusals(refusals: list[Refusal]) -> Iterator[str]:
    alike = Counter((refusal.file, refusal.reason) for refusal in refusals)
    shown: Counter[tuple[Path, str]] = Counter()
    for refusal in refusals:
        key = (refusal.file, refusal.reason)
        shown[key] += 1
        if shown[key] <= _SHOWN:
            element = f"{refusal.element}: " if refusal.element else ""
            yield f"  {_place(refusal.file, refusal.entry)}: {element}{refusal.reason}"
        elif shown[key] == alike[key]:
            yield from _more(alike[key] - _SHOWN, f" of {refusal.file.name}: {refusal.reason}")


def _more(count: int, of_what: str) -> list[str]:
    return [f"  and {count} more{of_what} (--json lists all)"] if count > 0 else []


def _place(file: Path, entry: int | None) -> str:
    if entry is None:
        return str(file)
    return f"{file}, {'line' if file.suffix in ('.ndjson', '.jsonl') else 'entry'} {entry}"


commands: tuple[click.Command, ...] = (load,)
