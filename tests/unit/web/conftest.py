"""A web application over a database of the test's own, and the cast that knocks at it."""

from __future__ import annotations

from collections.abc import Callable
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

PUBLIC_URL = "http://gateway.test"
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
ELM_TRUST = Identifier("https://example.org/organisations", "elm-trust")

Knock = Callable[[str], FlaskClient]
Trail = Callable[[], list[tuple[str, str, str, str, list[str]]]]


@pytest.fixture(scope="session")
def mappings() -> Mappings:
    return Mappings.load()


@pytest.fixture
def gateway(database: Database, mappings: Mappings) -> Gateway:
    hospitals = [
        Partner(name, name, "fhir_rest", verified_identifiers=(NHS_NUMBER,))
        for name in ("st-annes", "northside")
    ]
    agency = Partner("elm-trust", "Elm Trust", "webhook", organisation=ELM_TRUST)
    partners = {partner.name: partner for partner in (*hospitals, agency)}
    return Gateway(database, mappings, partners, Actor.gateway(), PUBLIC_URL)


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

    def _knock(who: str) -> FlaskClient:
        kind, _, partner = who.partition(":")
        with gateway.database.transaction(gateway.self_actor) as tx:
            key = clients.add(tx, who.replace(":", "-"), ActorKind(kind), partner or None)
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
        return client

    return _knock


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
