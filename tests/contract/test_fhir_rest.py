"""The fhir_rest kind of partner, against our small EHR, against sekmet-fhir, and against servers that lie."""

from __future__ import annotations

import ipaddress
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.demo import small_ehr
from gateway.errors import AnswerUnreadable, PartnerConflict, PartnerRefused, PartnerUnavailable
from gateway.partners.fhir_rest import FhirRestServer, FhirRestSettings
from gateway.partners.fhir_rest.server import connect
from gateway.sync.abilities import Abilities
from gateway.sync.partner import Partner
from tests.contract.ehr_contract import OURS, EhrContract, goal
from tests.contract.served import answering, free_port, says, served

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
FULL = Abilities(version_aware_update=True, conditional_create=True, strict_handling=True)


def reached(base_url: str, abilities: Abilities = FULL, *, token: str | None = None) -> FhirRestServer:
    settings = FhirRestSettings(base_url, token, LOOPBACK, page_size=2, timeout_s=10)
    return connect(
        Partner("northside", "Northside", "fhir_rest", abilities=abilities, settings=settings), str
    )


@pytest.fixture
def small_ehr_address(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    shelf = small_ehr.open_shelf(tmp_path, "NS")
    base_url = f"http://127.0.0.1:{port}/fhir"
    with served(small_ehr.create_ehr(shelf, base_url, token="token-of-the-test"), port):
        yield base_url
    shelf.close()


class TestAgainstTheSmallEhr(EhrContract):
    @pytest.fixture
    def system(self, small_ehr_address: str) -> FhirRestServer:
        return reached(small_ehr_address, token="token-of-the-test")

    def test_without_its_token_everything_is_refused(self, small_ehr_address: str) -> None:
        with pytest.raises(PartnerUnavailable, match="401"):
            reached(small_ehr_address).read("Goal", "1")


class TestAgainstAServerWhoseAbilitiesNobodyHasSeen(EhrContract):
    """Nothing is relied upon: our identifier is looked up before a create, the version before an update."""

    @pytest.fixture
    def system(self, small_ehr_address: str) -> FhirRestServer:
        return reached(small_ehr_address, Abilities(), token="token-of-the-test")


@pytest.fixture(scope="module")
def sekmet_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pytest.importorskip("sekmet", reason="sekmet-fhir (extra [demo]) is not installed")
    folder, port = tmp_path_factory.mktemp("sekmet"), free_port()
    base_url = f"http://127.0.0.1:{port}/fhir"
    settings = {
        "base_url": base_url,
        "host": "127.0.0.1",
        "port": port,
        "data_dir": str(folder / "data"),
        "simulator": {"enabled": False},
    }
    (folder / "settings.yaml").write_text(json.dumps(settings))  # JSON is YAML
    with (folder / "log").open("wb") as log:
        command = [
            sys.executable,
            "-m",
            "gateway.demo.sekmet_launcher",
            "serve",
            "-c",
            folder / "settings.yaml",
        ]
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        wait_for(f"{base_url}/metadata", process)
        yield base_url
    finally:
        process.terminate()
        process.wait(10)


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            if requests.get(address, timeout=2).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    pytest.fail(f"nothing answers at {address}")


class TestAgainstSekmet(EhrContract):
    @pytest.fixture
    def system(self, sekmet_address: str) -> FhirRestServer:
        return reached(sekmet_address)


# --- servers that lie ----------------------------------------------------------------------------


def ok(body: Any, *headers: str) -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = ["HTTP/1.1 200 OK", f"Content-Length: {len(data)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(head).encode() + data


FAILED = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "timeout", "diagnostics": "Ada Lovelace"}],
}


@pytest.mark.parametrize(
    "answer",
    [
        b"<html><title>Sign in</title></html>",
        b'{"resourceType": "Goal", "id": "1", ',
        [],
        FAILED,
        {"resourceType": "Goal"},
        {"resourceType": "Goal", "id": "2"},
        {"resourceType": "Patient", "id": "1"},
        {"resourceType": "Ada Lovelace", "id": "1"},
    ],
)
def test_a_200_that_is_not_the_resource_asked_for_is_no_answer(answer: Any) -> None:
    with answering(says(ok(answer))) as address, pytest.raises(AnswerUnreadable) as caught:
        reached(address).read("Goal", "1")

    assert "Lovelace" not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        FAILED,
        {"resourceType": "Goal", "id": "1"},
        {"resourceType": "Bundle", "entry": {}},
        {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": FAILED}]},
    ],
)
def test_a_page_that_is_no_search_result_or_reports_an_error_is_no_answer(answer: Any) -> None:
    with answering(says(ok(answer))) as address, pytest.raises(AnswerUnreadable):
        reached(address).page("Goal", None)


def test_entries_that_cannot_be_read_are_handed_on_to_be_quarantined() -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": {"resourceType": "Goal", "id": "1"}}, {}, "rubbish"],
    }
    with answering(says(ok(bundle))) as address:
        page = reached(address).page("Goal", None)

    assert [type(each) for each in page.resources] == [dict, type(None), type(None)]
    assert json.loads(page.body) == bundle


def test_a_next_link_to_another_origin_is_not_followed() -> None:
    elsewhere: list[bytes] = []
    with (
        answering(says(ok({"resourceType": "Bundle"})), elsewhere) as other,
        answering(says(ok({"resourceType": "Bundle"}))) as address,
        pytest.raises(AnswerUnreadable, match="another origin"),
    ):
        reached(address).page("Goal", None, f"{other}/Goal?page=2")

    assert elsewhere == []


def test_a_relative_next_link_leads_on_from_the_page_that_holds_it() -> None:
    link = [{"relation": "next", "url": "?page=2"}]
    with answering(says(ok({"resourceType": "Bundle", "link": link}))) as address:
        page = reached(f"{address}/fhir").page("Goal", None)
        assert page.next_url == f"{address}/fhir/Goal?page=2"


def test_a_next_link_that_is_no_address_does_not_cost_the_page_that_holds_it() -> None:
    link = [{"relation": "next", "url": "http://[nowhere"}]
    with answering(says(ok({"resourceType": "Bundle", "link": link}))) as address:
        page = reached(address).page("Goal", None)
        with pytest.raises(AnswerUnreadable, match="another origin"):
            reached(address).page("Goal", None, page.next_url)


def test_strict_handling_is_asked_for_in_every_search() -> None:
    heads: list[bytes] = []
    with answering(says(ok({"resourceType": "Bundle"})), heads) as address:
        reached(address).page("Goal", "2026-11-22T03:00:00.000+00:00")

    assert b"prefer: handling=strict" in heads[0].lower()
    assert b"_lastUpdated=ge2026-11-22T03%3A00%3A00.000%2B00%3A00" in heads[0]


@pytest.mark.parametrize("status", ["409 Conflict", "412 Precondition Failed"])
def test_a_stale_version_is_a_conflict_whichever_status_says_so(status: str) -> None:
    answer = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    with answering(says(answer)) as address, pytest.raises(PartnerConflict):
        reached(address).update({**goal("1"), "id": "g1"}, "1")


def test_several_there_with_our_identifier_wait_for_a_person() -> None:
    answer = b"HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with answering(says(answer)) as address, pytest.raises(PartnerRefused, match="several"):
        reached(address).create(goal("1"), (OURS, "Goal/1"))
