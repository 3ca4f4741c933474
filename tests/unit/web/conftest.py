"""A web application over a database of the test's own, and the cast that knocks at it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.access.actors import Actor, ActorKind
from gateway.acts.gateway import Gateway
from gateway.app import create_app
from gateway.fhir.identifiers import Identifier
from gateway.mapping import Mappings
from gateway.settings import Settings
from gateway.store import clients
from gateway.store.database import Database
from gateway.sync.partner import Partner
from gateway.web import GATEWAY
from tests.conftest import create_database, drop_database, url_of

PUBLIC_URL = "http://gateway.test"
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
ELM_TRUST = Identifier("https://example.org/organisations", "elm-trust")

Knock = Callable[[str], FlaskClient]
Trail = Callable[[], list[tuple[str, str, str, str, list[str]]]]


@pytest.fixture(scope="session")
def mappings() -> Mappings:
    return Mappings.load()


def gateway_over(database: Database, mappings: Mappings) -> Gateway:
    """A gateway between two hospitals and one agency."""
    hospitals = [
        Partner(name, name, "fhir_rest", verified_identifiers=(NHS_NUMBER,))
        for name in ("st-annes", "northside")
    ]
    agency = Partner("elm-trust", "Elm Trust", "webhook", organisation=ELM_TRUST)
    partners = {partner.name: partner for partner in (*hospitals, agency)}
    return Gateway(database, mappings, partners, Actor.gateway(), PUBLIC_URL)


@pytest.fixture
def gateway(database: Database, mappings: Mappings) -> Gateway:
    return gateway_over(database, mappings)


@pytest.fixture(scope="module")
def standing_app(
    server_url: str, migrated_template: str, mappings: Mappings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """An application for a whole module of tests: for tables of requests, each of which changes little."""
    name = f"{migrated_template}_{secrets.token_hex(4)}"
    create_database(server_url, name, template=migrated_template)
    database = Database.connect(url_of(server_url, name), pool_size=5)
    var = {"CARE_GATEWAY_VAR": str(tmp_path_factory.mktemp("var")), "CARE_GATEWAY_PUBLIC_URL": PUBLIC_URL}
    yield create_app(Settings.load(var), gateway_over(database, mappings))
    database.close()
    drop_database(server_url, name)


@pytest.fixture(scope="module")
def enter(standing_app: Flask) -> Knock:
    """`knock` for a module: `enter("ehr:st-annes")`, `enter("nobody")` without a key."""
    gateway: Gateway = standing_app.extensions[GATEWAY]
    return lambda who: (
        standing_app.test_client() if who == "nobody" else client_of(standing_app, gateway, who)
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load({"CARE_GATEWAY_VAR": str(tmp_path), "CARE_GATEWAY_PUBLIC_URL": PUBLIC_URL})


@pytest.fixture
def app(gateway: Gateway, settings: Settings) -> Flask:
    return create_app(settings, gateway)


@pytest.fixture
def nobody(app: Flask) -> FlaskClient:
    """Knocks without a key."""
    return app.test_client()


@pytest.fixture
def knock(app: Flask, gateway: Gateway) -> Knock:
    """A client with a key of its own: `knock("ehr:st-annes")`, `knock("coordinator")`."""

    return lambda who: client_of(app, gateway, who)


def client_of(app: Flask, gateway: Gateway, who: str) -> FlaskClient:
    """A new machine client, `kind` or `kind:partner`, that sends its key."""
    kind, _, partner = who.partition(":")
    with gateway.database.transaction(gateway.self_actor) as tx:
        key = clients.add(tx, who.replace(":", "-"), ActorKind(kind), partner or None)
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    return client


@pytest.fixture
def st_annes(knock: Knock) -> FlaskClient:
    """A hospital's EHR."""
    return knock("ehr:st-annes")


@pytest.fixture
def northside(knock: Knock) -> FlaskClient:
    """Another hospital's EHR."""
    return knock("ehr:northside")


@pytest.fixture
def coordinator(knock: Knock) -> FlaskClient:
    """A coordinator's program; it sees every person."""
    return knock("coordinator")


@pytest.fixture
def trail(gateway: Gateway) -> Trail:
    """The audit so far: (action, who, outcome, detail, references), oldest first."""

    def _trail() -> list[tuple[str, str, str, str, list[str]]]:
        with gateway.database.transaction(gateway.self_actor) as tx:
            rows = tx.connection.exec_driver_sql(
                "SELECT action, actor_name, outcome, detail, entities FROM audit ORDER BY id"
            )
            return [(row.action, row.actor_name, row.outcome, row.detail, row.entities) for row in rows]

    return _trail


def condition(**elements: Any) -> dict[str, Any]:
    """A Condition about nobody we know, so that only its own source and coordinators see it."""
    number = {"system": "urn:example:number", "value": "A1"}
    return {
        "resourceType": "Condition",
        "identifier": [number],
        "subject": {"display": "somebody"},
        **elements,
    }


def patient(**elements: Any) -> dict[str, Any]:
    """A Patient with a number that both hospitals have verified: hers at each belong to one person."""
    number = {"system": NHS_NUMBER, "value": "9990000018"}
    return {"resourceType": "Patient", "identifier": [number], **elements}
