"""References and marks between two id spaces."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Unprocessable
from gateway.sync.translate import Addresses, marked, our_id_on, to_ours, to_theirs

AT = Addresses(ours="https://care.example.org/fhir/R4", theirs="https://ehr.example.org/fhir")
LEDGER = {("Patient", "p1"): "our-p1", ("Goal", "g1"): "our-g1"}
BACK = {(type, ours): theirs for (type, theirs), ours in LEDGER.items()}


def ours_of(type: str, id: str) -> str:
    return LEDGER.get((type, id), f"new-{id}")


def theirs_of(type: str, id: str) -> str | None:
    return BACK.get((type, id))


def plan(*references: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "CarePlan",
        "supportingInfo": [{"reference": text} for text in references],
        **more,
    }


def references_in(resource: dict[str, Any]) -> list[str]:
    return [item["reference"] for item in resource["supportingInfo"]]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Goal/g1", "Goal/our-g1"),
        ("https://ehr.example.org/fhir/Goal/g1", "Goal/our-g1"),
        ("Goal/g1/_history/7", "Goal/our-g1"),
        ("Goal/never-seen", "Goal/new-never-seen"),
        ("https://care.example.org/fhir/R4/Goal/our-g1", "Goal/our-g1"),
        ("https://elsewhere.example.org/fhir/Goal/g1", "https://elsewhere.example.org/fhir/Goal/g1"),
        ("#contained", "#contained"),
        ("urn:uuid:7d0c4b0e-0000-4000-8000-000000000001", "urn:uuid:7d0c4b0e-0000-4000-8000-000000000001"),
        ("Patient?identifier=x|1", "Patient?identifier=x|1"),
    ],
)
def test_their_references_read_as_ours(theirs: str, ours: str) -> None:
    assert references_in(to_ours(plan(theirs), AT, ours_of)) == [ours]


def test_what_they_do_not_hold_is_named_by_its_address_here_and_keeps_its_display() -> None:
    resource = {**plan(), "author": {"reference": "Practitioner/7", "display": "Dr Ward"}}

    assert to_theirs(resource, AT, theirs_of)["author"] == {
        "reference": "https://care.example.org/fhir/R4/Practitioner/7",
        "display": "Dr Ward",
    }


@given(
    st.lists(
        st.sampled_from(
            ["Goal/our-g1", "Patient/our-p1", "Practitioner/7", "#c", "https://x.org/fhir/Goal/g1"]
        )
    )
)
def test_there_and_back_is_where_it_was(references: list[str]) -> None:
    resource = plan(*references)
    assert to_ours(to_theirs(resource, AT, theirs_of), AT, ours_of) == resource


def test_our_id_and_our_meta_stay_here_but_profiles_and_labels_travel() -> None:
    meta = {"versionId": "3", "lastUpdated": "2026-11-22T03:00:00Z", "source": "x", "profile": ["p"]}
    sent = to_theirs({**plan(), "id": "our-c1", "meta": meta}, AT, theirs_of)

    assert "id" not in sent
    assert sent["meta"] == {"profile": ["p"]}
    assert "meta" not in to_theirs({**plan(), "meta": {"versionId": "3"}}, AT, theirs_of)


def test_the_mark_of_a_copy_is_found_on_it_and_taken_off_again() -> None:
    theirs = {"system": "https://ehr.example.org/id", "value": "1"}
    resource = {**plan(), "identifier": [theirs]}

    copy = marked(resource, AT, "our-c1")

    assert our_id_on(copy, AT) == "our-c1"
    assert copy["identifier"][-1] == {"system": AT.ours, "value": "CarePlan/our-c1"}
    assert to_ours(copy, AT, ours_of) == resource
    assert to_ours(marked(plan(), AT, "our-c1"), AT, ours_of) == plan()


def test_marking_twice_is_marking_once() -> None:
    once = marked(plan(), AT, "our-c1")
    assert marked(once, AT, "our-c1") == once


def test_a_mark_for_another_type_is_no_mark() -> None:
    assert our_id_on({**marked(plan(), AT, "our-c1"), "resourceType": "Goal"}, AT) is None


def test_what_cannot_carry_the_mark_is_not_sent() -> None:
    with pytest.raises(Unprocessable):
        marked({"resourceType": "Provenance"}, AT, "our-1")
