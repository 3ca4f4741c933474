"""Nobody passes a KEY door unknown, and nothing of a request is looked at before."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from gateway.access.actors import ActorKind
from gateway.acts.gateway import Gateway
from gateway.acts.sign_in_client import sign_in_client
from gateway.store import clients
from tests.unit.web.conftest import ELM_TRUST, Knock, Trail, patient

LOCKED = [
    ("GET", "/fhir/R4/Patient"),
    ("POST", "/fhir/R4/Patient"),
    ("PUT", "/fhir/R4/Patient/1"),
    ("DELETE", "/fhir/R4/Patient/1"),
    ("GET", "/fhir/R4/Patient/1/_history/1"),
    ("POST", "/fhir/R4/Patient/_search"),
    ("PATCH", "/fhir/R4/Patient/1"),
    ("GET", "/fhir/R4/no/such/address"),
    ("GET", "/fhir"),
    ("POST", "/fhir/R4"),
    ("GET", "/api/no-such-address"),
    ("GET", "/fhir/R4//Patient"),
]


@pytest.mark.parametrize(("method", "path"), LOCKED)
def test_without_a_key_nothing_but_that_is_said(nobody: FlaskClient, method: str, path: str) -> None:
    answer = nobody.open(path, method=method, data=b"not even JSON", content_type="application/fhir+json")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json is not None
    if path.startswith("/fhir"):
        assert answer.json["issue"][0]["code"] == "login"
    else:
        assert (answer.content_type, answer.json["code"]) == ("application/problem+json", "login")


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "Bearer cgk_0000000000000000_nobody",
        "Bearer cgk_0000000000000000_" + "A" * 43,
        "Bearer a b",
        "Bearer \u00e9",
        "Bearer " + "A" * 9000,
    ],
)
def test_a_key_that_is_none_of_ours_opens_nothing(nobody: FlaskClient, header: str) -> None:
    answer = nobody.get("/fhir/R4/Patient", headers={"Authorization": header})

    assert answer.status_code == 401


@pytest.mark.parametrize("parameter", ["access_token", "api_key", "key", "TOKEN", "identifier"])
def test_a_key_in_the_address_is_refused_even_when_it_is_good(st_annes: FlaskClient, parameter: str) -> None:
    key = st_annes.environ_base["HTTP_AUTHORIZATION"].removeprefix("Bearer ")

    answer = st_annes.get("/fhir/R4/Patient", query_string={parameter: key})

    assert answer.status_code == 401
    assert key not in answer.text


def test_a_disabled_client_is_out_at_once(st_annes: FlaskClient, gateway: Gateway) -> None:
    assert st_annes.get("/fhir/R4/Patient").status_code == 200
    with gateway.database.transaction(gateway.self_actor) as tx:
        clients.disable(tx, "ehr-st-annes")

    assert st_annes.get("/fhir/R4/Patient").status_code == 401


def test_refused_keys_are_audited_without_drowning_the_audit(nobody: FlaskClient, trail: Trail) -> None:
    for number in range(9):
        key = f"cgk_{number:016x}_{'x' * 43}"
        nobody.get("/fhir/R4/Patient", headers={"Authorization": f"Bearer {key}"})
    nobody.get("/fhir/R4/Patient")  # no key at all: a client that was not set up

    rows = [row for row in trail() if row[0] == "sign in"]

    assert [(row[1], row[2]) for row in rows] == [("gateway", "denied")] * 4
    assert [row[3].split()[0] for row in rows] == ["1", "2", "4", "8"]


def test_what_is_open_needs_no_key(nobody: FlaskClient) -> None:
    assert nobody.get("/fhir/R4/metadata").status_code == 200
    assert nobody.get("/health/live").status_code == 200


def test_an_admin_reads_no_record(knock: Knock, st_annes: FlaskClient, trail: Trail) -> None:
    st_annes.post("/fhir/R4/Patient", json=patient())

    answer = knock("admin").get("/fhir/R4/Patient")

    assert answer.status_code == 403
    assert trail()[-1] == ("search Patient", "admin", "denied", "forbidden", [])


def test_an_agency_acts_for_the_organization_that_carries_its_identifier(
    gateway: Gateway, coordinator: FlaskClient
) -> None:
    with gateway.database.transaction(gateway.self_actor) as tx:
        key = clients.add(tx, "elm", ActorKind.AGENCY, "elm-trust")

    unknown = sign_in_client(gateway, key)
    organization = {
        "resourceType": "Organization",
        "name": "Elm Trust",
        "identifier": [{"system": ELM_TRUST.system, "value": ELM_TRUST.value}],
    }
    id = (coordinator.post("/fhir/R4/Organization", json=organization).json or {})["id"]
    known = sign_in_client(gateway, key)

    assert unknown is not None
    assert unknown.organisation is None
    assert known is not None
    assert (known.kind, known.source, known.organisation) == (ActorKind.AGENCY, "elm-trust", id)
