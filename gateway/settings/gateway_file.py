"""The gateway's own settings: `gateway.yaml`, and the environment variables that go before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from marshmallow import RAISE, Schema, ValidationError, fields

from gateway.errors import ConfigError
from gateway.mapping.problems import Problem
from gateway.mapping.yaml_lines import Node, read_file
from gateway.places import DataFolder, data_folder
from gateway.settings.environment import Environment
from gateway.settings.findings import flat, load_node, worded
from gateway.settings.resource_types import FurtherType
from gateway.settings.secret_places import read_secret
from gateway.settings.yes_or_no import YesOrNo
from gateway.store.database import libpq_url
from gateway.transport.settings_fields import HttpAddress

PREFIX: Final = "CARE_GATEWAY_"
FOLDER_VARIABLE: Final = f"{PREFIX}CONFIG"


@dataclass(frozen=True, slots=True)
class OwnSettings:
    """What the gateway's own settings say. `public_url` is None when nobody said."""

    environment: Environment
    database_url: str | None
    var: Path
    public_url: str | None
    fhir_types: frozenset[str]
    require_if_match: bool
    config_folder: Path


class OwnSettingsSchema(Schema):
    """The keys of gateway.yaml; in capitals and with CARE_GATEWAY_ in front, the environment variables."""

    class Meta:
        unknown = RAISE

    environment = fields.Enum(
        Environment,
        by_value=True,
        load_default=Environment.DEVELOPMENT,
        error_messages={"unknown": "must be development or production"},
    )
    database_url = fields.String(load_default=None)
    var = fields.String(load_default="var")
    public_url = HttpAddress(load_default=None)
    fhir_types = fields.List(FurtherType(), load_default=list)
    require_if_match = YesOrNo(load_default=False)


def read_gateway_file(environ: Mapping[str, str]) -> tuple[OwnSettings, list[str]]:
    """The settings as far as they can be read (defaults stand in for what is wrong), and every problem."""
    problems: list[str] = []
    folder = _config_folder(environ, problems)
    values: dict[str, Any] = OwnSettingsSchema().load({})
    path = folder / "gateway.yaml"
    if path.is_file():
        values |= _from_file(path, environ, problems)
    values |= _from_environment(environ, problems)
    settings = OwnSettings(
        environment=values["environment"],
        database_url=values["database_url"],
        var=Path(values["var"]).absolute(),
        public_url=values["public_url"],
        fhir_types=frozenset(values["fhir_types"]),
        require_if_match=values["require_if_match"],
        config_folder=folder,
    )
    return settings, problems


def _config_folder(environ: Mapping[str, str], problems: list[str]) -> Path:
    named = environ.get(FOLDER_VARIABLE)
    if named:
        if not Path(named).is_dir():
            problems.append(f"{FOLDER_VARIABLE}: there is no folder {named}")
        return Path(named).absolute()
    here = Path("config").absolute()
    # Any project may have a folder of that name; ours holds one of these.
    if (here / "gateway.yaml").is_file() or (here / "partners").is_dir():
        return here
    return data_folder(DataFolder.CONFIG)


def _from_file(path: Path, environ: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    findings: list[Problem] = []
    node = read_file(path, findings)
    problems += [f"{finding.file}:{finding.line}: {finding.text}" for finding in findings]
    said = _said_one_by_one(node, problems)
    if "database_url" in said:
        place = node.at("database_url").place
        url = said["database_url"]
        if urlsplit(url).password:
            problems.append(
                f"{place}: database_url: holds a password; write env:NAME or file:PATH, or set"
                f" {PREFIX}DATABASE_URL"
            )
        said["database_url"] = _database_url(url, f"{place}: database_url", environ, problems)
    return said


def _said_one_by_one(node: Node, problems: list[str]) -> dict[str, Any]:
    """Only what the file says and is right: one bad key does not hide the others."""
    if not isinstance(node.value, dict):
        load_node(OwnSettingsSchema(), node, problems)
        return {}
    said: dict[str, Any] = {}
    for key, child in node.value.items():
        alone = Node({key: child}, node.file, node.line, {key: node.key_lines[key]})
        loaded = load_node(OwnSettingsSchema(), alone, problems)
        if loaded is not None and child.value is not None:
            said[key] = loaded[key]
    return said


def _from_environment(environ: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    names = {f"{PREFIX}{key.upper()}": key for key in OwnSettingsSchema().fields}
    for name, key in names.items():
        given = environ.get(name)
        if not given:
            continue
        try:
            said[key] = OwnSettingsSchema().load({key: _value_of(key, given)})[key]
        except ValidationError as error:
            problems += [
                f"{name}: {worded(text, at, OwnSettingsSchema())}" for at, text in flat(error.messages)
            ]
        if key == "database_url":
            said[key] = _database_url(given, name, environ, problems)
    known = {*names, FOLDER_VARIABLE, f"{PREFIX}TEST_DATABASE_URL"}
    for name in sorted(environ):
        # Others may lie here by right (Kubernetes sets CARE_GATEWAY_SERVICE_HOST); only a slip is told.
        near = get_close_matches(name, known, n=1, cutoff=0.9)
        if name.startswith(PREFIX) and name not in known and near:
            problems.append(f"{name}: is no setting - did you mean {near[0]}?")
    return said


def _value_of(key: str, text: str) -> str | list[str]:
    """What a variable says: a list is divided by commas."""
    if not isinstance(OwnSettingsSchema().fields[key], fields.List):
        return text
    return [part.strip() for part in text.split(",") if part.strip()]


def _database_url(said: str, place: str, environ: Mapping[str, str], problems: list[str]) -> str | None:
    try:
        url = read_secret(said, environ) if said.startswith(("env:", "file:")) else said
        libpq_url(url)
    except ConfigError as error:
        problems.append(f"{place}: {error.message}")
        return None
    return url
