"""A Binary goes in and out as the document that it holds, or as a resource; nothing in it is ever run."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.acts.gateway import Gateway
from gateway.store import resources
from gateway.web.fhir_api.binary import MAX_CONTENT
from tests.unit.web.conftest import patient

PDF = b"%PDF-1.7\n\x00\xff\xfe letter \r\n"
ADDRESS = "/fhir/R4/Binary"
FHIR = "application/fhir+json"


def kept(answer: TestResponse, status: int = 201) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    return answer.json or {}


def upload(client: FlaskClient, content: bytes = PDF, media: str = "application/pdf", **headers: str) -> str:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return str(kept(client.post(ADDRESS, data=content, content_type=media, headers=named))["id"])


def test_a_document_is_kept_as_it_came_and_read_as_it_is(st_annes: FlaskClient) -> None:
    answer = st_annes.post(ADDRESS, data=PDF, content_type="application/pdf")
    made = kept(answer)
    assert made["contentType"] == "application/pdf"
    assert made["data"] == b64encode(PDF).decode()
    assert answer.headers["Location"].endswith(f"/Binary/{made['id']}/_history/1")

    for path in (f"{ADDRESS}/{made['id']}", f"{ADDRESS}/{made['id']}/_history/1"):
        read = st_annes.get(path, headers={"Accept": "application/pdf"})
        assert (read.status_code, read.data) == (200, PDF)
        assert read.headers["Content-Type"] == "application/pdf"
        assert read.headers["ETag"] == 'W/"1"'
        known = st_annes.get(path, headers={"Accept": "application/pdf", "If-None-Match": 'W/"1"'})
        assert (known.status_code, known.data) == (304, b"")


# Whether a client that sends this would rather have the document.
ACCEPTED = {
    "": True,
    "*/*": True,
    "application/*": True,
    FHIR: False,
    "application/json": False,
    "application/fhir+json, */*;q=0.1": False,
    "*/*, application/fhir+json": False,
    "application/pdf;q=0.5, application/fhir+json": False,
    "application/fhir+xml, application/fhir+json;q=0.9": False,
    "application/pdf": True,
    "image/png": True,
    "application/pdf, */*;q=0.1": True,
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": True,
    "application/fhir+json;q=0.2, application/octet-stream": True,
}


def test_what_the_client_would_rather_have_is_answered(st_annes: FlaskClient) -> None:
    id = upload(st_annes)

    for accept, is_document in ACCEPTED.items():
        read = st_annes.get(f"{ADDRESS}/{id}", headers={"Accept": accept} if accept else {})
        assert read.status_code == 200, accept
        assert read.headers["Content-Type"].startswith("application/pdf" if is_document else FHIR), accept
        assert (read.data == PDF) is is_document, accept


def test_format_goes_before_accept_and_xml_is_not_spoken(st_annes: FlaskClient) -> None:
    id = upload(st_annes)
    as_pdf = {"Accept": "application/pdf"}

    assert st_annes.get(f"{ADDRESS}/{id}?_format=json", headers=as_pdf).json is not None
    assert st_annes.get(f"{ADDRESS}/{id}?_format=application/fhir%2Bjson", headers=as_pdf).json is not None
    assert st_annes.get(f"{ADDRESS}/{id}?_format=xml", headers=as_pdf).status_code == 406
    assert st_annes.get(f"{ADDRESS}/{id}", headers={"Accept": "application/fhir+xml"}).status_code == 406
    assert st_annes.get(ADDRESS, headers=as_pdf).status_code == 406
    assert st_annes.get(f"{ADDRESS}/{id}/_history", headers=as_pdf).status_code == 406
    assert st_annes.get(f"/fhir/R4/Patient/{id}", headers=as_pdf).status_code == 406


def test_nothing_in_it_is_ever_run(st_annes: FlaskClient) -> None:
    for media in ("text/html", "image/svg+xml", "application/javascript", "text/xml"):
        id = upload(st_annes, b"<script>alert(1)</script>", media)
        read = st_annes.get(f"{ADDRESS}/{id}", headers={"Accept": media})
        assert read.headers["Content-Disposition"] == "attachment"
        assert read.headers["X-Content-Type-Options"] == "nosniff"
        assert read.headers["Content-Security-Policy"].startswith("sandbox;")
        assert read.headers["Content-Type"] == media
        assert read.headers["Vary"] == "Accept"


def test_what_is_no_media_type_is_never_a_header(gateway: Gateway, st_annes: FlaskClient) -> None:
    for said in ("nonsense", "text/html;\u00e9", "text/html\r\nX-Evil: 1", "a b/c", None):
        binary = {"resourceType": "Binary", "contentType": said, "data": "aGk="}
        with gateway.database.transaction(gateway.self_actor) as tx:
            reference = resources.create(tx, binary, source="st-annes").reference
        read = st_annes.get(f"/fhir/R4/{reference}", headers={"Accept": "text/plain"})
        assert (read.status_code, read.data) == (200, b"hi")
        assert read.headers["Content-Type"] == "application/octet-stream"
        assert "X-Evil" not in read.headers


def test_a_binary_as_json_is_the_resource_and_any_other_json_a_document(st_annes: FlaskClient) -> None:
    binary = {"resourceType": "Binary", "contentType": "text/plain", "data": "aGk="}
    assert kept(st_annes.post(ADDRESS, json=binary, content_type=FHIR))["data"] == "aGk="

    inside = kept(st_annes.post(ADDRESS, data=b'{"resourceType":"Patient"}', content_type=FHIR))
    assert inside["contentType"] == FHIR
    assert st_annes.get(f"{ADDRESS}/{inside['id']}", headers={"Accept": FHIR}).json == inside
    assert st_annes.get(f"{ADDRESS}/{inside['id']}").data == b'{"resourceType":"Patient"}'
    assert kept(st_annes.post(ADDRESS, data=b"[1.10]", content_type="application/json"))["data"] == "WzEuMTBd"
    assert st_annes.post(ADDRESS, data=b'{"resourceType":', content_type=FHIR).status_code == 400


def test_a_body_that_does_not_say_what_it_is_is_refused(st_annes: FlaskClient) -> None:
    unsaid = ("", "application/fhir+xml", "application/x-www-form-urlencoded", "multipart/form-data", "pdf")
    for media in unsaid:
        headers = {"Content-Type": media} if media else {}
        assert st_annes.post(ADDRESS, data=b"<Binary/>", headers=headers).status_code == 415, media


def test_it_is_changed_by_either_form_and_keeps_its_versions(st_annes: FlaskClient) -> None:
    id = upload(st_annes)
    path = f"{ADDRESS}/{id}"

    changed = st_annes.put(path, data=b"new", content_type="text/plain", headers={"If-Match": 'W/"1"'})
    assert kept(changed, 200)["contentType"] == "text/plain"
    stale = st_annes.put(path, data=b"newer", content_type="text/plain", headers={"If-Match": 'W/"1"'})
    assert stale.status_code == 412
    resource = kept(st_annes.get(path, headers={"Accept": FHIR}), 200)
    assert kept(st_annes.put(path, json={**resource, "data": "aGk="}), 200)["data"] == "aGk="
    assert st_annes.get(f"{path}/_history/1", headers={"Accept": "application/pdf"}).data == PDF
    assert st_annes.get(f"{path}/_history/2", headers={"Accept": "text/plain"}).data == b"new"
    assert st_annes.delete(path).status_code == 204
    assert st_annes.get(path, headers={"Accept": "text/plain"}).status_code == 410


def test_its_security_context_is_something_the_writer_sees(
    st_annes: FlaskClient, northside: FlaskClient
) -> None:
    hers = kept(st_annes.post("/fhir/R4/Patient", json=patient()))["id"]
    stranger = kept(northside.post("/fhir/R4/Patient", json={"resourceType": "Patient"}))["id"]
    theirs = kept(northside.post("/fhir/R4/Patient", json=patient()))["id"]

    id = upload(st_annes, X_Security_Context=f"http://gateway.test/fhir/R4/Patient/{hers}")
    read = st_annes.get(f"{ADDRESS}/{id}", headers={"Accept": "application/pdf"})
    assert read.headers["X-Security-Context"] == f"Patient/{hers}"
    # Both hospitals know the person, so what is about her is seen by both; without a context it is one's own.
    assert northside.get(f"{ADDRESS}/{id}").status_code == 200
    assert northside.get(f"{ADDRESS}/{upload(st_annes)}").status_code == 404
    assert upload(st_annes, X_Security_Context=f"Patient/{theirs}")
    hidden, missing, foreign = (
        st_annes.post(
            ADDRESS, data=PDF, content_type="application/pdf", headers={"X-Security-Context": reference}
        )
        for reference in (f"Patient/{stranger}", "Patient/none", "https://other.example/fhir/Patient/1")
    )
    assert hidden.status_code == missing.status_code == foreign.status_code == 422
    first, second = ((answer.json or {})["issue"][0]["details"] for answer in (hidden, missing))
    assert first == second


def test_it_may_be_as_large_as_its_resource_can_be(st_annes: FlaskClient) -> None:
    id = upload(st_annes, b"\0" * MAX_CONTENT, "application/octet-stream")

    assert (
        len(st_annes.get(f"{ADDRESS}/{id}", headers={"Accept": "application/octet-stream"}).data)
        == MAX_CONTENT
    )
    more = st_annes.post(ADDRESS, data=b"\0" * (MAX_CONTENT + 1), content_type="application/octet-stream")
    assert more.status_code == 413
    assert kept(st_annes.post(ADDRESS, data=b"", content_type="text/plain")).get("data") is None


def test_a_binary_that_holds_no_base64_has_no_document(gateway: Gateway, st_annes: FlaskClient) -> None:
    broken = {"resourceType": "Binary", "contentType": "text/plain", "data": "aGk"}
    with gateway.database.transaction(gateway.self_actor) as tx:
        reference = resources.create(tx, broken, source="st-annes").reference

    read = st_annes.get(f"/fhir/R4/{reference}", headers={"Accept": "text/plain"})

    assert read.status_code == 406
    resource = st_annes.get(f"/fhir/R4/{reference}", headers={"Accept": FHIR})
    assert kept(resource, 200)["data"] == "aGk"
