"""The partner files: one per partner, its keys checked here, its `settings` by its kind's own schema."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from marshmallow import RAISE, Schema, ValidationError, fields, validate

import gateway.partners
from gateway.access.actors import HERE
from gateway.errors import ConfigError
from gateway.fhir.identifiers import Identifier
from gateway.mapping.overlays.files import OverlayFiles
from gateway.mapping.problems import Problem, did_you_mean, shown
from gateway.mapping.yaml_lines import Node, read_file
from gateway.places import DataFolder, data_folder
from gateway.settings.findings import load_node
from gateway.settings.resource_types import ResourceType
from gateway.sync.abilities import Abilities, AbilitiesSchema
from gateway.sync.partner import Partner
from gateway.sync.ports import PartnerKind

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,40}\Z")


def known_kinds() -> tuple[str, ...]:
    """The kinds of system that can be partners: the folders of `gateway/partners/`, by name."""
    return tuple(sorted(each.name for each in pkgutil.iter_modules(gateway.partners.__path__) if each.ispkg))


def partner_kind(name: str) -> PartnerKind:
    """The kind of that name. Raises ConfigError, naming the known ones, when there is none."""
    kinds = known_kinds()
    if name not in kinds:
        near = did_you_mean(name, kinds)
        raise ConfigError(f"there is no kind of partner {name!r}{near}; known are {', '.join(kinds)}")
    kind: PartnerKind = importlib.import_module(f"gateway.partners.{name}").KIND
    return kind


def read_partner_files(folder: Path) -> tuple[tuple[Partner, ...], list[str]]:
    """Every partner that could be read, by name, and every problem with its file and line."""
    problems: list[str] = []
    if not folder.is_dir():
        return (), problems
    partners: list[Partner] = []
    for path in sorted(folder.iterdir()):
        if path.suffix == ".yml":
            problems.append(f"{shown(path)}:1: name it {path.stem}.yaml, else it is not read")
        if path.suffix == ".yaml" and path.is_file():
            partner = read_partner_file(path, problems)
            if partner is not None:
                partners.append(partner)
    _refuse_shared_organisations(partners, folder, problems)
    return tuple(partners), problems


def read_partner_file(path: Path, problems: list[str]) -> Partner | None:
    """The partner that the file describes; None, with `problems` longer, when something is wrong with it."""
    known = len(problems)
    findings: list[Problem] = []
    node = read_file(path, findings)
    problems += [f"{finding.file}:{finding.line}: {finding.text}" for finding in findings]
    if not _NAME.match(path.stem) or path.stem == HERE:
        problems.append(
            f"{shown(path)}:1: a partner is called by its file's name: small letters, digits and dashes"
            f" (41 at most), not {HERE!r}"
        )
    if findings and node.value == {}:
        return None  # not one key could be read: none of them is missing
    common = load_node(_PartnerSchema(), node, problems)
    organisation = _organisation(node, problems)
    settings = _kinds_own(node, problems)
    abilities = load_node(AbilitiesSchema(), _below(node, "abilities"), problems, "abilities")
    if common is None or len(problems) > known:
        return None
    if common["overlays"] and not common["pulls"] and not common["pushes"]:
        problems.append(
            f"{node.at('overlays').place}: overlays: no FHIR is exchanged with this partner (pulls and pushes"
            " are empty), so they would change nothing; leave them out"
        )
        return None
    assert isinstance(abilities, Abilities), "a schema without a problem loads its value"
    lists = {key: tuple(common[key]) for key in ("pulls", "pushes", "verified_identifiers", "overlays")}
    return Partner(
        name=path.stem,
        title=common["title"],
        kind=common["kind"],
        organisation=organisation,
        poll_every_s=common["poll_every_s"],
        answer_within_days=common["answer_within_days"],
        abilities=abilities,
        settings=settings,
        **lists,
    )


def _organisation(node: Node, problems: list[str]) -> Identifier | None:
    below = _below(node, "organisation")
    if below.value == {}:
        return None
    said = load_node(_IdentifierSchema(), below, problems, "organisation")
    return Identifier(said["system"], said["value"]) if said is not None else None


def _kinds_own(node: Node, problems: list[str]) -> object:
    kind = node.at("kind").value
    if not isinstance(kind, str) or kind not in known_kinds():
        return None  # told by the partner's own schema
    return load_node(partner_kind(kind).settings_schema(), _below(node, "settings"), problems, "settings")


def _below(node: Node, key: str) -> Node:
    """The mapping at `key`, or an empty one standing where it should have been."""
    if isinstance(node.value, dict) and key in node.value and node.value[key].value is not None:
        return node.value[key]
    return Node({}, node.file, node.line, {})


def _refuse_shared_organisations(partners: list[Partner], folder: Path, problems: list[str]) -> None:
    first: dict[Identifier, str] = {}
    for partner in partners:
        if partner.organisation is not None and (
            other := first.setdefault(partner.organisation, partner.name)
        ):
            if other == partner.name:
                continue
            problems.append(
                f"{folder.name}/{partner.name}.yaml:1: organisation: {other} has the same identifier;"
                " a referral could not tell the two apart"
            )


class _Kind(fields.String):
    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        kinds = known_kinds()
        if text not in kinds:
            raise ValidationError(
                f"there is no kind {text!r}{did_you_mean(text, kinds)}; known are {', '.join(kinds)}"
            )
        return text


class _Overlay(fields.String):
    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        known = OverlayFiles(data_folder(DataFolder.MAPPINGS) / "overlays").names
        if text not in known:
            near = did_you_mean(text, known)
            raise ValidationError(f"there is no overlay {text!r}{near}; there are {', '.join(known)}")
        return text


class _IdentifierSchema(Schema):
    class Meta:
        unknown = RAISE

    system = fields.String(required=True, validate=validate.Length(min=1))
    value = fields.String(required=True, validate=validate.Length(min=1))


class _PartnerSchema(Schema):
    """The keys every partner file may have. What is nested is read by schemas of its own."""

    class Meta:
        unknown = RAISE

    title = fields.String(required=True, validate=validate.Length(min=1))
    kind = _Kind(required=True)
    organisation = fields.Raw()
    pulls = fields.List(ResourceType(), load_default=list)
    pushes = fields.List(ResourceType(), load_default=list)
    poll_every_s = fields.Integer(strict=True, load_default=60, validate=validate.Range(min=1))
    verified_identifiers = fields.List(fields.String(), load_default=list)
    answer_within_days = fields.Integer(strict=True, load_default=7, validate=validate.Range(min=1))
    overlays = fields.List(_Overlay(), load_default=list)
    settings = fields.Raw()
    abilities = fields.Raw()
