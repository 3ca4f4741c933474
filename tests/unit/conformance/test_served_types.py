"""The types with an address, and what they are searched by."""

from __future__ import annotations

from gateway.conformance.searching.parameters import ParamKind
from gateway.conformance.served_types import NOT_SEARCHED, SERVED, clinical_date, served_with
from gateway.fhir.resource_types import R4_TYPES


def test_every_served_type_is_an_r4_type_searched_by_id_and_last_updated() -> None:
    assert set(SERVED) <= R4_TYPES
    for served in SERVED.values():
        names = {param.name for param in served.search}
        assert {"_id", "_lastUpdated", "_tag", "_profile", "_security", "_source"} <= names
        assert names.isdisjoint(NOT_SEARCHED)


def test_a_clinical_date_is_a_date_of_its_type() -> None:
    for served in served_with(R4_TYPES).values():
        if served.clinical_date is not None:
            param = served.param(served.clinical_date)
            assert param is not None, served.name
            assert param.kind is ParamKind.DATE


def test_a_deployment_switches_further_types_on() -> None:
    more = served_with(frozenset({"Claim", "Patient"}))

    assert set(more) - set(SERVED) == {"Claim"}
    assert more["Claim"].param("patient") is not None
    assert more["Claim"].clinical_date == clinical_date("Claim") == "created"
    assert more["Patient"] is SERVED["Patient"]
