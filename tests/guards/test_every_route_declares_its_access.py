"""No address is served without saying who may use it, and no served type is missing from the policy."""

from __future__ import annotations

import re
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from gateway.access import policy
from gateway.access.actors import Actor
from gateway.access.policy import NEVER_SERVED, SYSTEM, TABLE, Interaction, SystemInteraction
from gateway.acts.gateway import Gateway
from gateway.app import create_app
from gateway.conformance.served_types import SERVED
from gateway.errors import ConfigError
from gateway.fhir.resource_types import R4_TYPES
from gateway.mapping import Mappings
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.web import doors, fhir_api
from gateway.web.doors import Door, declared_doors
from gateway.web.fhir_api import declarations, delete
from gateway.web.fhir_api.routes import Route

OPEN = {
    "/fhir/R4/metadata",
    "/fhir/R4/.well-known/smart-configuration",
    "/api/openapi.json",
    "/api/docs",
    "/health/live",
    "/health/ready",
    "/metrics",
}
OPEN_BELOW = ("/static/", "/sign-in", "/sign-out")
LOCKED_BELOW = ("/fhir/", "/api/")


@pytest.fixture(scope="module")
def gateway() -> Gateway:
    database = Database.connect("postgresql://nobody@127.0.0.1:1/none")
    return Gateway(database, Mappings.load(), {}, Actor.gateway(), "http://here.test")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    environ = {
        "CARE_GATEWAY_VAR": str(tmp_path_factory.mktemp("var")),
        "CARE_GATEWAY_PUBLIC_URL": "http://here.test",
    }
    return Settings.load(environ)


@pytest.fixture(scope="module")
def app(settings: Settings, gateway: Gateway) -> Flask:
    """The whole application; nothing here talks to its database."""
    return create_app(settings, gateway)


def test_every_route_has_a_door(app: Flask) -> None:
    assert None not in declared_doors(app).values()


def test_only_the_listed_addresses_are_open(app: Flask) -> None:
    opened = {rule for rule, door in declared_doors(app).items() if door is Door.OPEN}

    assert {rule for rule in opened if not rule.startswith(OPEN_BELOW)} <= OPEN


def test_everything_else_below_fhir_and_api_takes_a_key(app: Flask) -> None:
    locked = {rule: door for rule, door in declared_doors(app).items() if rule.startswith(LOCKED_BELOW)}

    assert {rule: door for rule, door in locked.items() if door is not Door.KEY and rule not in OPEN} == {}


def test_a_route_that_declares_nothing_keeps_the_application_from_starting(app: Flask) -> None:
    forgotten = Flask("forgotten", static_folder=None)
    forgotten.add_url_rule("/fhir/R4/$everything", "everything", lambda: "")

    with pytest.raises(ConfigError, match="everything"):
        doors.refuse_undeclared(forgotten)


def test_every_served_type_has_a_policy_for_every_interaction() -> None:
    missing = [
        (type, interaction)
        for type in SERVED
        for interaction in Interaction
        if interaction not in TABLE.get(type, {})
    ]

    assert missing == []


def test_every_type_that_a_deployment_may_switch_on_has_a_policy() -> None:
    assert NEVER_SERVED.keys() | TABLE.keys() >= R4_TYPES
    assert not NEVER_SERVED.keys() & (TABLE.keys() | SERVED.keys())
    assert SYSTEM.keys() == set(SystemInteraction)


def test_the_policy_is_one_file_that_can_be_read_in_one_sitting() -> None:
    lines = Path(policy.__file__).read_text(encoding="utf-8").splitlines()

    assert len(lines) <= 300


class Forgotten(StrEnum):
    """An interaction that somebody added beside the policy."""

    REINDEX = "reindex"


def _without(table: Any, key: Any) -> Any:
    return MappingProxyType({held: row for held, row in table.items() if held != key})


def _silent_on(interaction: Interaction) -> Any:
    row = _without(TABLE["Goal"], interaction)
    return MappingProxyType({**TABLE, "Goal": row})


@pytest.mark.parametrize(
    ("place", "broken", "named"),
    [
        ("TABLE", _without(TABLE, "CarePlan"), "CarePlan, which is served and has no row"),
        ("TABLE", _silent_on(Interaction.DELETE), "delete of Goal"),
        ("SYSTEM", _without(SYSTEM, SystemInteraction.SEARCH_SYSTEM), "nobody is said to be allowed"),
        ("NEVER_SERVED", {"Flag": "it was decided"}, "Flag, which can never be served: it was decided"),
    ],
)
def test_a_hole_in_the_policy_keeps_the_application_from_starting(
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    gateway: Gateway,
    place: str,
    broken: Any,
    named: str,
) -> None:
    monkeypatch.setattr(declarations, place, broken)

    with pytest.raises(ConfigError, match=named):
        create_app(settings, gateway)


@pytest.mark.parametrize("type", ["Parameters", "NoSuchType"])
def test_a_type_that_is_served_without_a_policy_keeps_the_application_from_starting(
    settings: Settings, gateway: Gateway, type: str
) -> None:
    served = {**SERVED, type: SERVED["Basic"]}

    with pytest.raises(ConfigError, match=type):
        create_app(settings, replace(gateway, served=served))


@pytest.mark.parametrize(
    ("route", "named"),
    [
        (Route("GET", "/$everything", Interaction.READ, delete.delete), "names no type to read"),
        (Route("POST", "/$reindex", Forgotten.REINDEX, delete.delete), "nobody is said"),  # type: ignore[arg-type]
    ],
)
def test_a_route_that_the_policy_does_not_know_keeps_the_application_from_starting(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, gateway: Gateway, route: Route, named: str
) -> None:
    forgotten = SimpleNamespace(ROUTES=(route,))
    monkeypatch.setattr(fhir_api, "_INTERACTIONS", (*fhir_api._INTERACTIONS, forgotten))

    with pytest.raises(ConfigError, match=named):
        create_app(settings, gateway)


def test_a_route_below_fhir_that_declares_no_interaction_is_named(gateway: Gateway) -> None:
    beside = Flask("beside", static_folder=None)
    beside.register_blueprint(fhir_api.blueprint(gateway))
    beside.add_url_rule("/fhir/R4/Patient/$match", "match", lambda: "")

    with pytest.raises(ConfigError, match=r"/fhir/R4/Patient/\$match, which declares no interaction"):
        fhir_api.refuse_undeclared(beside, gateway)


def test_every_route_about_resources_names_an_interaction_of_the_policy() -> None:
    about_resources = [route for route in fhir_api.declared_routes() if "<resource_type>" in route.rule]

    assert about_resources
    assert all(isinstance(route.interaction, Interaction) for route in about_resources)
    assert {route.interaction for route in about_resources} == set(Interaction)


def test_the_gateways_own_actor_is_built_in_the_composition_root_only() -> None:
    package = Path(doors.__file__).resolve().parents[1]
    builders = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if "Actor.gateway()" in path.read_text(encoding="utf-8")
    }

    assert builders <= {"app.py", "access/actors.py"}


def test_no_door_writes_out_a_version_without_asking_for_whom_it_left_the_store() -> None:
    web = Path(doors.__file__).resolve().parent
    unasked = re.compile(r"\bversion\.(?:body|resource)\b")
    found = [
        f"{path.relative_to(web)}:{number}"
        for path in sorted(web.rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if unasked.search(line)
    ]

    assert found == [], "use replies.body_of, or version.for_reader(g.actor)"
