"""A published record, as it is sent: one transaction Bundle of everything about one person."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from gateway.acts.gateway import Gateway
from gateway.conformance.served_types import served_with
from gateway.fhir.references import ReferenceKind, parse_reference, walk
from gateway.store.database import Database
from tests.unit.web.fhir_api.bundles import BASE, done

pytestmark = pytest.mark.shared_data


@pytest.fixture
def gateway(gateway: Gateway) -> Gateway:
    """A gateway that serves the two types of Synthea's records that are not served everywhere."""
    return replace(gateway, served=served_with(frozenset({"Claim", "ExplanationOfBenefit"})))


def test_a_synthea_record_is_taken_whole(
    st_annes: FlaskClient, shared_data: Path, database: Database
) -> None:
    [file] = (shared_data / "synthea").glob("Carroll471_*.json")
    sent = json.loads(file.read_bytes())

    entries = done(st_annes.post(BASE, data=file.read_bytes(), content_type="application/fhir+json"))

    assert [it["response"]["status"] for it in entries] == ["201 Created"] * len(sent["entry"])
    assert [it["resource"]["resourceType"] for it in entries] == [
        it["resource"]["resourceType"] for it in sent["entry"]
    ]
    known = {f"{it['resource']['resourceType']}/{it['resource']['id']}" for it in entries}
    named = {holder["reference"] for it in entries for _, holder in walk(it["resource"])}
    assert {it for it in named if parse_reference(it).kind is not ReferenceKind.FRAGMENT} <= known
    [person] = [it["resource"]["id"] for it in entries if it["resource"]["resourceType"] == "Patient"]
    found = st_annes.get(f"{BASE}/Observation?patient={person}&_total=accurate&_count=1").json or {}
    assert found["total"] == sum(it["resource"]["resourceType"] == "Observation" for it in sent["entry"])
