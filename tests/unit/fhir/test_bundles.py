"""Bundles: opening those of others."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import Unreadable
from gateway.fhir.bundles import Entry, entries, next_link


def test_the_entries_of_a_transaction_are_read() -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": "urn:uuid:1",
                "resource": {"resourceType": "Patient"},
                "request": {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=9"},
            },
            {"request": {"method": "DELETE", "url": "Patient/2"}},
        ],
    }

    assert list(entries(bundle)) == [
        Entry(0, "urn:uuid:1", {"resourceType": "Patient"}, "POST", "Patient", "identifier=9"),
        Entry(1, method="DELETE", url="Patient/2"),
    ]


@pytest.mark.parametrize(
    ("entry", "element"),
    [
        ("x", "Bundle.entry"),
        (["x"], "Bundle.entry[0]"),
        ([{}, {"resource": []}], "Bundle.entry[1].resource"),
        ([{"resource": {"id": "1"}}], "Bundle.entry[0].resource"),
        ([{"fullUrl": 1}], "Bundle.entry[0].fullUrl"),
        ([{"request": "POST"}], "Bundle.entry[0].request"),
        ([{"request": {"method": 1}}], "Bundle.entry[0].request.method"),
    ],
)
def test_a_malformed_bundle_is_refused_naming_the_element(entry: Any, element: str) -> None:
    with pytest.raises(Unreadable) as refused:
        list(entries({"resourceType": "Bundle", "entry": entry}))

    assert refused.value.expression == element
    assert element in refused.value.message


def test_what_is_no_bundle_is_refused() -> None:
    with pytest.raises(Unreadable, match="not a Bundle"):
        list(entries({"resourceType": "Patient"}))


def test_the_next_page_is_where_the_link_says() -> None:
    links = [{"relation": "self", "url": "https://g/Goal"}, {"relation": "next", "url": "https://g/n"}]

    assert next_link({"resourceType": "Bundle", "link": links}) == "https://g/n"
    assert next_link({"resourceType": "Bundle", "link": links[:1]}) is None
    assert next_link({"resourceType": "Bundle", "link": "broken"}) is None
    assert next_link({"resourceType": "Bundle", "link": [{"relation": "next", "url": ""}]}) is None
