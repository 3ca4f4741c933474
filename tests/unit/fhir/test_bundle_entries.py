"""Reading what the entries of a batch or transaction ask for, and where their links lead."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import BadRequest, TooLarge
from gateway.fhir.bundle_entries import (
    MAX_ENTRIES,
    Address,
    BundleKind,
    Method,
    address_of,
    entry_request,
    kind_of,
    listed_entries,
)
from gateway.fhir.bundle_links import Links, Target, base_of, named

BASE = "https://care.example/fhir/R4"
URN = "urn:uuid:0f0f0f0f-0000-4000-8000-00000000000a"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("Patient", Address(("Patient",))),
        ("Patient/9", Address(("Patient", "9"))),
        ("/Patient/9", Address(("Patient", "9"))),
        (f"{BASE}/Patient/9", Address(("Patient", "9"))),
        ("Patient/9/_history/2", Address(("Patient", "9", "_history", "2"))),
        ("Patient?a=b%20c&d=e", Address(("Patient",), "a=b%20c&d=e", (("a", "b c"), ("d", "e")))),
        ("Patient?", Address(("Patient",), "")),
        ("Patient/%61", Address(("Patient", "a"))),
        ("?_type=Patient", Address((), "_type=Patient", (("_type", "Patient"),))),
        ("", Address(())),
        (BASE, Address(())),
        (f"{BASE}?_type=Patient", Address((), "_type=Patient", (("_type", "Patient"),))),
        ("Patient?url=http://a.example/b", Address(("Patient",), "url=http://a.example/b",
                                                   (("url", "http://a.example/b"),))),
    ],
)  # fmt: skip
def test_an_address_below_the_base_is_read(url: str, address: Address) -> None:
    assert address_of(url, BASE, "url") == address


@pytest.mark.parametrize(
    "url",
    [
        None,
        "//care.example/fhir/R4/Patient/9",
        "http://care.example/fhir/R4/Patient/9",
        f"{BASE}x/Patient/9",
        f"{BASE}/../x",
        "urn:uuid:0f0f",
        "Patient/9#x",
        "Patient/",
        "Patient//9",
        "Patient/../9",
        "./Patient",
        "Patient/%2e%2e/9",
        "Patient/9%2f8",
        "Patient/%zz",
        "Patient/%c3%28",
        "Patient/9 8",
        "Patient/9\n",
        "Patient/9\\8",
        "Patient?a=%ff",
        "Patient?a=b#c",
        "javascript:alert(1)",
    ],
)
def test_no_other_address_is_and_none_is_repeated(url: str | None) -> None:
    with pytest.raises(BadRequest) as refused:
        address_of(url, BASE, "Bundle.entry[3].request.url")

    assert refused.value.issues[0].expression == "Bundle.entry[3].request.url"
    assert url in (None, "Patient/") or url not in refused.value.message


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_is_refused(url: str) -> None:
    try:
        address = address_of(url, BASE, "url")
    except BadRequest:
        return
    assert all(segment and "/" not in segment for segment in address.segments)


def test_an_entry_says_what_it_asks_for() -> None:
    request = {"method": "PUT", "url": "Patient/9", "ifMatch": 'W/"2"'}
    resource = {"resourceType": "Patient", "id": "9"}

    read = entry_request(3, {"fullUrl": URN, "resource": resource, "request": request}, BASE)

    assert (read.method, read.address, read.path) == (
        Method.PUT, Address(("Patient", "9")), "Bundle.entry[3]",
    )  # fmt: skip
    assert (read.conditions, read.full_url, read.resource) == ({"ifMatch": 'W/"2"'}, URN, resource)


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        (None, ""),
        ([], ""),
        ({"fullUrl": URN}, ""),
        ({"request": {"method": "get", "url": "Patient"}}, ".request.method"),
        ({"request": {"method": "GET", "url": 7}}, ".request.url"),
        ({"request": {"method": "GET", "url": "Patient", "ifMatch": 1}}, ".request.ifMatch"),
        ({"request": {"method": "GET", "url": "Patient"}, "fullUrl": []}, ".fullUrl"),
        ({"request": {"method": "GET", "url": "Patient"}, "resource": {}}, ".resource"),
        ({"request": {"method": "GET", "url": "Patient"}, "fullUrl": f"{BASE}/A/1/_history/2"}, ".fullUrl"),
        ({"request": {"method": "GET", "url": "Patient"}, "search": {}}, ".search"),
    ],
)
def test_an_entry_that_asks_for_nothing_names_the_place(entry: Any, place: str) -> None:
    with pytest.raises(BadRequest) as refused:
        entry_request(3, entry, BASE)

    assert refused.value.issues[0].expression == f"Bundle.entry[3]{place}"


def test_only_two_kinds_of_bundle_ask_for_anything() -> None:
    assert kind_of({"type": "batch"}) is BundleKind.BATCH
    for type in ("searchset", None, ["batch"], "Batch"):
        with pytest.raises(BadRequest):
            kind_of({"type": type})


def test_there_are_so_many_entries_and_no_more() -> None:
    assert listed_entries({}) == []
    assert len(listed_entries({"entry": [1] * MAX_ENTRIES})) == MAX_ENTRIES
    with pytest.raises(TooLarge):
        listed_entries({"entry": [1] * (MAX_ENTRIES + 1)})
    with pytest.raises(BadRequest):
        listed_entries({"entry": {}})


@pytest.mark.parametrize(
    ("link", "leads_to"),
    [
        (URN, "Patient/a"),
        (URN.upper().replace("URN:UUID", "urn:uuid"), "Patient/a"),
        (f"{URN}#part", "Patient/a#part"),
        ("https://his.example/fhir/Patient/9", "Patient/b"),
        ("https://his.example/fhir/Patient/9/_history/7", "Patient/b/_history/4"),
        ("Patient/9", "Patient/b"),
        ("Patient/9/_history/7", "Patient/b/_history/4"),
        ("https://other.example/fhir/Patient/9", None),
        ("Patient/8", None),
        ("#p1", None),
        ("", None),
    ],
)
def test_a_link_leads_to_what_its_entry_becomes(link: str, leads_to: str | None) -> None:
    targets = {
        named(URN): Target("Patient/a", 1),
        "https://his.example/fhir/Patient/9": Target("Patient/b", 4),
    }
    assert Links(targets, "https://his.example/fhir").leads_to(link) == leads_to


def test_the_base_of_an_entry_is_that_of_its_full_url() -> None:
    assert base_of("https://his.example/fhir/Patient/9", BASE) == "https://his.example/fhir"
    assert base_of(URN, BASE) == BASE
    assert base_of(None, BASE) == BASE
