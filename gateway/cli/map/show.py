"""`map show`: a map as the Python that it is compiled to, or as a table of its rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.map.options import json_option, load_maps, maps_options, only_known, print_json

if TYPE_CHECKING:
    from gateway.mapping import Lens


@click.command("show", epilog="Example:  care-gateway map show goal --rules")
@click.argument("name", metavar="MAP")
@click.option("--rules", "as_rules", is_flag=True, help="A table of the rules instead of the Python.")
@maps_options
@json_option
def verb(name: str, as_rules: bool, folder: Path | None, overlays: tuple[str, ...], as_json: bool) -> None:
    """Print the Python that a map is compiled to; with --rules, its rules as a table, both ways.

    The table has a line for each rule: the record field, <-> for both ways and <- for only read, the FHIR
    element, how the value is translated, and where the rule stands. Then what is fixed and what is ignored.
    """
    maps = load_maps(folder, overlays)
    lens = maps[only_known((name,), maps)[0]]
    if as_json:
        print_json({"map": name, **_rules_json(lens), "python": lens.source})
    elif as_rules:
        _print_rules(lens)
    else:
        click.echo(lens.source, nl=False)


def _print_rules(lens: Lens) -> None:
    from gateway.mapping.rule_texts import rule_texts, settings_of

    texts = list(rule_texts(lens))
    width = min(max(len(text.field) for text in texts), 40)
    wide = min(max(len(text.elements) for text in texts), 60)
    for text in texts:
        arrow = "<- " if text.because else "<->"
        place = f"{text.origin.file}:{text.origin.line}"
        because = f"  ({text.because})" if text.because else ""
        click.echo(
            f"{text.field:<{width}} {arrow} {text.elements:<{wide}}  {text.codec:<14} {place}{because}"
        )
    for each in settings_of(lens):
        click.echo(f"{each.what}: {each.says}  {each.origin.file}:{each.origin.line}")
    for field, because in lens.rules.cannot_hold.items():
        click.echo(f"cannot hold {field}: {because}")


def _rules_json(lens: Lens) -> dict[str, Any]:
    from gateway.mapping.rule_texts import rule_texts, settings_of

    return {
        "rules": [
            {
                "field": text.field,
                "elements": text.elements,
                "codec": text.codec,
                "rule": str(text.origin),
                "read_only_because": text.because,
            }
            for text in rule_texts(lens)
        ],
        "settings": [
            {"what": each.what, "says": each.says, "rule": str(each.origin)} for each in settings_of(lens)
        ],
        "cannot_hold": dict(lens.rules.cannot_hold),
    }
