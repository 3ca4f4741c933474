"""No address is served without saying who may use it, and no served type is missing from the policy."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from gateway.access.actors import Actor
from gateway.access.policy import TABLE, Interaction
from gateway.acts.gateway import Gateway
from gateway.app import create_app
from gateway.conformance.served_types import SERVED
from gateway.errors import ConfigError
from gateway.mapping import Mappings
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.web import doors, fhir_api
from gateway.web.doors import Door, declared_doors

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
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The whole application; nothing here talks to its database."""
    environ = {
        "CARE_GATEWAY_VAR": str(tmp_path_factory.mktemp("var")),
        "CARE_GATEWAY_PUBLIC_URL": "http://here.test",
    }
    database = Database.connect("postgresql://nobody@127.0.0.1:1/none")
    gateway = Gateway(database, Mappings.load(), {}, Actor.gateway(), "http://here.test")
    return create_app(Settings.load(environ), gateway)


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
