"""Searching along references: chains, `_has`, includes, lists, compartments and the whole system."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.unit.web.conftest import PUBLIC_URL, Knock, patient

NUMBERS = "urn:example:number"


def make(client: FlaskClient, type: str, **elements: Any) -> str:
    answer = client.post(f"/fhir/R4/{type}", json={"resourceType": type, **elements})
    assert answer.status_code == 201, answer.text
    return str((answer.json or {})["id"])


def bundle(client: FlaskClient, search: str) -> dict[str, Any]:
    answer = client.get(f"/fhir/R4/{search}")
    assert answer.status_code == 200, answer.text
    return answer.json or {}


def found(client: FlaskClient, search: str, mode: str = "match") -> list[str]:
    entries = bundle(client, search).get("entry", ())
    return [entry["resource"]["id"] for entry in entries if entry["search"]["mode"] == mode]


class Town:
    """A practice, a doctor, Mary with a plan, a goal and a finding, and John with a finding."""

    def __init__(self, client: FlaskClient) -> None:
        self.practice = make(client, "Organization", name="Elm Practice")
        self.doctor = make(client, "Practitioner", name=[{"family": "Osei"}])
        organization = {"reference": f"Organization/{self.practice}"}
        doctor = [{"reference": f"Practitioner/{self.doctor}"}]
        named: dict[str, Any] = {"name": [{"family": "Moor"}], "generalPractitioner": doctor}
        named |= {"identifier": [{"system": NUMBERS, "value": "M1"}], "managingOrganization": organization}
        self.mary = make(client, "Patient", **{**patient(), **named})
        self.john = make(client, "Patient", **{**patient(), "name": [{"family": "Wood"}]})
        subject = {"reference": f"Patient/{self.mary}"}
        about = {"status": "active", "intent": "plan", "subject": subject, "period": {"start": "2026-02-01"}}
        self.goal = make(
            client, "Goal", lifecycleStatus="active", description={"text": "walk"}, subject=subject
        )
        self.plan = make(client, "CarePlan", **about, goal=[{"reference": f"Goal/{self.goal}"}])
        seen = {"status": "final", "code": {"coding": [{"system": "urn:codes", "code": "bp"}]}}
        self.hers = make(client, "Observation", **seen, subject=subject, effectiveDateTime="2026-03-01")
        john = {"reference": f"Patient/{self.john}"}
        self.his = make(client, "Observation", **seen, subject=john, effectiveDateTime="2026-01-01")


@pytest.fixture
def town(st_annes: FlaskClient) -> Town:
    return Town(st_annes)


def test_a_chain_leads_over_several_links(st_annes: FlaskClient, town: Town) -> None:
    for chain in (
        "subject:Patient.family=moor",
        "patient.identifier=urn:example:number|M1",
        "subject.organization.name=Elm",
        "patient.general-practitioner:Practitioner.family=ose",
        "subject:Patient._id=" + town.mary,
    ):
        assert found(st_annes, f"Observation?{chain}") == [town.hers], chain
    assert found(st_annes, "Observation?patient.family=nobody") == []
    make(
        st_annes,
        "Observation",
        status="final",
        code={"text": "new"},
        subject={"reference": f"Patient/{town.mary}"},
    )
    assert len(found(st_annes, "Observation?patient.family=moor")) == 2


def test_what_points_here_is_asked_for_in_reverse(st_annes: FlaskClient, town: Town) -> None:
    assert found(st_annes, "Patient?_has:Observation:patient:date=ge2026-02") == [town.mary]
    assert found(st_annes, "Patient?_has:Observation:patient:code=bp") == [town.mary, town.john]
    assert found(st_annes, "Goal?_has:CarePlan:goal:status=active") == [town.goal]
    assert found(st_annes, "Organization?_has:Patient:organization:_has:CarePlan:patient:status=active") == [
        town.practice
    ]


@pytest.mark.parametrize(
    "search",
    [
        "Observation?status.family=x", "Observation?subject:Encounter.family=x",
        "Observation?subject:X.name=x",
        "Patient?_has:Observation:code:status=x", "Patient?_has:Nothing:patient:code=x", "Patient?_has:a=b",
        "Observation?a.b.c.d.e.f=x", "Observation?_include=Observation", "Observation?_include=X:subject",
        "Observation?_include=Observation:code", "Observation?_revinclude=*", "Observation?_include:x=*",
        "Observation?_text=x", "Location?near=1", "Patient?phonetic=x", "Observation?_filter=x",
        "?_type=Nothing",
        "Observation?_sort=near", "Observation?_sort=date&_sort=code", "Observation?_total=maybe",
        "Observation?_list=$current-problems", "Observation?_summary=short", "Patient/x/CarePlan?status:x=y",
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_refused(st_annes: FlaskClient, search: str) -> None:
    answer = st_annes.get(f"/fhir/R4/{search}")
    assert answer.status_code in (400, 404), answer.text
    assert (answer.json or {})["resourceType"] == "OperationOutcome"


def test_includes_bring_along_each_resource_once(st_annes: FlaskClient, town: Town) -> None:
    assert found(st_annes, "Observation?code=bp&_include=Observation:subject", "include") == [
        town.mary,
        town.john,
    ]
    iterated = (
        "CarePlan?_include=CarePlan:patient&_include:iterate=Patient:organization&_include=CarePlan:goal"
    )
    assert set(found(st_annes, iterated, "include")) == {town.mary, town.practice, town.goal}
    assert found(st_annes, "CarePlan?_include=CarePlan:patient:Group", "include") == []
    assert set(found(st_annes, "CarePlan?_include=*", "include")) == {town.mary, town.goal}
    assert found(st_annes, f"Patient?_id={town.mary}&_revinclude=Observation:patient", "include") == [
        town.hers
    ]
    both = f"Patient?_id={town.mary}&_revinclude=CarePlan:patient&_include:iterate=CarePlan:goal"
    assert found(st_annes, both, "include") == [town.plan, town.goal]


def test_an_include_never_shows_what_another_hospital_holds(
    st_annes: FlaskClient, northside: FlaskClient, town: Town
) -> None:
    subject = {"reference": f"Patient/{town.mary}"}
    mine = make(northside, "Observation", status="final", code={"text": "x"}, subject=subject)

    assert found(northside, "Observation?_include=Observation:subject") == [mine]
    assert found(northside, "Observation?_include=Observation:subject", "include") == []
    assert found(northside, "Observation?patient.family=moor") == []
    assert found(northside, f"Patient?_id={town.mary}&_revinclude=Observation:patient", "include") == []
    assert bundle(northside, "Observation?_total=accurate")["total"] == 1
    assert northside.get(f"/fhir/R4/Patient/{town.mary}/Observation").status_code == 404


def test_a_compartment_holds_what_r4_says(st_annes: FlaskClient, town: Town) -> None:
    assert found(st_annes, f"Patient/{town.mary}/CarePlan") == [town.plan]
    assert found(st_annes, f"Patient/{town.mary}/Observation?date=lt2026") == []
    assert set(found(st_annes, f"Patient/{town.mary}/*")) >= {town.plan, town.goal, town.hers}
    assert town.his not in found(st_annes, f"Patient/{town.mary}/*")
    posted = st_annes.post(f"/fhir/R4/Patient/{town.mary}/Observation/_search", data={"code": "bp"})
    assert [entry["resource"]["id"] for entry in (posted.json or {})["entry"]] == [town.hers]
    for other in (f"Patient/{town.mary}/Task", f"Organization/{town.practice}/Patient", "Patient/x/CarePlan"):
        assert st_annes.get(f"/fhir/R4/{other}").status_code == 404, other


def test_the_system_is_searched_by_what_all_types_have(st_annes: FlaskClient, town: Town) -> None:
    assert found(st_annes, f"?_type=Goal,CarePlan&patient={town.mary}") == [town.goal, town.plan]
    assert town.hers in found(st_annes, f"?_id={town.hers},{town.plan}")
    newest = found(st_annes, "?_type=Observation,Goal&_sort=-_lastUpdated&_count=2")
    assert newest == [town.his, town.hers]
    posted = st_annes.post("/fhir/R4/_search", data={"_type": "Goal", "patient": town.mary})
    assert [entry["resource"]["id"] for entry in (posted.json or {})["entry"]] == [town.goal]
    seen: list[str] = []
    url: str | None = "/fhir/R4/?_type=Observation,Goal,Patient&_count=2"
    while url:
        page = st_annes.get(url).json or {}
        seen += [entry["resource"]["id"] for entry in page["entry"]]
        links = {link["relation"]: link["url"] for link in page["link"]}
        url = links["next"].removeprefix(PUBLIC_URL) if "next" in links else None
    assert len(seen) == len(set(seen))
    assert {town.mary, town.john, town.goal, town.hers, town.his} <= set(seen)


def test_a_list_names_what_is_found(st_annes: FlaskClient, town: Town) -> None:
    entries = [{"item": {"reference": f"Observation/{town.hers}"}}]
    entries += [{"item": {"reference": f"Observation/{town.his}"}, "deleted": True}]  # type: ignore[dict-item]
    held = make(st_annes, "List", status="current", mode="changes", entry=entries)

    assert found(st_annes, f"Observation?_list={held}") == [town.hers]
    assert found(st_annes, f"Observation?_list={town.mary}") == []


def test_an_order_of_any_kind_and_a_total(st_annes: FlaskClient, town: Town) -> None:
    assert found(st_annes, "Observation?_sort=date") == [town.his, town.hers]
    assert found(st_annes, "Observation?_sort=-date") == [town.hers, town.his]
    both = f"{town.mary},{town.john}"
    assert found(st_annes, f"Patient?_id={both}&_sort=-family,_id") == [town.john, town.mary]
    assert found(st_annes, f"Patient?_id={both}&_sort=family") == [town.mary, town.john]
    assert bundle(st_annes, "Observation?_count=1&_total=accurate")["total"] == 2
    assert bundle(st_annes, "Observation?_count=5")["total"] == 2
    assert "total" not in bundle(st_annes, "Observation?_count=1")
    assert "total" not in bundle(st_annes, "Observation?_total=none")


def test_no_value_stands_in_the_address_of_the_next_page(st_annes: FlaskClient, town: Town) -> None:
    page = (
        st_annes.post("/fhir/R4/Observation/_search", data={"code": "urn:codes|bp", "_count": "1"}).json or {}
    )
    following = next(link["url"] for link in page["link"] if link["relation"] == "next")
    assert "codes" not in following
    rest = bundle(st_annes, following.removeprefix(f"{PUBLIC_URL}/fhir/R4/"))
    assert [entry["resource"]["id"] for entry in rest["entry"]] == [town.his]


def test_an_agency_is_refused_every_way_around_its_view(knock: Knock, town: Town) -> None:
    agency = knock("agency:elm-trust")
    for search in (
        "Patient?_has:Observation:patient:code=bp", "Patient?_revinclude=Observation:patient",
        "Patient?identifier:missing=true", "Patient?family:not=x", "Patient?address=x",
        "Patient?_sort=address",
        "Task?_include=Task:owner", "Observation?subject.family=x", "Patient?_tag=x",
    ):  # fmt: skip
        assert agency.get(f"/fhir/R4/{search}").status_code == 400, search
    for search in ("Task?patient.identifier=x", "Task?_include=Task:focus", "Patient?_sort=family"):
        assert found(agency, search) == []
