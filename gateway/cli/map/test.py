"""`map test`: the cases that stand in the rule files and overlays, beside the rules they are about."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gateway.cli.map.options import json_option, load_maps, maps_options, only_known, print_json


@click.command("test", epilog="Example:  care-gateway map test goal referral --overlay bser")
@click.argument("names", nargs=-1, metavar="[MAP]...")
@maps_options
@json_option
def verb(names: tuple[str, ...], folder: Path | None, overlays: tuple[str, ...], as_json: bool) -> None:
    """Run the inline `tests:` of the rule files; with --overlay, those of the overlays.

    A case that fails is shown with its file and line, what it expects, and what came out. Exit code 1 when
    one fails.
    """
    from gateway.mapping.inline_tests import run_inline_tests

    maps = load_maps(folder, overlays)
    results = {name: run_inline_tests(maps[name]) for name in only_known(names, maps)}
    failed = [result for held in results.values() for result in held if not result.passed]
    if as_json:
        print_json(
            {
                "maps": {
                    name: [
                        {
                            "name": result.case.name,
                            "place": f"{result.case.file}:{result.case.line}",
                            "passed": result.passed,
                            "faults": list(result.faults),
                        }
                        for result in held
                    ]
                    for name, held in results.items()
                }
            }
        )
    else:
        for name, held in results.items():
            for result in held:
                if not result.passed:
                    click.echo(str(result))
            passed = sum(result.passed for result in held)
            click.echo(f"{name:<16} {passed} of {len(held)} cases hold" if held else f"{name:<16} no cases")
    if failed:
        sys.exit(1)
