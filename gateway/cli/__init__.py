"""The ``care-gateway`` command. Each module of this room adds its group of verbs; nothing else lists them."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from typing import NoReturn

import click

from gateway.errors import ConfigError, GatewayError, PartnerError

EXIT_FINDINGS, EXIT_REMOTE, EXIT_REFUSED_TO_START = 1, 3, 78


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Example:  care-gateway demo --once",
)
@click.version_option(package_name="care-gateway")
def care_gateway() -> None:
    """Care Gateway: care plans and referrals between hospitals, community agencies and coordinators."""


def command_tree() -> click.Group:
    """The whole command with every group of verbs."""
    for module in pkgutil.iter_modules(__path__):
        for command in importlib.import_module(f"{__name__}.{module.name}").commands:
            care_gateway.add_command(command)
    return care_gateway


def main() -> NoReturn:
    """Run the command line; every expected failure ends as one clear message and a documented exit code."""
    try:
        command_tree()(standalone_mode=True)
    except GatewayError as error:
        click.echo(f"care-gateway: {error}", err=True)
        sys.exit(_exit_code(error))
    sys.exit(0)


def _exit_code(error: GatewayError) -> int:
    match error:
        case ConfigError():
            return EXIT_REFUSED_TO_START
        case PartnerError():
            return EXIT_REMOTE
        case _:
            return EXIT_FINDINGS
