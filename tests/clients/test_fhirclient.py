"""fhirclient, the SMART client of Python, with its typed models of R4."""

from __future__ import annotations

import pytest
import requests
from fhirclient.client import FHIRClient
from fhirclient.models.bundle import Bundle
from fhirclient.models.capabilitystatement import CapabilityStatement
from fhirclient.models.careplan import CarePlan
from fhirclient.models.condition import Condition
from fhirclient.models.fhirdatetime import FHIRDateTime
from fhirclient.models.fhirreference import FHIRReference
from fhirclient.models.patient import Patient
from fhirclient.server import FHIRNotFoundException, FHIRServer, FHIRUnauthorizedException

from tests.clients.conftest import Site
from tests.clients.records import NUMBERS, condition, patient


@pytest.fixture
def smart(site: Site) -> FHIRClient:
    client = FHIRClient(settings={"app_id": "care-gateway-tests", "api_base": site.base})
    client.server.session.headers["Authorization"] = site.bearer
    return client


@pytest.fixture
def server(smart: FHIRClient) -> FHIRServer:
    assert smart.prepare(), "the capability statement asks for nothing that it cannot do"
    return smart.server


def kept(resource: Patient | Condition | CarePlan, server: FHIRServer) -> str:
    """The id of the resource, once it is created."""
    made = resource.create(server)
    assert made["id"]
    return str(made["id"])


def test_the_capability_statement_is_read_as_its_typed_model(server: FHIRServer) -> None:
    stated = server.capabilityStatement

    assert isinstance(stated, CapabilityStatement)
    assert "Patient" in {it.type for it in stated.rest[0].resource}


def test_a_typed_resource_is_made_read_changed_and_deleted(server: FHIRServer) -> None:
    her = Patient(patient("smart-1", name=[{"family": "Moss", "given": ["Ada"]}], birthDate="1950-02-03"))
    id = kept(her, server)

    read = Patient.read(id, server)
    assert read.birthDate.isostring == "1950-02-03"
    assert read.name[0].family == "Moss"

    read.deceasedBoolean = True
    answered = read.update(server)
    assert answered["meta"]["versionId"] == "2"
    assert Patient.read_from(f"Patient/{id}/_history/1", server).deceasedBoolean is None

    Patient.read(id, server).delete()
    with pytest.raises(requests.HTTPError) as gone:
        Patient.read(id, server)
    assert gone.value.response.status_code == 410
    history = Bundle.read_from(f"Patient/{id}/_history", server)
    assert [entry.request.method for entry in history.entry] == ["DELETE", "PUT", "POST"]


def test_a_reference_is_resolved_to_its_typed_model(smart: FHIRClient, server: FHIRServer) -> None:
    id = kept(Patient(patient("smart-2")), server)
    plan = CarePlan({"status": "active", "intent": "plan", "subject": {"reference": f"Patient/{id}"}})
    plan.created = FHIRDateTime("2026-03-01T09:00:00+01:00")

    read = CarePlan.read(kept(plan, server), server)

    assert read.created.isostring == "2026-03-01T09:00:00+01:00"
    assert read.subject.resolved(Patient).id == id
    smart.patient_id = id
    assert smart.patient.identifier[0].value == "smart-2"


def test_a_search_is_walked_through_its_next_links(server: FHIRServer) -> None:
    id = kept(Patient(patient("smart-3", name=[{"family": "Unexpected"}])), server)
    for n in range(5):
        kept(Condition(condition(f"smart-3-{n}", id)), server)

    search = Condition.where({"patient.family": "Unexpected", "_count": "2"})

    found = list(search.perform_resources_iter(server))
    assert sorted(it.identifier[0].value for it in found) == [f"smart-3-{n}" for n in range(5)]
    assert [len(page.entry) for page in search.perform_iter(server)] == [2, 2, 1]


def test_a_search_includes_what_is_referred_to(server: FHIRServer) -> None:
    id = kept(Patient(patient("smart-4")), server)
    kept(Condition(condition("smart-4-a", id)), server)
    reference = FHIRReference({"reference": f"Patient/{id}"})

    search = Condition.where({"subject": reference.reference, "code": {"$or": ["38341003", "1"]}})
    [bundle] = search.include("subject", Condition).perform_iter(server)

    assert {type(entry.resource) for entry in bundle.entry} == {Condition, Patient}
    assert {entry.search.mode for entry in bundle.entry} == {"match", "include"}
    assert list(Patient.where({"identifier": f"{NUMBERS}|none"}).perform_resources_iter(server)) == []


def test_a_typed_transaction_and_a_typed_batch_are_carried_out(server: FHIRServer) -> None:
    entries = [
        {"resource": patient(f"smart-5-{n}"), "request": {"method": "POST", "url": "Patient"}}
        for n in range(2)
    ]
    made = Bundle(Bundle({"type": "transaction", "entry": entries}).create(server))
    assert [entry.response.status.partition(" ")[0] for entry in made.entry] == ["201", "201"]

    place = made.entry[0].response.location.partition("/_history")[0]
    urls = (f"Patient/{place.rpartition('/')[2]}", "Patient/there-is-none")
    asked = [{"request": {"method": "GET", "url": url}} for url in urls]
    told = Bundle(Bundle({"type": "batch", "entry": asked}).create(server))
    assert told.entry[0].resource.identifier[0].value == "smart-5-0"
    assert told.entry[1].response.status.startswith("404")
    assert told.entry[1].response.outcome.issue[0].code == "not-found"


def test_refusals_arrive_with_their_operation_outcome(site: Site, server: FHIRServer) -> None:
    with pytest.raises(requests.HTTPError) as refused:
        server.post_json("Patient", {"resourceType": "Patient", "colour": "red"})
    assert refused.value.response.status_code == 422
    assert refused.value.response.json()["issue"][0]["expression"] == ["Patient.colour"]

    with pytest.raises(FHIRNotFoundException) as missing:
        Patient.read("there-is-none", server)
    assert missing.value.response.json()["resourceType"] == "OperationOutcome"

    stranger = FHIRClient(settings={"app_id": "care-gateway-tests", "api_base": site.base})
    assert stranger.prepare()
    with pytest.raises(FHIRUnauthorizedException) as unknown:
        list(Patient.where({}).perform_iter(stranger.server))
    assert unknown.value.response.json()["issue"][0]["code"] == "login"
