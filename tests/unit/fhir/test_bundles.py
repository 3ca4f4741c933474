"""Bundles: opening those of others, making our own."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import Unreadable
from gateway.fhir.bundles import Entry, PastVersion, entries, history_bundle, next_link, searchset


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


def test_a_searchset_carries_its_links_and_matches() -> None:
    bundle = searchset(
        [("https://g/Goal/1", {"resourceType": "Goal"})],
        self_url="https://g/Goal",
        next_url="https://g/n",
        total=3,
    )

    assert next_link(bundle) == "https://g/n"
    assert bundle["total"] == 3
    assert [(e.full_url, e.mode) for e in entries(bundle)] == [("https://g/Goal/1", "match")]


def test_an_empty_searchset_has_no_empty_arrays() -> None:
    bundle = searchset([], self_url="https://g/Goal", total=0)

    assert "entry" not in bundle
    assert next_link(bundle) is None


def test_a_history_shows_deletions_without_a_resource() -> None:
    gone = PastVersion("https://g/Goal/1", "Goal/1", "DELETE", "204", "2026-01-01T00:00:00Z", 'W/"2"', None)

    (entry,) = history_bundle([gone], self_url="https://g/Goal/1/_history")["entry"]

    assert "resource" not in entry
    assert entry["request"] == {"method": "DELETE", "url": "Goal/1"}
    assert entry["response"]["etag"] == 'W/"2"'
