"""`map explain`: which rule and which record field every element belongs to, and what a put would change."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.map.findings import issue_json, joined, report
from gateway.cli.map.given import for_lens, read_record, read_resources
from gateway.cli.map.options import brief, json_option, load_maps, maps_options, print_json
from gateway.errors import MappingError

if TYPE_CHECKING:
    from gateway.mapping import Mappings
    from gateway.mapping.explain import Changed, Element, Explanation
    from gateway.mapping.rules import Origin


@click.command(
    "explain",
    epilog="Example:  care-gateway map explain plan.json --put edited-record.json",
)
@click.argument("source", metavar="FILE|-")
@click.option("--put", "record_file", metavar="RECORD", help="Say what a put of this record would change.")
@click.option("--map", "name", help="The rule file of the --put record, when it does not say it itself.")
@click.option(
    "--by",
    type=click.Choice(["element", "field"]),
    default="element",
    show_default=True,
    help="One line for each FHIR element, or for each record field.",
)
@maps_options
@json_option
def verb(
    source: str,
    record_file: str | None,
    name: str | None,
    by: str,
    folder: Path | None,
    overlays: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say for each FHIR element which rule reads it, into which record field, and as what.

    What no rule reads is listed with the reason. With --put, say what a put of the record would change:
    each element, by which rule, and what goes because it described an old value. Nothing is written.
    """
    maps = load_maps(folder, overlays)
    if record_file is not None:
        _explain_put(maps, source, record_file, name, as_json)
    else:
        _explain(maps, source, by, as_json)


def _explain(maps: Mappings, source: str, by: str, as_json: bool) -> None:
    from gateway.mapping.explain import explain
    from gateway.mapping.readings import readings

    found = [
        (lens.rules.name, _named(given), explain(lens, given))
        for lens, given in readings(maps, read_resources(source))
    ]
    if not found:
        raise MappingError(
            f"{source}: holds no resource with a map (there are maps for {', '.join(maps.types)})"
        )
    if as_json:
        print_json({"records": [_explanation_json(name, each) for name, _, each in found]})
        return
    for name, reference, each in found:
        click.echo(f"{name}: {reference}")
        _print_fields(each) if by == "field" else _print_elements(each.elements)
        _print_unread(each.elements)


def _named(given: dict[str, Any]) -> str:
    """The first of the resources that make a record, by its reference."""
    name, held = next(iter(given.items()))
    first = held[0] if isinstance(held, list) else held
    return f"{name}/{first.get('id', '(no id)')}"


def _print_elements(elements: tuple[Element, ...]) -> None:
    shown = [each for each in elements if each.field]
    width = min(max((len(each.element) for each in shown), default=0), 60)
    for each in shown:
        reading = "selects it" if each.selects else brief(each.reading, 40)
        click.echo(f"  {each.element:<{width}}  {each.field} = {reading}  [{_place(each.origin)}]")


def _print_fields(explanation: Explanation) -> None:
    from gateway.cli.map.options import brief

    for field, elements in explanation.by_field().items():
        came_from = joined(each.element for each in elements)
        places = ", ".join(dict.fromkeys(_place(each.origin) for each in elements))
        click.echo(f"  {field} = {brief(elements[0].reading, 40)}  from {came_from}  [{places}]")


def _print_unread(elements: Iterable[Element]) -> None:
    groups: dict[tuple[str, str, str], list[str]] = {}
    for each in elements:
        if not each.field:
            key = (each.bucket.value, each.why, _place(each.origin))
            groups.setdefault(key, []).append(each.element)
    if groups:
        click.echo("  not in the record, and kept:")
    for (bucket, why, place), places in groups.items():
        click.echo(f"    {bucket}: {joined(places)}: {why}{f'  [{place}]' if place else ''}")


def _explain_put(maps: Mappings, source: str, record_file: str, name: str | None, as_json: bool) -> None:
    from gateway.mapping.explain import explain_put

    resources = read_resources(source)
    record, name = read_record(record_file, name)
    if name not in maps:
        raise click.UsageError(f"--map is one of: {', '.join(maps)}")
    lens = maps[name]
    found = explain_put(lens, record, for_lens(lens, resources, record.get("id"), "FILE"))
    if as_json:
        changed = [_changed_json(each) for each in found.changed]
        print_json({"changed": changed, "issues": [issue_json(issue) for issue in found.issues]})
    else:
        for each in found.changed:
            rule = f"  {each.field}  [{_place(each.origin)}]" if each.field else ""
            effect = "" if each.effect.value == "by rule" else f"  ({each.effect.value})"
            click.echo(f"{each.element}: {brief(each.was, 40)} -> {brief(each.now, 40)}{rule}{effect}")
        if not found.changed:
            click.echo("nothing changes")
        report(found.issues)
    if found.refused:
        sys.exit(1)


def _place(origin: Origin | None) -> str:
    return f"{origin.file}:{origin.line}" if origin is not None else ""


def _explanation_json(name: str, explanation: Explanation) -> dict[str, Any]:
    return {
        "map": name,
        "record": explanation.record,
        "elements": [
            {
                "element": each.element,
                "value": each.value,
                "bucket": each.bucket.value,
                "rule": str(each.origin) if each.origin else "",
                "field": each.field,
                "reading": None if each.selects else each.reading,
                "selects": each.selects,
                "why": each.why,
            }
            for each in explanation.elements
        ],
        "fields": {
            field: [each.element for each in elements] for field, elements in explanation.by_field().items()
        },
    }


def _changed_json(each: Changed) -> dict[str, Any]:
    return {
        "element": each.element,
        "was": each.was,
        "now": each.now,
        "effect": each.effect.value,
        "rule": str(each.origin) if each.origin else "",
        "field": each.field,
    }
