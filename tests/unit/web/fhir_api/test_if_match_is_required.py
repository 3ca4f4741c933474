"""Under `require_if_match` nobody changes a version that they do not name."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.acts.gateway import Gateway
from tests.unit.web.conftest import condition

ONE = "/fhir/R4/Condition?identifier=urn:example:number|A1"
PATCH = json.dumps([{"op": "add", "path": "/onsetString", "value": "autumn"}])


@pytest.fixture
def gateway(gateway: Gateway) -> Gateway:
    return replace(gateway, require_if_match=True)


def change(client: FlaskClient, address: str, id: str, **headers: str) -> list[int]:
    """The statuses of an update, a patch and a deletion at an address."""
    tags = {name.replace("_", "-"): value for name, value in headers.items()}
    media = "application/json-patch+json"
    return [
        client.put(address, json=condition(id=id), headers=tags).status_code,
        client.patch(address, data=PATCH, content_type=media, headers=tags).status_code,
        client.delete(address, headers=tags).status_code,
    ]


def test_what_names_no_version_is_refused_by_id_and_by_criteria(st_annes: FlaskClient) -> None:
    id = str((st_annes.put(ONE, json=condition()).json or {})["id"])
    url = f"/fhir/R4/Condition/{id}"

    assert change(st_annes, url, id) == [428, 428, 428]
    assert change(st_annes, ONE, id) == [428, 428, 428]
    assert st_annes.get(url).headers["ETag"] == 'W/"1"'


def test_what_names_its_version_is_carried_out(st_annes: FlaskClient) -> None:
    id = str((st_annes.post("/fhir/R4/Condition", json=condition()).json or {})["id"])
    url = f"/fhir/R4/Condition/{id}"

    assert change(st_annes, url, id, If_Match='W/"1"') == [200, 412, 412]
    assert change(st_annes, ONE, id, If_Match='W/"2"') == [200, 412, 412]
    assert change(st_annes, url, id, If_Match="*") == [200, 200, 204]


def test_entries_of_a_bundle_name_their_versions_too(st_annes: FlaskClient) -> None:
    id = str((st_annes.post("/fhir/R4/Condition", json=condition()).json or {})["id"])
    url = f"Condition/{id}"

    def statuses(**tag: str) -> list[str]:
        entries: list[dict[str, Any]] = [
            {"resource": condition(id=id), "request": {"method": "PUT", "url": url, **tag}},
            {"request": {"method": "DELETE", "url": url, **tag}},
        ]
        bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
        answered = st_annes.post("/fhir/R4", json=bundle).json or {}
        return [entry["response"]["status"][:3] for entry in answered["entry"]]

    assert statuses() == ["428", "428"]
    assert statuses(ifMatch='W/"1"') == ["200", "412"]
