"""Reading and vreading a resource over the FHIR API."""

from __future__ import annotations

from uuid import uuid4

from flask.testing import FlaskClient

from tests.unit.web.conftest import PUBLIC_URL, Trail, condition


def _made(client: FlaskClient, **elements: object) -> str:
    return str(client.post("/fhir/R4/Condition", json=condition(**elements)).json["id"])  # type: ignore[index]


def test_a_resource_is_read_with_its_version_and_time(st_annes: FlaskClient) -> None:
    id = _made(st_annes)

    answer = st_annes.get(f"/fhir/R4/Condition/{id}")

    assert answer.status_code == 200
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.headers["Last-Modified"].endswith("GMT")
    assert answer.content_type == "application/fhir+json; fhirVersion=4.0"
    assert answer.json is not None
    assert answer.json["meta"]["versionId"] == "1"


def test_digits_and_time_texts_are_answered_as_they_came(st_annes: FlaskClient) -> None:
    body = (
        b'{"resourceType":"Observation","status":"final","code":{"text":"weight"},'
        b'"effectiveDateTime":"2026-01-01T10:00:00.10+02:00","valueQuantity":{"value":1.10}}'
    )
    made = st_annes.post("/fhir/R4/Observation", data=body, content_type="application/fhir+json")
    assert made.status_code == 201, made.text

    read = st_annes.get(made.headers["Location"].removeprefix(PUBLIC_URL)).data

    assert b'"value":1.10' in read
    assert b'"2026-01-01T10:00:00.10+02:00"' in read


def test_head_answers_the_headers_alone(st_annes: FlaskClient) -> None:
    answer = st_annes.head(f"/fhir/R4/Condition/{_made(st_annes)}")

    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (200, b"", 'W/"1"')


def test_a_version_the_client_has_already_is_not_sent_again(st_annes: FlaskClient) -> None:
    id = _made(st_annes)

    known = st_annes.get(f"/fhir/R4/Condition/{id}", headers={"If-None-Match": 'W/"1"'})
    other = st_annes.get(f"/fhir/R4/Condition/{id}", headers={"If-None-Match": 'W/"2"'})
    later = st_annes.get(
        f"/fhir/R4/Condition/{id}", headers={"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
    )

    assert [known.status_code, other.status_code, later.status_code] == [304, 200, 304]
    assert known.data == b""
    assert known.headers["ETag"] == 'W/"1"'


def test_the_moment_that_was_told_is_known_of_a_first_version_only(st_annes: FlaskClient) -> None:
    id = _made(st_annes)
    address = f"/fhir/R4/Condition/{id}"
    first = st_annes.get(address)
    told = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert st_annes.get(address, headers=told).status_code == 304
    assert st_annes.get(f"{address}/_history/1", headers=told).status_code == 304

    second = st_annes.put(address, json=first.json)
    assert second.status_code == 200
    told = {"If-Modified-Since": second.headers["Last-Modified"]}  # the first may be of that second too
    assert st_annes.get(address, headers=told).status_code == 200


def test_hidden_and_missing_are_answered_alike(st_annes: FlaskClient, northside: FlaskClient) -> None:
    hidden, missing = _made(st_annes), str(uuid4())
    request_id = {"X-Request-Id": str(uuid4())}

    answers = [northside.get(f"/fhir/R4/Condition/{id}", headers=request_id) for id in (hidden, missing)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text.replace(hidden, missing) == answers[1].text
    assert sorted(answers[0].headers.keys()) == sorted(answers[1].headers.keys())


def test_reads_and_refused_reads_are_audited(
    st_annes: FlaskClient, northside: FlaskClient, trail: Trail
) -> None:
    reference = f"Condition/{_made(st_annes)}"

    st_annes.get(f"/fhir/R4/{reference}")
    northside.get(f"/fhir/R4/{reference}")

    assert trail()[-2:] == [
        ("read Condition", "ehr-st-annes", "success", "", [reference]),
        ("read Condition", "ehr-northside", "denied", "not-found", [reference]),
    ]


def test_an_older_version_is_read_as_it_was(st_annes: FlaskClient) -> None:
    id = _made(st_annes, onsetString="spring")
    st_annes.put(f"/fhir/R4/Condition/{id}", json=condition(id=id, onsetString="autumn"))

    first = st_annes.get(f"/fhir/R4/Condition/{id}/_history/1")
    second = st_annes.get(f"/fhir/R4/Condition/{id}/_history/2")

    assert (first.json or {})["onsetString"] == "spring"
    assert (second.json or {})["onsetString"] == "autumn"
    assert [first.headers["ETag"], second.headers["ETag"]] == ['W/"1"', 'W/"2"']


def test_a_version_that_never_was_is_not_found(st_annes: FlaskClient) -> None:
    id = _made(st_annes)

    for version in ("2", "0", "x", "99999999999999999999", "1%20", "\u0661"):
        assert st_annes.get(f"/fhir/R4/Condition/{id}/_history/{version}").status_code == 404


def test_the_version_that_says_deleted_is_gone(st_annes: FlaskClient) -> None:
    id = _made(st_annes)
    st_annes.delete(f"/fhir/R4/Condition/{id}")

    assert st_annes.get(f"/fhir/R4/Condition/{id}/_history/2").status_code == 410
    assert st_annes.get(f"/fhir/R4/Condition/{id}/_history/1").status_code == 200


def test_a_type_that_is_not_served_is_named(st_annes: FlaskClient) -> None:
    answer = st_annes.get("/fhir/R4/Account/1")

    assert answer.status_code == 404
    assert answer.json is not None
    issue = answer.json["issue"][0]
    assert issue["code"] == "not-supported"
    assert issue["details"]["text"].startswith("Account is not served here")


def test_what_is_no_type_of_r4_is_not_repeated(st_annes: FlaskClient) -> None:
    answer = st_annes.get("/fhir/R4/MaryJones/1")

    assert answer.status_code == 404
    assert "MaryJones" not in answer.text


def test_operations_and_odd_ids_are_not_found(st_annes: FlaskClient) -> None:
    for path in (
        "Condition/$everything",
        "Condition/1/$everything",
        "Condition/a_b",
        "$export",
    ):
        assert st_annes.get(f"/fhir/R4/{path}").status_code == 404, path


def test_what_the_server_can_do_is_only_read(st_annes: FlaskClient) -> None:
    for method in ("POST", "DELETE"):
        answer = st_annes.open("/fhir/R4/metadata", method=method)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_operations_that_are_posted_are_not_found_either(st_annes: FlaskClient) -> None:
    for path in ("Condition/$validate", "Condition/1/$validate"):
        answer = st_annes.post(f"/fhir/R4/{path}", json={"resourceType": "Parameters"})
        assert answer.status_code == 404, path
        assert (answer.json or {})["issue"][0]["code"] == "not-supported"
