"""Searching over the FHIR API."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from tests.unit.web.conftest import PUBLIC_URL, Knock, Trail, condition, patient

NHS = "https://fhir.nhs.uk/Id/nhs-number"
NUMBERS = "urn:example:number"


def _numbered(value: str, **elements: Any) -> dict[str, Any]:
    return condition(**elements) | {"identifier": [{"system": NUMBERS, "value": value}]}


def _make(client: FlaskClient, resource: dict[str, Any]) -> str:
    answer = client.post(f"/fhir/R4/{resource['resourceType']}", json=resource)
    assert answer.status_code == 201, answer.text
    return str((answer.json or {})["id"])


def _found(client: FlaskClient, search: str) -> list[str]:
    answer = client.get(f"/fhir/R4/{search}")
    assert answer.status_code == 200, answer.text
    bundle = answer.json or {}
    assert bundle["type"] == "searchset"
    return [
        entry["resource"]["id"] for entry in bundle.get("entry", ()) if entry["search"]["mode"] == "match"
    ]


def test_resources_are_found_by_identifier_in_every_form(st_annes: FlaskClient) -> None:
    one, two = _make(st_annes, _numbered("A1")), _make(st_annes, _numbered("B,2|x"))

    assert _found(st_annes, f"Condition?identifier={NUMBERS}|A1") == [one]
    assert _found(st_annes, "Condition?identifier=A1") == [one]
    assert _found(st_annes, f"Condition?identifier={NUMBERS}|A1,{NUMBERS}|nobody") == [one]
    assert _found(st_annes, f"Condition?identifier={NUMBERS}|") == [one, two]
    assert _found(st_annes, f"Condition?identifier={NUMBERS}|B\\,2\\|x") == [two]
    assert _found(st_annes, "Condition?identifier=|A1") == []


def test_resources_are_found_by_whom_they_are_about(st_annes: FlaskClient) -> None:
    mary, john = _make(st_annes, patient()), _make(st_annes, patient())
    goal = {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": "walk"},
        "subject": {"reference": f"Patient/{mary}"},
    }
    hers = _make(st_annes, goal)
    his = _make(st_annes, goal | {"subject": {"reference": f"Patient/{john}"}, "lifecycleStatus": "on-hold"})

    for search in (
        f"patient={mary}",
        f"patient=Patient/{mary}",
        f"subject=Patient/{mary}",
        f"subject:Patient={mary}",
        f"patient={PUBLIC_URL}/fhir/R4/Patient/{mary}",
        f"patient={mary}&lifecycle-status=active",
        f"_id={hers}&patient={mary}",
    ):
        assert _found(st_annes, f"Goal?{search}") == [hers], search
    assert _found(st_annes, "Goal?lifecycle-status=on-hold,completed") == [his]
    assert _found(st_annes, f"Goal?patient={mary},{john}") == [hers, his]
    assert _found(st_annes, f"Goal?patient={mary}&patient={john}") == []


def test_a_status_may_name_the_code_system_that_r4_binds_it_to(st_annes: FlaskClient) -> None:
    goal = {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": "walk"},
        "subject": {"reference": f"Patient/{_make(st_annes, patient())}"},
    }
    id = _make(st_annes, goal)

    for value in ("active", "|active", "http://hl7.org/fhir/goal-status|active"):
        assert _found(st_annes, f"Goal?lifecycle-status={value}") == [id], value
    for value in ("http://hl7.org/fhir/request-status|active", "http://hl7.org/fhir/goal-status|completed"):
        assert _found(st_annes, f"Goal?lifecycle-status={value}") == [], value
    assert _found(st_annes, "Goal?lifecycle-status=http://hl7.org/fhir/goal-status|") == [id]


def test_a_time_is_asked_for_to_the_minute_without_a_zone_and_with_a_bare_plus(st_annes: FlaskClient) -> None:
    id = _make(st_annes, condition())
    changed = (st_annes.get(f"/fhir/R4/Condition/{id}").json or {})["meta"]["lastUpdated"]
    minute, bare = changed[:16], changed.removesuffix("Z")

    for search in (
        minute,
        f"{minute}Z",
        f"eq{minute}+00:00",
        f"{bare}+00:00",
        f"{bare}%2B00:00",
        f"ge{bare}",
    ):
        assert _found(st_annes, f"Condition?_lastUpdated={search}") == [id], search
    for search in (f"lt{minute}", f"gt{minute}", f"{minute}+01:00", f"ge{bare}-01:00"):
        assert _found(st_annes, f"Condition?_lastUpdated={search}") == [], search
    for search in (changed[:13], f"{minute}:", "2026-11-22T25:00", "2026-11-22T10:61", f"{minute}+99:00"):
        refused = st_annes.get(f"/fhir/R4/Condition?_lastUpdated={search}")
        assert refused.status_code == 400, search
        assert (refused.json or {})["issue"][0]["expression"] == ["_lastUpdated"]


def test_a_search_by_post_may_say_everything_in_its_address(st_annes: FlaskClient) -> None:
    one = _make(st_annes, _numbered("A1"))
    answer = st_annes.post(f"/fhir/R4/Condition/_search?_id={one}")
    assert (answer.status_code, len((answer.json or {})["entry"])) == (200, 1)
    assert st_annes.post("/fhir/R4/Condition/_search", data=b"_id=x").status_code == 415


def test_an_address_beside_the_served_ones_says_where_to_go(st_annes: FlaskClient) -> None:
    answer = st_annes.get("/fhir/R4/Condition/_search")
    assert answer.status_code == 404
    assert "POST Condition/_search" in (answer.json or {})["issue"][0]["details"]["text"]


def test_resources_are_found_by_when_they_were_last_changed(st_annes: FlaskClient) -> None:
    id = _make(st_annes, condition())
    changed = (st_annes.get(f"/fhir/R4/Condition/{id}").json or {})["meta"]["lastUpdated"]

    for search in (
        changed,
        f"ge{changed}",
        f"le{changed}",
        "gt2020",
        "lt2100-01",
        "ne2020",
        "sa2020",
        "eb2100",
    ):
        assert _found(st_annes, f"Condition?_lastUpdated={search}") == [id], search
    for search in (f"gt{changed}", f"lt{changed}", "2020", "lt2020"):
        assert _found(st_annes, f"Condition?_lastUpdated={search}") == [], search
    assert st_annes.get("/fhir/R4/Condition?_lastUpdated=yesterday").status_code == 400


def test_next_links_lead_through_everything_once(st_annes: FlaskClient) -> None:
    ids = [_make(st_annes, _numbered(f"N{number}")) for number in range(7)]
    url: str | None = f"/fhir/R4/Condition?identifier={NUMBERS}|&_count=3"
    seen: list[str] = []
    while url:
        bundle = st_annes.get(url).json or {}
        seen += [entry["resource"]["id"] for entry in bundle["entry"]]
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        assert "_cursor" not in links["self"]
        url = links["next"].removeprefix(PUBLIC_URL) if "next" in links else None

    assert seen == ids


def test_a_page_may_be_asked_for_in_another_size_but_not_in_another_order(st_annes: FlaskClient) -> None:
    for number in range(6):
        _make(st_annes, _numbered(f"N{number}"))
    url = f"/fhir/R4/Condition?identifier={NUMBERS}|&_count=1"
    links = {link["relation"]: link["url"] for link in (st_annes.get(url).json or {})["link"]}
    query = parse_qs(urlsplit(links["next"]).query)
    following = f"/fhir/R4/Condition?_cursor={query['_cursor'][0]}"

    assert query["_count"] == ["1"], "as it was asked for, for clients that ask for each page anew"
    assert len((st_annes.get(following).json or {})["entry"]) == 1
    assert len((st_annes.get(f"{following}&_count=3").json or {})["entry"]) == 3
    assert len((st_annes.get(f"{following}&_count=1000").json or {})["entry"]) == 5
    for other in ("&_count=1&_count=2", "&_count=many", "&_sort=-_lastUpdated", "&_total=accurate"):
        assert st_annes.get(following + other).status_code == 400, other


def test_a_page_token_is_good_for_its_client_and_its_search_only(
    st_annes: FlaskClient, northside: FlaskClient
) -> None:
    for number in range(3):
        _make(st_annes, _numbered(f"N{number}"))
    bundle = st_annes.get("/fhir/R4/Condition?_count=1").json or {}
    following = next(link["url"] for link in bundle["link"] if link["relation"] == "next")
    cursor = parse_qs(urlsplit(following).query)["_cursor"][0]

    assert st_annes.get(f"/fhir/R4/Condition?_cursor={cursor}").status_code == 200
    assert northside.get(f"/fhir/R4/Condition?_cursor={cursor}").status_code == 400
    assert st_annes.get(f"/fhir/R4/Goal?_cursor={cursor}").status_code == 400
    assert st_annes.get(f"/fhir/R4/Condition?identifier=N1&_cursor={cursor}").status_code == 400
    assert st_annes.get(f"/fhir/R4/Condition?_cursor={cursor[:-2]}AA").status_code == 400
    assert st_annes.get("/fhir/R4/Condition?_cursor=%C3%A9").status_code == 400


def test_a_count_of_nothing_tells_how_many_there_are(st_annes: FlaskClient, northside: FlaskClient) -> None:
    for number in range(3):
        _make(st_annes, _numbered(f"N{number}"))

    for search in ("_count=0", "_summary=count"):
        bundle = st_annes.get(f"/fhir/R4/Condition?{search}").json or {}
        assert bundle["total"] == 3
        assert "entry" not in bundle
    assert (northside.get("/fhir/R4/Condition?_summary=count").json or {})["total"] == 0
    assert st_annes.get("/fhir/R4/Condition?_count=-1").status_code == 400


def test_a_parameter_that_is_not_served_is_named(st_annes: FlaskClient) -> None:
    id = _make(st_annes, condition())

    lenient = st_annes.get("/fhir/R4/Condition?name=Jones&identifier=A1")
    strict = st_annes.get(
        "/fhir/R4/Condition?name=Jones&birthdate=1950", headers={"Prefer": "handling=strict"}
    )

    entries = (lenient.json or {})["entry"]
    assert [entry["search"]["mode"] for entry in entries] == ["match", "outcome"]
    assert entries[0]["resource"]["id"] == id
    assert entries[1]["resource"]["issue"][0]["details"]["text"].startswith(
        "name is not served for Condition"
    )
    assert "name=" not in (lenient.json or {})["link"][0]["url"]
    assert strict.status_code == 400
    issues = (strict.json or {})["issue"]
    assert [issue["details"]["text"].split()[0] for issue in issues] == ["name", "birthdate"]
    assert "Jones" not in lenient.text + strict.text


@pytest.mark.parametrize(
    "search",
    ["identifier:above=A1", "identifier:missing=maybe", "subject:Device=1", "status:=active", "patient="],
)
def test_a_modifier_or_an_empty_value_is_never_ignored(st_annes: FlaskClient, search: str) -> None:
    assert st_annes.get(f"/fhir/R4/CarePlan?{search}").status_code == 400


@pytest.mark.parametrize(
    "search",
    ["_include=Task:owner", "_has:Goal:patient:lifecycle-status=x", "patient.name=A1", "_filter=x", "name=J"],
)
def test_an_agency_is_refused_whatever_is_not_served(knock: Knock, search: str) -> None:
    answer = knock("agency:elm-trust").get(f"/fhir/R4/Condition?{search}")

    assert answer.status_code == 400
    assert (answer.json or {})["issue"][0]["code"] == "not-supported"


def test_an_agency_without_grants_finds_nothing(knock: Knock, st_annes: FlaskClient) -> None:
    id = _make(st_annes, condition())
    agency = knock("agency:elm-trust")

    assert _found(agency, "Condition") == []
    assert agency.get(f"/fhir/R4/Condition/{id}").status_code == 404


def test_a_search_by_form_keeps_values_out_of_the_address(st_annes: FlaskClient) -> None:
    id = _make(st_annes, condition())

    answer = st_annes.post("/fhir/R4/Condition/_search", data={"identifier": f"{NUMBERS}|A1"})
    as_json = st_annes.post("/fhir/R4/Condition/_search", json={"identifier": "A1"})

    assert [entry["resource"]["id"] for entry in (answer.json or {})["entry"]] == [id]
    assert as_json.status_code == 415


def test_a_search_names_in_the_audit_what_it_showed(st_annes: FlaskClient, trail: Trail) -> None:
    ids = [_make(st_annes, _numbered(f"N{number}")) for number in range(2)]

    st_annes.get("/fhir/R4/Condition")

    assert trail()[-1] == (
        "search Condition", "ehr-st-annes", "success", "", [f"Condition/{id}" for id in ids],
    )  # fmt: skip


def test_a_person_expands_to_the_patients_linked_to_it(
    st_annes: FlaskClient, northside: FlaskClient, coordinator: FlaskClient
) -> None:
    hers, also_hers = _make(st_annes, patient()), _make(northside, patient())
    plan = {"resourceType": "CarePlan", "status": "active", "intent": "plan"}
    plans = [
        _make(client, plan | {"subject": {"reference": f"Patient/{id}"}})
        for client, id in ((st_annes, hers), (northside, also_hers))
    ]
    [person] = set(_found(coordinator, f"Patient?identifier={NHS}|")) - {hers, also_hers}

    assert _found(coordinator, f"CarePlan?patient={person}") == plans
    assert _found(coordinator, f"CarePlan?patient={hers}") == plans[:1]
    assert _found(northside, "CarePlan?status=active") == plans
