"""Batches over the FHIR API: each entry by itself, and none hurt by another."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from tests.unit.web.conftest import PUBLIC_URL, Trail, condition, patient
from tests.unit.web.fhir_api.bundles import BASE, done, entry, post, statuses


def test_a_failing_entry_hurts_no_other(st_annes: FlaskClient, trail: Trail) -> None:
    answer = post(
        st_annes,
        "batch",
        entry("POST", "Condition", condition()),
        entry("POST", "Condition", {"resourceType": "Condition"}),
        entry("GET", "Condition/00000000-0000-4000-8000-000000000000"),
        "no entry",  # type: ignore[arg-type]
        entry("GET", "Condition/1#x"),
        entry("PUT", "Condition/1", condition(id="1")),
        entry("POST", "Condition", condition(onsetString="spring")),
    )

    assert (answer.json or {})["type"] == "batch-response"
    assert statuses(answer) == ["201", "422", "404", "422", "400", "405", "201"]
    outcomes = [it["response"]["outcome"]["issue"][0] for it in done(answer)[1:6]]
    assert [it["expression"][0] for it in outcomes] == [
        "Bundle.entry[1].resource.subject",
        "Bundle.entry[2]",
        "Bundle.entry[3]",
        "Bundle.entry[4].request.url",
        "Bundle.entry[5]",
    ]
    assert (st_annes.get(f"{BASE}/Condition").json or {})["total"] == 2
    refused = [row for row in trail() if row[2] != "success"]
    assert ("read Condition", "ehr-st-annes", "denied", "not-found") in [row[:4] for row in refused]
    assert len(refused) == 5


def test_each_entry_is_answered_as_alone(st_annes: FlaskClient) -> None:
    her = (st_annes.post(f"{BASE}/Patient", json=patient()).json or {})["id"]
    about = condition(subject={"reference": f"Patient/{her}"})
    st_annes.post(f"{BASE}/Condition", json=about)

    answer = post(
        st_annes,
        "batch",
        entry("GET", f"Patient/{her}"),
        entry("GET", f"{PUBLIC_URL}/fhir/R4/Patient/{her}/_history/1"),
        entry("GET", f"Patient/{her}/Condition"),
        entry("GET", "Condition?identifier=urn:example:number%7CA1&_count=1"),
        entry("GET", "?_type=Patient,Condition"),
        entry("GET", "Condition?frob=1"),
        entry("GET", f"Patient/{her}", ifNoneMatch='W/"1"'),
        entry("GET", "metadata"),
        entry("GET", f"Patient/{her}?name=x"),
        entry("PUT", f"Patient/{her}?frob=x", patient(id=her)),
        entry("GET", f"Patient/{her}?_format=json"),
        entry("GET", f"Patient/{her}/_history"),
        entry("GET", "Condition/_history?_count=1"),
        entry("GET", "_history"),
        entry("GET", "_history?_count=1&_count=2"),
    )

    assert statuses(answer) == ["200"] * 6 + ["304", "200", "400", "400"] + ["200"] * 4 + ["400"]
    entries = done(answer)
    alone = st_annes.get(f"{BASE}/Patient/{her}").json
    assert entries[0]["resource"] == alone
    assert entries[1]["resource"] == alone
    assert [it["resource"]["total"] for it in entries[2:4]] == [1, 1]
    assert {it["resource"]["resourceType"] for it in entries[4]["resource"]["entry"]} == {
        "Patient",
        "Condition",
    }
    assert "resource" not in entries[6]
    assert [it["resource"]["type"] for it in entries[11:14]] == ["history"] * 3
    assert entries[11]["resource"] == st_annes.get(f"{BASE}/Patient/{her}/_history").json
    assert entries[7]["resource"]["resourceType"] == "CapabilityStatement"


def test_strictness_is_asked_for_once_for_all_searches(st_annes: FlaskClient) -> None:
    search = entry("GET", "Condition?frob=1")

    assert statuses(post(st_annes, "batch", search)) == ["200"]
    assert statuses(post(st_annes, "batch", search, Prefer="handling=strict")) == ["400"]


def test_entries_share_nothing(st_annes: FlaskClient) -> None:
    """What a batch creates is not what its other entries refer to."""
    one = "urn:uuid:0f0f0f0f-0000-4000-8000-000000000000"
    basic: dict[str, Any] = {"resourceType": "Basic", "code": {"text": "b"}, "subject": {"reference": one}}

    answer = post(
        st_annes,
        "batch",
        entry("POST", "Patient", patient(), full_url=one),
        entry("POST", "Basic", basic),
        entry("POST", "Condition", condition(), ifNoneExist="identifier=urn:example:number|A1"),
        entry("POST", "Condition", condition(), ifNoneExist="identifier=urn:example:number|A1"),
    )

    assert statuses(answer) == ["201", "201", "201", "200"]
    assert done(answer)[1]["resource"]["subject"]["reference"] == one
