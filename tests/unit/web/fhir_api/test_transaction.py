"""Transactions over the FHIR API: all or nothing, in R4's order, their links leading where they should."""

from __future__ import annotations

import json
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.acts import bundle_steps
from gateway.store.database import Database
from tests.unit.web.conftest import NHS_NUMBER, PUBLIC_URL, Trail, condition, patient
from tests.unit.web.fhir_api.bundles import BASE, done, entry, everything, post, statuses, urn

OURS = f"{PUBLIC_URL}/fhir/R4"
NUMBER = "identifier=urn:example:number|A1"


def observation(subject: str, **elements: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "steps"},
        "subject": {"reference": subject},
        **elements,
    }


def numbered(value: str, **elements: Any) -> dict[str, Any]:
    return condition(identifier=[{"system": "urn:example:number", "value": value}], **elements)


def basic(subject: str) -> dict[str, Any]:
    return {"resourceType": "Basic", "code": {"text": "b"}, "subject": {"reference": subject}}


def made(client: FlaskClient, resource: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"{BASE}/{resource['resourceType']}", json=resource)
    assert answer.status_code == 201, answer.text
    kept: dict[str, Any] = answer.json or {}
    return kept


def issue_of(answer: Any) -> dict[str, Any]:
    issue: dict[str, Any] = (answer.json or {})["issue"][0]
    return issue


def test_what_is_created_together_refers_to_each_other(st_annes: FlaskClient, trail: Trail) -> None:
    her, seen = urn(), urn()
    answer = post(
        st_annes,
        "transaction",
        entry("POST", "Observation", observation(her, focus=[{"reference": seen}]), full_url=urn()),
        entry("POST", "Patient", patient(), full_url=her),
        entry("POST", "Observation", observation(her), full_url=seen),
    )

    first, second, third = done(answer)
    assert (answer.json or {})["type"] == "transaction-response"
    assert statuses(answer) == ["201"] * 3
    assert second["resource"]["resourceType"] == "Patient"
    new = f"Patient/{second['resource']['id']}"
    assert first["resource"]["subject"] == {"reference": new}
    assert first["resource"]["focus"] == [{"reference": f"Observation/{third['resource']['id']}"}]
    assert second["response"]["location"] == f"{OURS}/{new}/_history/1"
    assert second["response"]["etag"] == 'W/"1"'
    assert second["response"]["lastModified"] == second["resource"]["meta"]["lastUpdated"]
    assert second["fullUrl"] == f"{OURS}/{new}"
    assert ("create Patient", "ehr-st-annes", "success", "", [new]) in trail()
    found = st_annes.get(f"{BASE}/Observation?subject={new}").json or {}
    assert found["total"] == 2


def test_a_circle_of_references_is_no_hindrance(st_annes: FlaskClient) -> None:
    one, other = urn(), urn()
    part = {"resourceType": "Organization", "name": "one", "partOf": {"reference": other}}
    whole = {"resourceType": "Organization", "name": "other", "partOf": {"reference": one}}

    first, second = done(
        post(
            st_annes,
            "transaction",
            entry("POST", "Organization", part, full_url=one),
            entry("POST", "Organization", whole, full_url=other),
        )
    )

    assert first["resource"]["partOf"]["reference"] == f"Organization/{second['resource']['id']}"
    assert second["resource"]["partOf"]["reference"] == f"Organization/{first['resource']['id']}"


def test_it_is_carried_out_in_the_order_of_r4_and_answered_in_its_own(st_annes: FlaskClient) -> None:
    gone, kept = made(st_annes, numbered("A1")), made(st_annes, numbered("A2"))

    answer = post(
        st_annes,
        "transaction",
        entry("GET", "Condition?identifier=urn:example:number|"),
        entry("GET", f"Condition/{kept['id']}"),
        entry("PUT", f"Condition/{kept['id']}", {**kept, "onsetString": "spring"}),
        entry("POST", "Condition", numbered("A1"), ifNoneExist=NUMBER),
        entry("DELETE", f"Condition/{gone['id']}"),
    )

    found, read, updated, created, deleted = done(answer)
    assert statuses(answer) == ["200", "200", "200", "201", "204"]
    assert read["resource"]["onsetString"] == "spring"
    assert updated["resource"]["meta"]["versionId"] == "2"
    assert found["resource"]["type"] == "searchset"
    assert {it["resource"]["id"] for it in found["resource"]["entry"]} == {
        kept["id"],
        created["resource"]["id"],
    }
    assert deleted["response"]["etag"] == 'W/"2"'
    assert "resource" not in deleted


def test_a_failure_at_the_last_entry_leaves_nothing(
    st_annes: FlaskClient, database: Database, trail: Trail
) -> None:
    held = made(st_annes, numbered("A1"))
    before, rows = everything(database), len(trail())
    her = urn()

    answer = post(
        st_annes,
        "transaction",
        entry("POST", "Patient", patient(), full_url=her),
        entry("PUT", f"Condition/{held['id']}", {**held, "onsetString": "spring"}),
        entry("POST", "Observation", observation(her)),
        entry("POST", "Observation", observation(her, status="sure")),
        entry("POST", "Observation", {"resourceType": "Observation", "status": "final"}),
    )

    assert answer.status_code == 422
    assert issue_of(answer)["expression"] == ["Bundle.entry[4].resource.code"]
    assert everything(database) == before
    assert [row[:3] for row in trail()[rows:]] == [("transaction", "ehr-st-annes", "failed")]


def test_links_are_changed_wherever_r4_says_that_they_stand(st_annes: FlaskClient) -> None:
    her, elsewhere = urn(), "https://elsewhere.example/fhir/Patient/1"
    note = "http://example.org/note"
    resource = observation(
        her,
        performer=[{"reference": elsewhere}],
        text={
            "status": "additional",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{her}">her</a>'
            f'<img src=\'{her}\' alt="{her}"/><a href="{elsewhere}">him</a></div>',
        },
        contained=[
            {"resourceType": "Basic", "id": "b", "code": {"text": "b"}, "subject": {"reference": her}}
        ],
        extension=[
            {"url": note, "valueUri": her},
            {"url": note, "valueUrl": f"{her}#part"},
            {"url": note, "valueUuid": her},
            {"url": note, "valueCanonical": her},
            {"url": note, "valueString": her},
            {"url": note, "extension": [{"url": "deep", "valueReference": {"reference": her}}]},
        ],
        derivedFrom=[{"reference": "#b"}],
        _status={"extension": [{"url": note, "valueUri": her}]},
        identifier=[{"system": "urn:ietf:rfc:3986", "value": her}],
    )

    first, second = done(
        post(
            st_annes,
            "transaction",
            entry("POST", "Observation", resource, full_url=urn()),
            entry("POST", "Patient", patient(), full_url=her),
        )
    )

    new, kept = f"Patient/{second['resource']['id']}", first["resource"]
    assert kept["subject"]["reference"] == new
    assert kept["performer"][0]["reference"] == elsewhere
    assert (
        f'<a href="{new}">her</a><img src="{new}" alt="{her}"/><a href="{elsewhere}">' in kept["text"]["div"]
    )
    assert kept["contained"][0]["subject"]["reference"] == new
    values = [{name: it for name, it in held.items() if name != "url"} for held in kept["extension"]]
    assert values == [
        {"valueUri": new},
        {"valueUrl": f"{new}#part"},
        {"valueUuid": f"urn:uuid:{second['resource']['id']}"},
        {"valueCanonical": her},
        {"valueString": her},
        {"extension": [{"url": "deep", "valueReference": {"reference": new}}]},
    ]
    assert kept["_status"]["extension"][0]["valueUri"] == new
    assert kept["identifier"][0]["value"] == her


@pytest.mark.parametrize("base", ["https://his.example/fhir", OURS])
def test_relative_references_are_those_of_the_server_that_the_full_url_names(
    st_annes: FlaskClient, base: str
) -> None:
    first, second = done(
        post(
            st_annes,
            "transaction",
            entry("POST", "Observation", observation("Patient/17"), full_url=f"{base}/Observation/1"),
            entry("POST", "Patient", patient(), full_url=f"{base}/Patient/17"),
        )
    )
    assert first["resource"]["subject"]["reference"] == f"Patient/{second['resource']['id']}"


def test_a_relative_reference_is_not_that_of_another_server(st_annes: FlaskClient) -> None:
    first, _ = done(
        post(
            st_annes,
            "transaction",
            entry("POST", "Observation", observation("Patient/17"), full_url=urn()),
            entry("POST", "Patient", patient(), full_url="https://his.example/fhir/Patient/17"),
        )
    )
    assert first["resource"]["subject"]["reference"] == "Patient/17"


def test_a_link_to_a_version_becomes_one_to_the_version_that_is_written(st_annes: FlaskClient) -> None:
    held = made(st_annes, patient())
    her = "https://his.example/fhir/Patient/17"

    first, second, *_ = done(
        post(
            st_annes,
            "transaction",
            entry("POST", "Observation", observation(f"{her}/_history/9")),
            entry("POST", "Observation", observation(f"Patient/{held['id']}/_history/1")),
            entry("POST", "Patient", {"resourceType": "Patient"}, full_url=her),
            entry("PUT", f"Patient/{held['id']}", {**held, "active": True}),
        )
    )

    assert first["resource"]["subject"]["reference"].endswith("/_history/1")
    assert second["resource"]["subject"]["reference"] == f"Patient/{held['id']}/_history/2"


def test_a_link_to_an_entry_that_is_not_there_is_refused(st_annes: FlaskClient) -> None:
    answer = post(st_annes, "transaction", entry("POST", "Observation", observation(urn())))
    unserved = post(st_annes, "transaction", entry("POST", "Basic", basic("Claim?identifier=a|b")))

    assert [answer.status_code, unserved.status_code] == [400, 404]
    assert issue_of(answer)["expression"] == ["Bundle.entry[0].resource.subject"]


@pytest.mark.parametrize("base", ["", f"{OURS}/"])
def test_a_conditional_reference_is_the_one_that_fits(
    st_annes: FlaskClient, northside: FlaskClient, base: str
) -> None:
    made(northside, patient())
    held = made(st_annes, patient())

    [first] = done(
        post(
            st_annes,
            "transaction",
            entry("POST", "Observation", observation(f"{base}Patient?identifier={NHS_NUMBER}|9990000018")),
        )
    )

    assert first["resource"]["subject"]["reference"] == f"Patient/{held['id']}"


def test_a_conditional_reference_finds_what_the_transaction_brings(st_annes: FlaskClient) -> None:
    gone = made(st_annes, patient())
    number = f"identifier={NHS_NUMBER}|9990000018"

    _, first, second = done(
        post(
            st_annes,
            "transaction",
            entry("DELETE", f"Patient/{gone['id']}"),
            entry("POST", "Observation", observation(f"Patient?{number}")),
            entry("POST", "Patient", patient(), ifNoneExist=number),
        )
    )

    assert first["resource"]["subject"]["reference"] == f"Patient/{second['resource']['id']}"


def test_a_conditional_reference_that_fits_none_or_several_fails(st_annes: FlaskClient) -> None:
    reference = f"Patient?identifier={NHS_NUMBER}|9990000018"
    wanting = entry("POST", "Observation", observation(reference))

    none = post(st_annes, "transaction", wanting)
    several = post(
        st_annes,
        "transaction",
        *(entry("POST", "Patient", patient(), full_url=urn()) for _ in range(2)),
        wanting,
    )
    all_of_them = post(st_annes, "transaction", entry("POST", "Observation", observation("Patient?")))

    assert [none.status_code, several.status_code] == [412, 412]
    assert issue_of(none)["expression"] == ["Bundle.entry[0].resource.subject"]
    assert issue_of(several)["expression"] == ["Bundle.entry[2].resource.subject"]
    assert all_of_them.status_code == 412


def test_a_conditional_reference_never_tells_of_what_is_hidden(
    st_annes: FlaskClient, northside: FlaskClient
) -> None:
    made(northside, condition())
    assert (
        post(st_annes, "transaction", entry("POST", "Basic", basic(f"Condition?{NUMBER}"))).status_code == 412
    )


def test_a_conditional_create_that_fits_is_referred_to(st_annes: FlaskClient) -> None:
    her, held = urn(), made(st_annes, patient())

    answer = post(
        st_annes,
        "transaction",
        entry("POST", "Patient", patient(), full_url=her, ifNoneExist=f"identifier={NHS_NUMBER}|9990000018"),
        entry("POST", "Observation", observation(her)),
    )

    assert statuses(answer) == ["200", "201"]
    assert done(answer)[1]["resource"]["subject"]["reference"] == f"Patient/{held['id']}"


def test_one_resource_twice_is_refused(st_annes: FlaskClient, database: Database) -> None:
    held = made(st_annes, numbered("A1"))
    put = entry("PUT", f"Condition/{held['id']}", held)
    delete = entry("DELETE", f"Condition/{held['id']}")
    fitting = entry("POST", "Condition", numbered("A1"), ifNoneExist=NUMBER)
    new = entry("POST", "Condition", numbered("B"), ifNoneExist="identifier=urn:example:number|B")
    before = everything(database)

    for pair in ([put, put], [put, delete], [put, fitting], [fitting, fitting], [new, new]):
        answer = post(st_annes, "transaction", *pair)
        assert answer.status_code == 400, pair
        assert issue_of(answer)["expression"] in (["Bundle.entry[0]"], ["Bundle.entry[1]"])

    assert everything(database) == before


def test_two_entries_of_one_full_url_are_refused(st_annes: FlaskClient) -> None:
    one = urn()
    answer = post(
        st_annes, "transaction", *(entry("POST", "Condition", condition(), full_url=one) for _ in range(2))
    )

    assert answer.status_code == 400
    assert issue_of(answer)["expression"] == ["Bundle.entry[1].fullUrl"]


def test_its_conditions_are_those_of_http(st_annes: FlaskClient) -> None:
    held = made(st_annes, numbered("A1"))
    url = f"Condition/{held['id']}"
    stale = post(st_annes, "transaction", entry("PUT", url, held, ifMatch='W/"7"'))
    fresh = post(st_annes, "transaction", entry("PUT", url, held, ifMatch='W/"1"'))
    known = post(
        st_annes,
        "transaction",
        entry("GET", url, ifNoneMatch='W/"2"'),
        entry("GET", url, ifModifiedSince="2999-01-01T00:00:00Z"),
        entry("GET", url, ifModifiedSince="1999-01-01T00:00:00.5+02:00"),
        entry("GET", f"{url}/_history/1"),
        entry("HEAD", url),
    )
    odd = post(st_annes, "transaction", entry("GET", url, ifModifiedSince="yesterday"))
    misplaced = post(st_annes, "transaction", entry("DELETE", url, ifNoneExist=NUMBER))

    assert [stale.status_code, fresh.status_code] == [412, 200]
    assert issue_of(stale)["expression"] == ["Bundle.entry[0]"]
    assert statuses(known) == ["304", "304", "200", "200", "200"]
    assert [("resource" in it) for it in done(known)] == [False, False, True, True, False]
    assert [odd.status_code, misplaced.status_code] == [422, 400]
    assert issue_of(odd)["expression"] == ["Bundle.entry[0].request.ifModifiedSince"]
    assert issue_of(misplaced)["expression"] == ["Bundle.entry[0].request.ifNoneExist"]


def test_the_client_chooses_how_much_comes_back(st_annes: FlaskClient) -> None:
    one = entry("POST", "Condition", condition())

    [minimal] = done(post(st_annes, "transaction", one, Prefer="return=minimal"))
    [outcome] = done(post(st_annes, "transaction", one, Prefer="return=OperationOutcome"))

    assert "resource" not in minimal
    assert minimal["response"]["location"]
    assert "resource" not in outcome
    assert outcome["response"]["outcome"]["resourceType"] == "OperationOutcome"


def asking(method: str, url: str, **beside: Any) -> dict[str, Any]:
    return {"request": {"method": method, "url": url}, **beside}


BROKEN: list[tuple[Any, str]] = [
    ("text", ""),
    ({}, ""),
    ({"request": []}, ".request"),
    ({"request": {"url": "Patient"}}, ".request.method"),
    ({"request": {"method": "GET"}}, ".request.url"),
    (asking("FROB", "Patient"), ".request.method"),
    (asking("POST", "Condition"), ".resource"),
    (asking("POST", "Patient", resource=condition()), ".resource"),
    (asking("POST", "Condition", resource=7), ".resource"),
    (asking("GET", "https://elsewhere.example/fhir/Patient/1"), ".request.url"),
    (asking("GET", f"{OURS}elsewhere/Patient/1"), ".request.url"),
    (asking("GET", "//elsewhere.example/Patient/1"), ".request.url"),
    (asking("GET", "Patient/1#name"), ".request.url"),
    (asking("GET", "Patient/%zz"), ".request.url"),
    (asking("GET", "../metadata"), ".request.url"),
    (asking("POST", "Patient/1/x/y/z"), ".request.url"),
    (asking("POST", "", resource={"resourceType": "Bundle", "type": "batch"}), ".request.url"),
    (asking("GET", "Patient", frob=1), ".frob"),
    (asking("GET", "Patient", response={"status": "200"}), ".response"),
]


def test_an_entry_that_asks_for_nothing_is_named(st_annes: FlaskClient) -> None:
    for broken, place in BROKEN:
        answer = post(st_annes, "transaction", entry("POST", "Condition", condition()), broken)
        named = [it["expression"][0] for it in (answer.json or {})["issue"]]

        assert answer.status_code in (400, 422), broken
        assert f"Bundle.entry[1]{place}" in named, broken

    assert (st_annes.get(f"{BASE}/Condition").json or {})["total"] == 0


def test_all_entries_at_fault_are_named_at_once(st_annes: FlaskClient) -> None:
    answer = post(st_annes, "transaction", *(entry("GET", "Patient/1#x") for _ in range(3)))

    assert [it["expression"] for it in (answer.json or {})["issue"]] == [
        [f"Bundle.entry[{n}].request.url"] for n in range(3)
    ]


def test_only_a_bundle_that_asks_for_something_is_posted_to_the_base(st_annes: FlaskClient) -> None:
    assert st_annes.post(BASE, json=condition()).status_code == 400
    assert post(st_annes, "collection").status_code == 400
    assert post(st_annes, "transaction").status_code == 200
    assert st_annes.post(f"{BASE}/", json={"resourceType": "Bundle", "type": "batch"}).status_code == 200
    many = post(st_annes, "transaction", *(entry("GET", "Patient/1") for _ in range(501)))
    assert many.status_code == 413
    assert issue_of(many)["code"] == "too-long"


def test_an_actor_may_nothing_more_in_a_bundle(
    st_annes: FlaskClient, northside: FlaskClient, coordinator: FlaskClient, knock: Any
) -> None:
    held = made(st_annes, condition())
    url = f"Condition/{held['id']}"

    assert post(northside, "transaction", entry("GET", url)).status_code == 404
    put = post(northside, "transaction", entry("PUT", url, held))
    assert put.status_code == 400  # as 405 alone: it would be one of the base
    assert issue_of(put)["code"] == "not-supported"
    hidden, missing = (post(northside, "transaction", entry("DELETE", it)) for it in (url, "Condition/1"))
    assert (hidden.status_code, hidden.json) == (200, missing.json)  # as alone: nothing was there to delete
    assert st_annes.get(f"{BASE}/{url}").status_code == 200
    assert post(coordinator, "transaction", entry("DELETE", "AuditEvent/1")).status_code == 403
    assert post(knock("admin"), "transaction").status_code == 403
    assert post(st_annes, "transaction", entry("GET", "Elephant")).status_code == 404


def test_opposite_orders_do_not_end_in_each_others_way(app: Flask, st_annes: FlaskClient) -> None:
    held = [made(st_annes, numbered(str(n))) for n in range(4)]
    key = st_annes.environ_base

    def write(n: int) -> list[int]:
        client = app.test_client()
        client.environ_base |= key
        order = held if n % 2 else held[::-1]
        entries = [entry("PUT", f"Condition/{it['id']}", {**it, "onsetString": str(n)}) for it in order]
        entries += [
            entry(
                "POST",
                "Condition",
                numbered(f"new {at}"),
                ifNoneExist=f"identifier=urn:example:number|new {at}",
            )
            for at in (range(3) if n % 2 else range(2, -1, -1))
        ]
        # Persons are found by these numbers, which links them one by one.
        numbers = ("9990000018", "9990000026", "9990000034")
        persons = [{"identifier": [{"system": NHS_NUMBER, "value": value}]} for value in numbers]
        entries += [
            entry("POST", "Patient", patient(**it)) for it in (persons if n % 2 else reversed(persons))
        ]
        return [post(client, "transaction", *entries).status_code for _ in range(3)]

    with ThreadPoolExecutor(4) as pool:
        came_of = [status for many in pool.map(write, range(4)) for status in many]

    assert set(came_of) == {200}
    assert (st_annes.get(f"{BASE}/Condition").json or {})["total"] == 7
    assert (st_annes.get(f"{BASE}/Condition/{held[0]['id']}").json or {})["meta"]["versionId"] == "13"


def test_patches_are_entries_too(st_annes: FlaskClient) -> None:
    one, other, her = made(st_annes, numbered("1")), made(st_annes, numbered("2")), urn()
    json_patch = json.dumps([{"op": "add", "path": "/onsetString", "value": "spring"}]).encode()
    binary = {
        "resourceType": "Binary",
        "contentType": "application/json-patch+json",
        "data": b64encode(json_patch).decode(),
    }
    parts = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": "Condition.subject"},
        {"name": "value", "valueReference": {"reference": her}},
    ]
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}

    answer = post(
        st_annes,
        "transaction",
        entry("PATCH", f"Condition/{one['id']}", binary, ifMatch='W/"1"'),
        entry("PATCH", f"Condition/{other['id']}", parameters),
        entry("POST", "Patient", patient(), full_url=her),
    )

    assert statuses(answer) == ["200", "200", "201"]
    first, second, third = done(answer)
    assert first["resource"]["onsetString"] == "spring"
    assert second["resource"]["subject"]["reference"] == f"Patient/{third['resource']['id']}"
    odd = post(
        st_annes, "transaction", entry("PATCH", f"Condition/{one['id']}", {**binary, "data": "no base64"})
    )
    stale = post(st_annes, "transaction", entry("PATCH", f"Condition/{one['id']}", binary, ifMatch='W/"1"'))
    assert [odd.status_code, stale.status_code] == [400, 412]
    twice = [entry("PATCH", f"Condition/{one['id']}", binary), entry("DELETE", f"Condition/{one['id']}")]
    assert post(st_annes, "transaction", *twice).status_code == 400


def test_criteria_say_which_resource_an_entry_is_about(st_annes: FlaskClient) -> None:
    changed, gone, patched = (made(st_annes, numbered(value)) for value in ("A1", "A2", "A3"))
    her, new = urn(), urn()
    binary = {
        "resourceType": "Binary",
        "contentType": "application/json-patch+json",
        "data": b64encode(b'[{"op": "add", "path": "/onsetString", "value": "autumn"}]').decode(),
    }

    answer = post(
        st_annes,
        "transaction",
        entry("POST", "Basic", basic(her)),
        entry("POST", "Basic", basic(new)),
        entry("PUT", f"Condition?{NUMBER}", numbered("A1", onsetString="spring"), full_url=her),
        entry("PUT", "Condition?identifier=urn:example:number|A9", numbered("A9"), full_url=new),
        entry("DELETE", "Condition?identifier=urn:example:number|A2"),
        entry("DELETE", "Condition?identifier=urn:example:number|A7"),
        entry("PATCH", "Condition?identifier=urn:example:number|A3", binary),
    )

    assert statuses(answer) == ["201", "201", "200", "201", "204", "204", "200"], answer.text
    first, second, third, fourth, *_, last = done(answer)
    assert third["resource"]["id"] == changed["id"]
    assert first["resource"]["subject"]["reference"] == f"Condition/{changed['id']}"
    assert second["resource"]["subject"]["reference"] == f"Condition/{fourth['resource']['id']}"
    assert (last["resource"]["id"], last["resource"]["onsetString"]) == (patched["id"], "autumn")
    assert st_annes.get(f"{BASE}/Condition/{gone['id']}").status_code == 410


def test_criteria_can_mean_a_resource_twice_as_well(st_annes: FlaskClient, database: Database) -> None:
    held = made(st_annes, numbered("A1"))
    before = everything(database)
    by_criteria = entry("PUT", f"Condition?{NUMBER}", numbered("A1"))
    brought = entry("POST", "Condition", numbered("B"))

    for pair in (
        [by_criteria, entry("PUT", f"Condition/{held['id']}", held)],
        [by_criteria, by_criteria],
        [by_criteria, entry("DELETE", f"Condition?{NUMBER}")],
        [entry("POST", "Condition", numbered("A1"), ifNoneExist=NUMBER), by_criteria],
        [brought, entry("PUT", "Condition?identifier=urn:example:number|B", numbered("B"))],
    ):
        assert post(st_annes, "transaction", *pair).status_code == 400, pair
    for refused in (
        entry("DELETE", "Condition?"),
        entry("DELETE", "Condition"),
        entry("PUT", "Condition", held),
    ):
        assert post(st_annes, "transaction", refused).status_code == 412

    assert everything(database) == before


def test_the_answers_of_one_bundle_have_a_bound(
    st_annes: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle_steps, "MAX_ANSWER", 1_000)
    entries = [entry("POST", "Condition", condition()) for _ in range(9)]

    refused = post(st_annes, "transaction", *entries)
    batch = statuses(post(st_annes, "batch", *entries))

    assert (refused.status_code, issue_of(refused)["code"]) == (400, "too-costly")
    assert (batch[0], batch[-1]) == ("201", "400")
    assert (st_annes.get(f"{BASE}/Condition?_total=accurate").json or {})["total"] == batch.count("201")


def test_a_patient_of_any_shape_is_refused_in_words(st_annes: FlaskClient) -> None:
    for identifier in ("x", [7], [{"system": NHS_NUMBER, "value": "1", "period": 7}]):
        odd = {"resourceType": "Patient", "identifier": identifier}
        answer = post(st_annes, "transaction", entry("POST", "Patient", odd))

        assert answer.status_code == 422
        assert issue_of(answer)["expression"][0].startswith("Bundle.entry[0].resource.identifier")
