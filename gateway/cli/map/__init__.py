"""`care-gateway map`: the mapping workbench of rule authors, one file for each verb."""

from __future__ import annotations

import importlib
import pkgutil

import click


@click.group(
    "map",
    epilog="Example:  care-gateway map to-record plan.json | care-gateway map to-fhir --map care-plan -",
)
def map_group() -> None:
    """Try, check and measure the rules that turn FHIR into records and back."""


def _with_verbs() -> click.Group:
    """The group with the verb of each module in this folder that has one; nothing else lists them."""
    for module in pkgutil.iter_modules(__path__):
        verb = getattr(importlib.import_module(f"{__name__}.{module.name}"), "verb", None)
        if isinstance(verb, click.Command):
            map_group.add_command(verb)
    return map_group


commands: tuple[click.Command, ...] = (_with_verbs(),)
