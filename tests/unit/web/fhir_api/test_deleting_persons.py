"""Who may delete a Patient: its own source; a coordinator a person, once it joins no Patients of others."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests.unit.web.conftest import patient

ADDRESS = "/fhir/R4/Patient"


def made(client: FlaskClient) -> str:
    answer = client.post(ADDRESS, json=patient())
    assert answer.status_code == 201, answer.text
    return str((answer.json or {})["id"])


def test_a_coordinator_deletes_a_patient_that_was_made_here(coordinator: FlaskClient) -> None:
    id = made(coordinator)

    assert coordinator.delete(f"{ADDRESS}/{id}").status_code == 204
    assert coordinator.get(f"{ADDRESS}/{id}").status_code == 410


def test_a_coordinator_deletes_no_hospitals_patient(coordinator: FlaskClient, st_annes: FlaskClient) -> None:
    id = made(st_annes)

    assert coordinator.delete(f"{ADDRESS}/{id}").status_code == 403
    assert st_annes.get(f"{ADDRESS}/{id}").status_code == 200


def test_a_person_goes_only_once_nobodys_patient_is_linked_to_it(
    coordinator: FlaskClient, st_annes: FlaskClient
) -> None:
    hers = made(st_annes)
    [entry] = (coordinator.get(f"{ADDRESS}?link=Patient/{hers}").json or {})["entry"]
    person = entry["resource"]
    address = f"{ADDRESS}/{person['id']}"

    assert coordinator.delete(address).status_code == 409
    alone = {name: value for name, value in person.items() if name != "link"}
    assert coordinator.put(address, json=alone).status_code == 200
    assert coordinator.delete(address).status_code == 204
    assert st_annes.get(f"{ADDRESS}/{hers}").status_code == 200
