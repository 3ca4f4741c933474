"""`_summary`, `_elements` and `_pretty`, wherever resources are read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.unit.web.conftest import Trail, condition, patient

BODY = (
    b'{"resourceType":"Observation","status":"final","code":{"text":"weight"},'
    b'"valueQuantity":{"unit":"kg","value":70.50},"note":[{"text":"after lunch"}],'
    b'"text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\">seventy</div>"}}'
)
TAG = "SUBSETTED"


@pytest.fixture
def url(st_annes: FlaskClient) -> str:
    """An Observation of St Anne's."""
    made = st_annes.post("/fhir/R4/Observation", data=BODY, content_type="application/fhir+json")
    return f"/fhir/R4/Observation/{(made.json or {})['id']}"


def shown(client: FlaskClient, url: str, said: str) -> dict[str, Any]:
    """The one resource that an address shows, by itself or in a Bundle."""
    answer = client.get(f"{url}?{said}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = json.loads(answer.data, parse_float=str)
    return dict(body["entry"][0]["resource"]) if "entry" in body else body


def test_every_way_to_read_shows_the_part_that_was_asked_for(st_annes: FlaskClient, url: str) -> None:
    addresses = [
        url,
        f"{url}/_history/1",
        f"{url}/_history",
        "/fhir/R4/Observation",
        "/fhir/R4/Observation/_history",
        "/fhir/R4/_history",
    ]
    mandatory = {"resourceType", "id", "meta", "status", "code"}

    for address in addresses:
        assert shown(st_annes, address, "_elements=value").keys() == mandatory | {"valueQuantity"}, address
        assert shown(st_annes, address, "_summary=text").keys() == mandatory | {"text"}, address
        assert shown(st_annes, address, "_summary=true").keys() == mandatory | {"valueQuantity"}, address
        assert shown(st_annes, address, "_summary=data").keys() == mandatory | {"valueQuantity", "note"}
        part = shown(st_annes, address, "_elements=value")
        assert part["valueQuantity"]["value"] == "70.50"
        assert [tag["code"] for tag in part["meta"]["tag"]] == [TAG]
        assert TAG not in str(shown(st_annes, address, "_summary=false"))


def test_a_part_has_the_etag_of_the_whole_and_leaves_it_alone(st_annes: FlaskClient, url: str) -> None:
    whole, part = st_annes.get(url), st_annes.get(f"{url}?_elements=status")

    assert part.headers["ETag"] == whole.headers["ETag"]
    assert st_annes.get(f"{url}?_elements=status", headers={"If-None-Match": 'W/"1"'}).status_code == 304
    assert st_annes.get(url).data == whole.data


def test_pages_go_on_with_the_same_part(st_annes: FlaskClient) -> None:
    for _ in range(3):
        st_annes.post("/fhir/R4/Condition", json=condition(onsetString="spring"))

    for address in ("/fhir/R4/Condition", "/fhir/R4/Condition/_history"):
        url: str | None = f"{address}?_elements=identifier&_count=2"
        seen = 0
        while url:
            page = st_annes.get(url).json or {}
            seen += len(page["entry"])
            assert "onsetString" not in str(page)
            links = {link["relation"]: link["url"] for link in page["link"]}
            assert (
                url != f"{address}?_elements=identifier&_count=2" or "_elements=identifier" in links["self"]
            )
            url = links.get("next")
        assert seen == 3


def test_what_is_included_is_shown_in_part_too(st_annes: FlaskClient) -> None:
    hers = (st_annes.post("/fhir/R4/Patient", json=patient(birthDate="1930")).json or {})["id"]
    st_annes.post("/fhir/R4/Condition", json=condition(subject={"reference": f"Patient/{hers}"}))

    found = st_annes.get("/fhir/R4/Condition?_include=Condition:subject&_elements=subject").json or {}

    assert [entry["search"]["mode"] for entry in found["entry"]] == ["match", "include"]
    assert all(TAG in str(entry["resource"]["meta"]) for entry in found["entry"])
    assert "birthDate" not in str(found)


def test_a_count_is_of_a_search_only(st_annes: FlaskClient, url: str) -> None:
    counted = st_annes.get("/fhir/R4/Observation?_summary=count").json or {}

    assert (counted["total"], "entry" in counted) == (1, False)
    for address in (url, f"{url}/_history/1", f"{url}/_history", "/fhir/R4/Observation/_history"):
        assert st_annes.get(f"{address}?_summary=count").status_code == 400, address
        assert st_annes.get(f"{address}?_summary=all").status_code == 400, address
        assert st_annes.get(f"{address}?_elements=status&_summary=true").status_code == 400, address


def test_pretty_changes_nothing_but_the_layout(st_annes: FlaskClient, url: str, trail: Trail) -> None:
    plain, pretty = st_annes.get(url), st_annes.get(f"{url}?_pretty=true")

    assert pretty.data.count(b"\n") > 10
    assert b'"value": 70.50' in pretty.data
    assert json.loads(pretty.data, parse_float=str) == json.loads(plain.data, parse_float=str)
    assert list(json.loads(pretty.data)) == list(json.loads(plain.data))
    assert st_annes.get(f"{url}?_pretty=false").data == plain.data
    assert b"\n" in st_annes.get("/fhir/R4/Observation?_pretty=true").data
    assert b"\n" in st_annes.get("/fhir/R4/Observation/none?_pretty=true").data
    assert st_annes.get(f"{url}?_pretty=nicely").status_code == 400
