"""The CapabilityStatement is made of what is registered and served; tests/clients holds it to its word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.acts.gateway import Gateway
from gateway.conformance.served_types import SERVED
from gateway.conformance.typed import shape_issues
from gateway.web.fhir_api import declared_routes
from gateway.web.fhir_api.capabilities import statement_of

# What a client sends for each interaction that R4 names, relative to the type's address.
ADDRESSES = {
    "read": ("GET", "<resource_type>/<logical_id>"),
    "vread": ("GET", "<resource_type>/<logical_id>/_history/<version_id>"),
    "update": ("PUT", "<resource_type>/<logical_id>"),
    "patch": ("PATCH", "<resource_type>/<logical_id>"),
    "delete": ("DELETE", "<resource_type>/<logical_id>"),
    "history-instance": ("GET", "<resource_type>/<logical_id>/_history"),
    "history-type": ("GET", "<resource_type>/_history"),
    "create": ("POST", "<resource_type>"),
    "search-type": ("GET", "<resource_type>"),
}


@pytest.fixture
def statement(nobody: FlaskClient) -> dict[str, Any]:
    answer = nobody.get("/fhir/R4/metadata")
    assert answer.status_code == 200
    stated: dict[str, Any] = answer.json or {}
    return stated


def test_anybody_may_read_it_and_it_is_r4(statement: dict[str, Any]) -> None:
    assert shape_issues(statement) == []
    assert (statement["kind"], statement["fhirVersion"]) == ("instance", "4.0.1")
    assert statement["software"]["version"]
    assert statement["implementation"]["url"] == "http://gateway.test/fhir/R4"


def test_it_declares_the_types_that_are_served(statement: dict[str, Any]) -> None:
    assert [resource["type"] for resource in statement["rest"][0]["resource"]] == list(SERVED)


def test_it_declares_the_interactions_that_have_an_address(app: Flask, statement: dict[str, Any]) -> None:
    registered = {
        (method, rule.rule.removeprefix("/fhir/R4/"))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/fhir/R4/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    addresses_of_types = {pair for pair in registered if pair[1].startswith("<resource_type>")}

    for resource in statement["rest"][0]["resource"]:
        declared = {ADDRESSES[interaction["code"]] for interaction in resource["interaction"]}
        if SERVED[resource["type"]].read_only:
            assert declared == {ADDRESSES["read"], ADDRESSES["search-type"]}
            continue
        assert declared == {
            pair
            for pair in addresses_of_types
            if not _is_another_search(pair[1]) and not _is_conditional(pair)
        }


def _is_conditional(pair: tuple[str, str]) -> bool:
    """A write by criteria is the same interaction, and declared beside it."""
    return pair[0] in ("PUT", "PATCH", "DELETE") and pair[1] == "<resource_type>"


def test_it_declares_what_is_written_by_criteria(statement: dict[str, Any]) -> None:
    for resource in statement["rest"][0]["resource"]:
        codes = {interaction["code"] for interaction in resource["interaction"]}
        assert resource["conditionalUpdate"] is ("update" in codes), resource["type"]
        assert (resource["conditionalDelete"] == "single") is ("delete" in codes), resource["type"]
    assert statement["patchFormat"] == ["application/json-patch+json", "application/fhir+json"]


def _is_another_search(address: str) -> bool:
    """POST …/_search and compartments are further addresses of search-type, no interactions of their own."""
    return address.endswith("/_search") or "<member_type>" in address


def test_it_says_whether_an_update_must_name_its_version(gateway: Gateway) -> None:
    demanding = replace(gateway, require_if_match=True)
    for stating, policy in ((gateway, "versioned"), (demanding, "versioned-update")):
        stated = statement_of(declared_routes(), stating, datetime.now(UTC))
        [patient] = [it for it in stated["rest"][0]["resource"] if it["type"] == "Patient"]
        assert patient["versioning"] == policy


def test_smart_discovery_waits_for_a_token_endpoint(nobody: FlaskClient) -> None:
    answer = nobody.get("/fhir/R4/.well-known/smart-configuration")

    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["resourceType"] == "OperationOutcome"
