"""`map coverage`: what the rules read of real data, and which fields of the records real data fills."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.map.given import documents_in
from gateway.cli.map.options import counted, json_option, load_maps, maps_options, print_json

if TYPE_CHECKING:
    from collections import Counter

    from gateway.mapping import Mappings
    from gateway.mapping.coverage import TypeCoverage
    from gateway.mapping.record_coverage import FieldStanding


@click.command("coverage", epilog="Example:  care-gateway map coverage examples/ --top 10 --least 85")
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH..."
)
@click.option("--least", type=float, help="Exit 1 when a type has less than this percentage mapped.")
@click.option("--top", default=5, show_default=True, help="How many unmapped elements to name for each type.")
@click.option(
    "--fields", "by_field", is_flag=True, help="Name the fields of each record, not only count them."
)
@maps_options
@json_option
def verb(
    paths: tuple[Path, ...],
    least: float | None,
    top: int,
    by_field: bool,
    folder: Path | None,
    overlays: tuple[str, ...],
    as_json: bool,
) -> None:
    """Count what the rules read of the resources in files and folders (.json, .ndjson, Bundles).

    Counted are leaf elements: texts, numbers, booleans; not the narrative, meta, extensions that no rule
    names, and resourceType. A contained resource counts as one of its own type.

    \b
    mapped    a rule shows it in the record, or it equals a fixed value that the map writes itself,
              or it carries a record's finer word
    ignored   the map says 'ignore' and why; shown apart, and NOT counted as mapped
    unmapped  kept in FHIR and not shown, with the reason
    The percentage is mapped of all counted leaves.

    Then the other side: which fields of each record have a rule, and which of those these files filled.
    Exit code 1 when a file could not be read or a type is below --least.
    """
    from gateway.mapping.coverage import coverage

    unreadable: list[str] = []
    maps = load_maps(folder, overlays)
    found = coverage(maps, (resources for _, resources in documents_in(paths, unreadable)))
    records = _records(maps, found)
    if as_json:
        print_json(
            {
                "types": {name: _type_json(each) for name, each in found.items()},
                "records": {
                    name: [_field_json(each, seen) for each in fields]
                    for name, (fields, seen) in records.items()
                },
                "unreadable": unreadable,
            }
        )
    else:
        _print(found, records, top, by_field)
        for line in unreadable:
            click.echo(line, err=True)
    below = least is not None and any(each.percent < least for each in found.values())
    if below or unreadable:
        sys.exit(1)


def _records(
    maps: Mappings, found: dict[str, TypeCoverage]
) -> dict[str, tuple[tuple[FieldStanding, ...], Counter[str]]]:
    """For each record whose root these files hold: how its fields stand, and how often each was filled."""
    from collections import Counter

    from gateway.mapping.record_coverage import field_standings
    from gateway.records import RECORDS

    shown: dict[str, tuple[tuple[FieldStanding, ...], Counter[str]]] = {}
    for lens in maps.values():
        kind = RECORDS.get(lens.rules.record)
        seen = sum((found[name].fields for name in (lens.type, *lens.lone_types) if name in found), Counter())
        if kind is not None and seen:
            shown[kind.name] = (field_standings(lens, kind.schema()), seen)
    return shown


def _print(found: dict[str, TypeCoverage], records: dict[str, Any], top: int, by_field: bool) -> None:
    for name, each in found.items():
        buckets = ", ".join(f"{count} {bucket}" for bucket, count in sorted(each.buckets.items()))
        click.echo(
            f"{name:<20} {each.percent:5.1f} %  {each.mapped} of {each.leaves} leaves"
            f" in {counted(each.resources, 'resource')} ({buckets})"
        )
        for label, counts in (("unmapped", each.unmapped), ("ignored", each.ignored)):
            for element, count in counts.most_common(top):
                click.echo(f"    {label:<9}{count:>6}  {element:<44} {each.reasons[element]}")
            if len(counts) > top:
                click.echo(f"    and {len(counts) - top} more {label} elements (--top {len(counts)})")
    for name, (fields, seen) in records.items():
        _print_record(name, fields, seen, by_field)


def _print_record(name: str, fields: tuple[FieldStanding, ...], seen: Counter[str], by_field: bool) -> None:
    from gateway.mapping.record_coverage import Standing

    of: dict[str, list[FieldStanding]] = {standing.value: [] for standing in Standing}
    for each in fields:
        of[each.standing.value].append(each)
    mapped = of[Standing.MAPPED.value]
    unseen = [each.name for each in mapped if not seen[each.name]]
    click.echo(
        f"record {name}: {len(mapped)} of {len(fields)} fields have a rule both ways,"
        f" {len(mapped) - len(unseen)} of them filled by these files"
    )
    if unseen and by_field:
        click.echo(f"    never filled: {', '.join(unseen)}")
    for standing in (Standing.READ_ONLY, Standing.DERIVED, Standing.CANNOT_HOLD, Standing.NO_RULE):
        if not by_field and standing in (Standing.READ_ONLY, Standing.DERIVED):
            continue
        by_reason: dict[str, list[str]] = {}
        for each in of[standing.value]:
            by_reason.setdefault(each.because, []).append(each.name)
        for because, names in by_reason.items():
            click.echo(f"    {standing.value}: {', '.join(names)} ({because})")


def _type_json(each: TypeCoverage) -> dict[str, Any]:
    from gateway.mapping.account import Bucket

    return {
        "resources": each.resources,
        "leaves": each.leaves,
        "mapped": each.mapped,
        "percent": round(each.percent, 1),
        "buckets": {bucket.value: each.buckets[bucket] for bucket in Bucket},
        "unmapped": dict(each.unmapped.most_common()),
        "ignored": dict(each.ignored.most_common()),
        "reasons": each.reasons,
        "rules": dict(each.by_rule.most_common()),
    }


def _field_json(each: FieldStanding, seen: Counter[str]) -> dict[str, Any]:
    return {
        "field": each.name,
        "standing": each.standing.value,
        "rule": str(each.origin) if each.origin else "",
        "because": each.because,
        "seen": seen[each.name],
    }
