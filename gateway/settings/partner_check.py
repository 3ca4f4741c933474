"""One partner file looked at closely: its keys, its overlays, and whether its secrets are where it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from marshmallow import fields

from gateway.errors import ConfigError, MappingError
from gateway.mapping import Mappings
from gateway.mapping.problems import shown
from gateway.mapping.yaml_lines import Node, read_file
from gateway.settings.partner_files import partner_kind, read_partner_file
from gateway.settings.secret_places import read_secret
from gateway.sync.partner import Partner
from gateway.transport.settings_fields import SecretReference


def check_partner_file(path: Path, environ: Mapping[str, str]) -> tuple[Partner | None, list[str]]:
    """The partner, None when its file is wrong, and every problem as `file:line: …`."""
    problems: list[str] = []
    try:
        partner = read_partner_file(path, problems)
    except OSError:
        return None, [f"{shown(path)}: there is no such file"]
    if partner is not None:
        for node, key in _references(partner, read_file(path, [])):
            try:
                read_secret(str(node.value), environ)
            except ConfigError as error:
                problems.append(f"{node.place}: settings.{key}: {error.message}")
        try:
            Mappings.load(overlays=partner.overlays)
        except MappingError as error:
            problems += str(error).splitlines()
    return partner, problems


def _references(partner: Partner, node: Node) -> Iterator[tuple[Node, str]]:
    """Every secret reference of the file with its key, found by what the kind's schema calls a secret."""
    for key, kept in partner_kind(partner.kind).settings_schema().fields.items():
        found = node.at("settings", key)
        if found.value is None or isinstance(found.value, dict):
            continue
        if isinstance(kept, SecretReference):
            yield found, key
        elif isinstance(kept, fields.List) and isinstance(kept.inner, SecretReference):
            assert isinstance(found.value, list), "the schema took it for a list"
            yield from ((each, key) for each in found.value)
