"""A plan on its way to a hospital that follows US Core, over real HTTP, and back again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.acts.gateway import Gateway
from gateway.errors import PartnerRefused
from gateway.fhir.json_codec import Resource
from gateway.mapping import Mappings
from gateway.places import DataFolder, data_folder
from gateway.store.database import Database
from gateway.store.versions import Version
from tests.unit.acts.hospital import (
    Hospital,
    coordinator_edits,
    gateway_for,
    ours,
    patient,
    plan,
    polled,
    pushed,
)

ADA = "9990000018"
PROFILE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-careplan"
ASSESS = {
    "coding": [{"system": "http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "code": "assess-plan"}]
}
REVIEW = {
    "url": "https://care-gateway.example/fhir/StructureDefinition/review-date",
    "valueDate": "2027-01-05",
}
NO_REVIEWS = """
overlay: no-reviews
CarePlan:
  fields:
    reviews_on: {drop: true, because: their plans have no review date}
    title: description
    description:
"""


FEW_WORDS = """
overlay: few-words
CarePlan: {fields: {status: {to: status, codes: [draft, on-hold]}}}
"""


@pytest.fixture(scope="module")
def own_overlay() -> Mappings:
    """The shipped maps with two overlays of an installation's own."""
    texts = {path.stem: path.read_text() for path in data_folder(DataFolder.MAPPINGS).glob("*.yaml")}
    return Mappings.from_texts(texts, overlays={"no-reviews": NO_REVIEWS, "few-words": FEW_WORDS})


def with_overlays(hospital: Hospital, *names: str) -> Hospital:
    return replace(hospital, partner=replace(hospital.partner, overlays=names))


@pytest.fixture
def northside(town: dict[str, Hospital]) -> Hospital:
    """Northside follows US Core 6.1.0."""
    town["northside"] = with_overlays(town["northside"], "us-core-6.1.0")
    return town["northside"]


def shared_plan(gateway: Gateway, town: dict[str, Hospital], **more: Any) -> Version:
    """Ada's plan came from St Anne's; both hospitals know her."""
    town["st-annes"].writes(patient(ADA), "P1")
    town["northside"].writes(patient(ADA), "77")
    town["st-annes"].writes(plan("P1", **more), "C1")
    for hospital in town.values():
        polled(gateway, hospital)
    return ours(gateway, town["st-annes"], "CarePlan", "C1")


def copy_at(hospital: Hospital) -> Resource:
    [copy] = hospital.holds("CarePlan")
    return copy.resource


def here(gateway: Gateway, town: dict[str, Hospital]) -> Version:
    return ours(gateway, town["st-annes"], "CarePlan", "C1")


def test_a_plan_arrives_with_the_partners_profile_and_category_and_has_neither_here(
    database: Database, town: dict[str, Hospital], northside: Hospital
) -> None:
    gateway = gateway_for(database, town)
    version = shared_plan(gateway, town, extension=[{"url": "https://st-annes.example/x", "valueCode": "y"}])
    pushed(gateway, northside, version.reference)

    copy = copy_at(northside)
    assert copy["meta"]["profile"] == [PROFILE]
    assert copy["category"] == [ASSESS]
    assert copy["text"]["status"] == "generated"
    assert copy["subject"] == {"reference": "Patient/77"}
    assert copy["extension"] == version.resource["extension"]  # what nobody mapped travels too
    assert "profile" not in version.resource.get("meta", {})
    assert "category" not in version.resource


def test_the_copy_polled_back_is_no_edit_and_its_edits_come_without_what_the_overlay_added(
    database: Database, town: dict[str, Hospital], northside: Hospital
) -> None:
    gateway = gateway_for(database, town)
    version = shared_plan(gateway, town)
    pushed(gateway, northside, version.reference)
    polled(gateway, northside)
    assert here(gateway, town).version == version.version

    id = northside.holds("CarePlan")[0].id
    other = {"text": "Falls"}
    northside.edits("CarePlan", id, status="on-hold", category=[ASSESS, other])
    polled(gateway, northside)
    now = here(gateway, town)
    assert (now.resource["status"], now.resource["category"]) == ("on-hold", [other])

    assert pushed(gateway, northside, now.reference) == [{}]  # they have it already
    coordinator_edits(gateway, now, title="Home, with stairs")
    pushed(gateway, northside, now.reference)
    copy = copy_at(northside)
    assert (copy["title"], copy["category"]) == ("Home, with stairs", [ASSESS, other])
    pushed(gateway, town["st-annes"], now.reference)
    assert town["st-annes"].sees("CarePlan", "C1")["category"] == [other]


def test_what_the_partner_cannot_hold_does_not_leave_and_its_silence_is_no_edit(
    database: Database, town: dict[str, Hospital], own_overlay: Mappings
) -> None:
    town["northside"] = northside = with_overlays(town["northside"], "no-reviews")
    gateway = replace(gateway_for(database, town), mappings=own_overlay)
    version = shared_plan(gateway, town, extension=[REVIEW], description="After the fall")
    pushed(gateway, northside, version.reference)
    copy = copy_at(northside)
    assert "extension" not in copy
    assert "title" not in copy
    assert copy["description"] == "Home after the fall"

    id = northside.holds("CarePlan")[0].id
    mark = {"url": "https://n.example/x", "valueCode": "y"}
    northside.edits("CarePlan", id, description="Home, with stairs", extension=[mark])
    polled(gateway, northside)
    now = here(gateway, town).resource
    assert (now["title"], now["description"]) == ("Home, with stairs", "After the fall")
    assert sorted(each["url"] for each in now["extension"]) == sorted([REVIEW["url"], mark["url"]])


def test_what_the_partner_holds_of_a_dropped_field_stays_when_we_write_into_its_own_body(
    database: Database, town: dict[str, Hospital], own_overlay: Mappings
) -> None:
    town["st-annes"] = with_overlays(town["st-annes"], "no-reviews")
    gateway = replace(gateway_for(database, town), mappings=own_overlay)
    version = shared_plan(gateway, town, extension=[REVIEW])
    changed = {**REVIEW, "valueDate": "2028-01-01"}
    coordinator_edits(gateway, version, status="on-hold", extension=[changed])
    pushed(gateway, town["st-annes"], version.reference)
    theirs = town["st-annes"].sees("CarePlan", "C1")
    assert (theirs["status"], theirs["extension"]) == ("on-hold", [REVIEW])


def test_what_an_overlay_cannot_express_is_not_sent_in_silence(
    database: Database, town: dict[str, Hospital], own_overlay: Mappings
) -> None:
    town["northside"] = with_overlays(town["northside"], "few-words")
    gateway = replace(gateway_for(database, town), mappings=own_overlay)
    version = shared_plan(gateway, town)
    with pytest.raises(PartnerRefused, match=r"care-plan.status @ overlays/few-words.yaml:3"):
        pushed(gateway, town["northside"], version.reference)
    assert town["northside"].holds("CarePlan") == []


def test_what_the_partner_sent_itself_is_never_held_up_by_its_own_overlay(
    database: Database, town: dict[str, Hospital], own_overlay: Mappings
) -> None:
    town["st-annes"] = with_overlays(town["st-annes"], "few-words")
    gateway = replace(gateway_for(database, town), mappings=own_overlay)
    version = shared_plan(gateway, town)
    assert pushed(gateway, town["st-annes"], version.reference) == [{}]
