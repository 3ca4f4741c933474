"""The types with an address, and what they are searched by."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from gateway.conformance.served_types import SERVED, ParamKind
from gateway.fhir.resource_types import R4_TYPES


def test_every_served_type_is_an_r4_type_searched_by_id_and_last_updated() -> None:
    assert set(SERVED) <= R4_TYPES
    for served in SERVED.values():
        assert {"_id", "_lastUpdated"} <= {param.name for param in served.search}
        assert len({param.name for param in served.search}) == len(served.search)


@pytest.mark.shared_data
def test_every_search_parameter_is_one_of_r4_with_its_kind_and_elements(shared_data: Path) -> None:
    published: dict[tuple[str, str], tuple[str, str]] = {}
    with tarfile.open(shared_data / "definitions" / "hl7.fhir.r4.core-4.0.1.tgz") as package:
        for member in package:
            if member.name.rpartition("/")[2].startswith("SearchParameter-"):
                parameter = json.load(package.extractfile(member))  # type: ignore[arg-type]
                for base in parameter.get("base", ()):
                    published[base, parameter["code"]] = parameter["type"], parameter.get("expression", "")

    for served in SERVED.values():
        for param in served.search:
            if param.name.startswith("_"):
                continue
            kind, expression = published[served.name, param.name]
            alternatives = [part.strip() for part in expression.split("|")]
            own = {part for part in alternatives if part.startswith(f"{served.name}.")}
            suffix = ".where(resolve() is Patient)" if param.target else ""
            declared = {f"{served.name}.{path}" for path in (param.element, *param.also)}
            assert kind == param.kind, (served.name, param.name)
            assert own in (declared, {path + suffix for path in declared}), (served.name, param.name)


def test_values_are_found_through_lists() -> None:
    patient = SERVED["Appointment"].param("patient")
    appointment = {
        "participant": [{"actor": {"reference": "Patient/1"}}, {}, {"actor": {"reference": "Patient/2"}}]
    }

    assert patient is not None
    assert patient.kind is ParamKind.REFERENCE
    assert [value["reference"] for value in patient.values_in(appointment)] == ["Patient/1", "Patient/2"]


def test_a_document_is_found_by_either_of_its_identifiers() -> None:
    identifier = SERVED["DocumentReference"].param("identifier")

    assert identifier is not None
    found = identifier.values_in({"masterIdentifier": {"value": "1"}, "identifier": [{"value": "2"}]})
    assert [value["value"] for value in found] == ["2", "1"]


def test_a_parameter_that_is_not_declared_is_none() -> None:
    assert SERVED["Patient"].param("subject") is None
