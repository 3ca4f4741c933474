"""fhirpy, the client of Python that is most like a query builder: without and with asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fhirpy import AsyncFHIRClient, SyncFHIRClient
from fhirpy.base.exceptions import (
    AuthorizationError,
    MultipleResourcesFound,
    OperationOutcome,
    ResourceNotFound,
)

from tests.clients.conftest import Site
from tests.clients.records import NUMBERS, condition, patient


@pytest.fixture
def fhir(site: Site) -> SyncFHIRClient:
    return SyncFHIRClient(site.base, authorization=site.bearer)


def saying(site: Site, **headers: str) -> SyncFHIRClient:
    """The client with further headers of its user's: `saying(site, If_Match='W/"1"')`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return SyncFHIRClient(site.base, authorization=site.bearer, extra_headers=named)


def test_the_capability_statement_is_read(fhir: SyncFHIRClient) -> None:
    stated = fhir.execute("metadata", method="get")

    assert stated["fhirVersion"] == "4.0.1"
    assert stated.rest[0].mode == "server"


def test_a_resource_is_made_read_changed_and_deleted(fhir: SyncFHIRClient) -> None:
    made = fhir.resource("Patient", **patient("py-1", name=[{"family": "Moss"}]))
    made.save()
    assert made.id
    assert made.meta.versionId == "1"

    read = fhir.reference("Patient", made.id).to_resource()
    assert read.serialize() == made.serialize()
    assert read.get_by_path(["name", 0, "family"]) == "Moss"

    read["birthDate"] = "1950-02-03"
    read.save()
    assert (read.meta.versionId, read["birthDate"]) == ("2", "1950-02-03")
    made.refresh()
    assert made["birthDate"] == "1950-02-03"

    assert fhir.delete(f"Patient/{made.id}") is None
    with pytest.raises(ResourceNotFound, match="deleted"):
        fhir.get("Patient", made.id)


def test_earlier_versions_are_read(fhir: SyncFHIRClient) -> None:
    made = fhir.resource("Patient", **patient("py-2", gender="female")).create()
    made["gender"] = "male"
    made.update()

    first = fhir.execute(f"Patient/{made.id}/_history/1", method="get")
    history = fhir.execute(f"Patient/{made.id}/_history", method="get")

    assert first.gender == "female"
    assert [entry.resource.meta.versionId for entry in history.entry] == ["2", "1"]


def test_an_update_of_a_version_that_passed_is_a_conflict(fhir: SyncFHIRClient, site: Site) -> None:
    made = fhir.resource("Patient", **patient("py-3")).create()
    first = saying(site, If_Match='W/"1"').resource("Patient", **made.serialize())

    first.save()

    # 412 is named by fhirpy after its commonest cause; what the gateway says of it arrives all the same.
    with pytest.raises(MultipleResourcesFound, match="conflict"):
        first.save()


def test_a_resource_is_patched_as_json_patch_says(site: Site, fhir: SyncFHIRClient) -> None:
    made = fhir.resource("Patient", **patient("py-9")).create()
    patching = saying(site, Content_Type="application/json-patch+json", If_Match='W/"1"')

    path = f"Patient/{made.id}"
    change: Any = [{"op": "add", "path": "/gender", "value": "female"}]
    assert patching.execute(path, method="patch", data=change).gender == "female"
    with pytest.raises(MultipleResourcesFound, match="conflict"):
        patching.execute(path, method="patch", data=change)
    # fhirpy's own patch is a part of a resource as plain JSON, which R4 does not know.
    with pytest.raises(OperationOutcome, match="json-patch"):
        made.patch(gender="male")


def test_what_fits_criteria_is_changed_and_deleted(fhir: SyncFHIRClient) -> None:
    made = fhir.resource("Condition", **condition("py-10", "none")).create()
    fitting = fhir.resources("Condition").search(identifier=f"{NUMBERS}|py-10")

    changed, is_new = fitting.update(
        fhir.resource("Condition", **condition("py-10", "none", recordedDate="2026-01-01"))
    )
    assert (changed.id, changed.recordedDate, is_new) == (made.id, "2026-01-01", False)
    fitting.delete()
    assert fitting.count() == 0


def test_a_transaction_is_all_or_nothing(fhir: SyncFHIRClient) -> None:
    her = "urn:uuid:0a0a3c4e-9d2b-4a56-8a3e-1f2d3c4b5a69"
    mother = {"fullUrl": her, "resource": patient("py-11"), "request": {"method": "POST", "url": "Patient"}}
    about = condition("py-11-a", "none") | {"subject": {"reference": her}}
    illness = {"resource": about, "request": {"method": "POST", "url": "Condition"}}
    bundle = fhir.resource("Bundle", type="transaction", entry=[mother, illness])

    answered = fhir.execute("", data=bundle.serialize())

    assert [entry.response.status.partition(" ")[0] for entry in answered.entry] == ["201", "201"]
    [kept] = fhir.resources("Condition").search(identifier=f"{NUMBERS}|py-11-a").fetch()
    assert fhir.get(kept["subject"]["reference"])["identifier"][0]["value"] == "py-11"

    broken = {"resource": {"resourceType": "Condition"}, "request": {"method": "POST", "url": "Condition"}}
    other = {"resource": condition("py-11-b", "none"), "request": {"method": "POST", "url": "Condition"}}
    with pytest.raises(OperationOutcome):
        fhir.execute("", data={"resourceType": "Bundle", "type": "transaction", "entry": [other, broken]})
    assert fhir.resources("Condition").search(identifier=f"{NUMBERS}|py-11-b").count() == 0


def test_a_search_is_walked_page_by_page(fhir: SyncFHIRClient) -> None:
    mother = fhir.resource("Patient", **patient("py-4")).create()
    for n in range(5):
        fhir.resource("Condition", **condition(f"py-4-{n}", mother.id)).create()

    search = fhir.resources("Condition").search(patient=mother.to_reference()).limit(2)
    numbers = [found.identifier[0]["value"] for found in search]

    assert sorted(numbers) == [f"py-4-{n}" for n in range(5)], "each of them once, over three pages"
    assert len(search.fetch()) == 2
    assert len(search.fetch_all()) == 5
    assert search.count() == 5


def test_a_search_follows_chains_includes_and_an_order(fhir: SyncFHIRClient) -> None:
    mother = fhir.resource("Patient", **patient("py-5", name=[{"family": "Unmistakable"}])).create()
    fhir.resource("Condition", **condition("py-5-a", mother.id, recordedDate="2026-01-01")).create()
    fhir.resource("Condition", **condition("py-5-b", mother.id, recordedDate="2026-02-01")).create()

    chained = fhir.resources("Condition").search(patient__Patient__family="Unmistakable")
    assert [it.identifier[0]["value"] for it in chained.sort("-recorded-date").fetch()] == [
        "py-5-b",
        "py-5-a",
    ]
    recent = chained.search(recorded_date__ge="2026-01-15").fetch()
    assert [it.identifier[0]["value"] for it in recent] == ["py-5-b"]

    bundle = chained.include("Condition", "subject").fetch_raw()
    assert {entry.resource.resourceType for entry in bundle.entry} == {"Condition", "Patient"}

    hers = fhir.resources("Patient").search(_id=mother.id).revinclude("Condition", "patient").fetch_raw()
    assert [entry.search.mode for entry in hers.entry] == ["match", "include", "include"]
    assert fhir.resources("Patient").has("Condition", "patient", identifier=f"{NUMBERS}|py-5-a").get() == (
        mother
    )
    assert fhir.resources("Patient").search(identifier=f"{NUMBERS}|none").first() is None


def test_one_that_is_there_is_not_made_again(site: Site, fhir: SyncFHIRClient) -> None:
    unless = saying(site, If_None_Exist=f"identifier={NUMBERS}|py-6")

    made = unless.resource("Patient", **patient("py-6")).create()
    again = unless.resource("Patient", **patient("py-6", gender="female")).create()

    assert made.id == again.id
    assert "gender" not in again
    # fhirpy's own way, criteria in the address of a POST, is not R4's: refused, and nothing is made.
    with pytest.raises(OperationOutcome, match="identifier is not taken"):
        fhir.resources("Patient").search(identifier=f"{NUMBERS}|py-none").get_or_create(
            fhir.resource("Patient", **patient("py-none"))
        )
    assert fhir.resources("Patient").search(identifier=f"{NUMBERS}|py-none").count() == 0


def test_refusals_arrive_as_operation_outcomes(site: Site, fhir: SyncFHIRClient) -> None:
    with pytest.raises(OperationOutcome) as refused:
        fhir.resource("Patient", birthDate="last spring").create()
    assert refused.value.resource["issue"][0]["expression"] == ["Patient.birthDate"]

    with pytest.raises(OperationOutcome, match="colour"):
        saying(site, Prefer="handling=strict").resources("Patient").search(colour="red").fetch()
    with pytest.raises(ResourceNotFound):
        fhir.get("Patient", "there-is-none")
    with pytest.raises(ResourceNotFound, match="operation"):
        fhir.resource("Patient", **patient("py-7")).is_valid()
    with pytest.raises(AuthorizationError, match="OperationOutcome"):
        SyncFHIRClient(site.base, authorization="Bearer none").resources("Patient").fetch()


def test_many_at_once_with_asyncio(site: Site) -> None:
    async def day(fhir: AsyncFHIRClient) -> None:
        mother = await fhir.resource("Patient", **patient("py-8")).create()
        made = await asyncio.gather(
            *(fhir.resource("Condition", **condition(f"py-8-{n}", mother.id)).create() for n in range(6))
        )
        assert len({it.id for it in made}) == 6

        search = fhir.resources("Condition").search(patient=mother.to_reference()).limit(4)
        assert {it.id async for it in search} == {it.id for it in made}
        assert await search.count() == 6

        made[0]["recordedDate"] = "2026-03-01"
        await made[0].update()
        assert (await fhir.get("Condition", made[0].id))["recordedDate"] == "2026-03-01"
        assert (await made[1].subject.to_resource()).id == mother.id

        await made[5].delete()
        with pytest.raises(ResourceNotFound):
            await fhir.get("Condition", made[5].id)
        with pytest.raises(OperationOutcome):
            await fhir.resource("Patient", birthDate="last spring").create()

    run(site, day)


def run(site: Site, day: Callable[[AsyncFHIRClient], Awaitable[Any]]) -> None:
    async def whole() -> None:
        await day(AsyncFHIRClient(site.base, authorization=site.bearer))

    asyncio.run(whole())
