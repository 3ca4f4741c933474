"""`care-gateway map`: the mapping workbench, for whoever writes or checks rule files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.errors import GatewayError, Issue, MappingError, Unreadable

if TYPE_CHECKING:
    from gateway.fhir.json_codec import JSON, Resource
    from gateway.mapping import Lens, Mappings

_MAX_BYTES = 64_000_000

folder_option = click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Rule files to use instead of the shipped ones.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Everything as JSON, for programs.")


@click.group(
    "map",
    epilog="Example:  care-gateway map to-record plan.json | care-gateway map to-fhir --map care-plan -",
)
def map_group() -> None:
    """Try, check and measure the rules that turn FHIR into records and back."""


@map_group.command("to-record", epilog="Example:  care-gateway map to-record bundle.json")
@click.argument("source", metavar="FILE|-")
@folder_option
@json_option
def to_record(source: str, folder: Path | None, as_json: bool) -> None:
    """Show the records that a resource, a Bundle or an object of resources holds.

    What was not read is kept in FHIR and reported on standard error (with --json: beside each record).
    """
    maps = _maps(folder)
    shown = list(_records(maps, _resources(_read(source))))
    if not shown:
        raise MappingError(
            f"{source}: holds no resource with a map (there are maps for {', '.join(maps.types)})"
        )
    if as_json:
        _print(
            {"records": [{**each, "issues": [_issue(issue) for issue in each["issues"]]} for each in shown]}
        )
        return
    for each in shown:
        _report(each["issues"])
    _print(shown[0]["record"] if len(shown) == 1 else [each["record"] for each in shown])


@map_group.command(
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
@folder_option
@json_option
def to_fhir(source: str, name: str | None, original: str | None, folder: Path | None, as_json: bool) -> None:
    """Write a record as FHIR: new resources, or the original ones with only what the record changed."""
    maps = _maps(folder)
    record, name = _record(_read(source), name, source)
    if name not in maps:
        raise click.UsageError(f"--map is one of: {', '.join(maps)}")
    lens = maps[name]
    if original is None:
        put = lens.create(record)
    else:
        put = lens.put(record, _for_lens(lens, _resources(_read(original)), record.get("id")))
    parts = {kind: held for kind, held in put.resources.items() if held}
    if as_json:
        _print({"resources": parts, "issues": [_issue(issue) for issue in put.issues]})
    else:
        _report(put.issues)
        _print(next(iter(parts.values())) if len(parts) == 1 else parts)
    if put.refused:
        sys.exit(1)


@map_group.command("check", epilog="Example:  care-gateway map check care-plan goal --cases 1000")
@click.argument("names", nargs=-1, metavar="[MAP]...")
@click.option(
    "--cases", default=100, show_default=True, help="Generated cases for each map; each runs all the laws."
)
@click.option("--seed", type=int, help="Another set of cases; without it always the same ones.")
@folder_option
@json_option
def check(names: tuple[str, ...], cases: int, seed: int | None, folder: Path | None, as_json: bool) -> None:
    """Load every rule file, then hold each map to the laws with generated data."""
    from gateway.mapping import laws
    from gateway.records import RECORDS

    maps = _maps(folder)
    unknown = [name for name in names if name not in maps]
    if unknown:
        raise click.UsageError(f"no map {', '.join(unknown)}; there are: {', '.join(maps)}")
    broken: dict[str, str] = {}
    checked = names or tuple(maps)
    for name in checked:
        try:
            laws.check(maps[name], RECORDS[maps[name].rules.record].schema(), cases=cases, seed=seed)
        except MappingError as error:
            broken[name] = str(error)
        if not as_json:
            click.echo(broken.get(name) or f"{name:<14} all laws hold in {cases} cases")
    if as_json:
        _print({"cases": cases, "maps": {name: broken.get(name) for name in checked}})
    if broken:
        sys.exit(1)


@map_group.command("coverage", epilog="Example:  care-gateway map coverage examples/ --top 10")
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH..."
)
@click.option("--least", type=float, help="Exit 1 when a type has less than this percentage mapped.")
@click.option("--top", default=5, show_default=True, help="How many unmapped elements to name for each type.")
@folder_option
@json_option
def show_coverage(
    paths: tuple[Path, ...], least: float | None, top: int, folder: Path | None, as_json: bool
) -> None:
    """Count which leaf elements of the resources in files and folders a rule reads.

    Not counted: narrative, meta, foreign extensions. Exit code 1 when a file could not be read.
    """
    from gateway.mapping.coverage import coverage

    unreadable: list[str] = []
    found = coverage(_maps(folder), _documents(paths, unreadable))
    if as_json:
        _print(
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


def _maps(folder: Path | None) -> Mappings:
    from gateway.mapping import Mappings

    return Mappings.load(folder)


def _read(source: str) -> JSON:
    from gateway.fhir.json_codec import read_untrusted

    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise click.UsageError(f"{source}: {error.strerror}") from error
    try:
        return read_untrusted(data, max_bytes=_MAX_BYTES, max_nodes=5_000_000)
    except GatewayError as error:
        raise Unreadable(f"{source}: {error}") from error


def _resources(value: JSON) -> list[Resource]:
    from gateway.mapping.documents import resources_in

    return resources_in(value)


def _records(maps: Mappings, resources: list[Resource]) -> Iterator[dict[str, Any]]:
    """A record for each root resource; what a record already showed as its part is not shown again."""
    from gateway.mapping.documents import by_type

    grouped = by_type(resources)
    shown: set[tuple[Any, ...]] = set()
    names = sorted(maps, key=lambda name: not maps[name].part_types)
    for name in names:
        lens = maps[name]
        for number, root in enumerate(grouped.get(lens.type, [])):
            if (lens.type, number) in shown:
                continue
            parts = {kind: held for kind, held in grouped.items() if kind in lens.part_types}
            got = lens.get({**parts, lens.type: root}, owned=lambda at, _: shown.add(at[:2]))
            yield {"map": name, "record": got.record, "issues": got.issues}
        for kind in lens.lone_types:
            left = [part for number, part in enumerate(grouped.get(kind, [])) if (kind, number) not in shown]
            if left:
                got = lens.get({kind: left})
                yield {"map": name, "record": got.record, "issues": got.issues}


def _record(value: JSON, name: str | None, source: str) -> tuple[dict[str, Any], str]:
    """The record and its map; what `to-record --json` printed names its map itself."""
    if isinstance(value, dict) and isinstance(value.get("records"), list):
        held = value["records"]
        assert isinstance(held, list)
        if len(held) != 1 or not isinstance(held[0], dict):
            raise click.UsageError(f"{source}: one record at a time; it holds {len(held)}")
        value, name = held[0].get("record"), name or str(held[0].get("map"))
    if not isinstance(value, dict):
        raise Unreadable(f"{source}: a record is a JSON object")
    if name is None:
        raise click.UsageError("--map says which record this is, e.g. --map care-plan")
    return value, name


def _for_lens(lens: Lens, resources: list[Resource], record_id: Any) -> dict[str, Any]:
    from gateway.mapping.documents import by_type

    grouped = by_type(resources)
    roots = grouped.get(lens.type, [])
    if not roots and any(grouped.get(kind) for kind in lens.lone_types):
        return {kind: grouped.get(kind, []) for kind in lens.part_types}
    roots = [root for root in roots if root.get("id") == record_id] if len(roots) > 1 else roots
    if len(roots) != 1:
        raise click.UsageError(f"--original must hold the {lens.type} that the record belongs to")
    return {**{kind: grouped.get(kind, []) for kind in lens.part_types}, lens.type: roots[0]}


def _documents(paths: tuple[Path, ...], unreadable: list[str]) -> Iterator[list[Resource]]:
    for path in paths:
        files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
        for file in files:
            try:
                yield _resources(_read(str(file)))
            except Unreadable as error:
                unreadable.append(str(error))


def _issue(issue: Issue) -> dict[str, str]:
    return {
        "severity": issue.severity,
        "text": issue.text,
        "expression": issue.expression,
        "rule": issue.diagnostics,
    }


def _report(issues: tuple[Issue, ...]) -> None:
    for issue in issues:
        click.echo(f"{issue.severity}: {issue.expression}: {issue.text} ({issue.diagnostics})", err=True)


def _print(value: Any) -> None:
    import msgspec

    from gateway.fhir.json_codec import write

    click.echo(msgspec.json.format(write(value), indent=2).decode())


commands: tuple[click.Command, ...] = (map_group,)
