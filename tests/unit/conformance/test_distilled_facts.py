"""The facts file beside the published package that it is made of: nothing missing, nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.conformance.distil.__main__ import FACTS, main
from gateway.conformance.distil.package import BadPackage, Package, read_package
from gateway.conformance.distil.terminology import Terminology
from gateway.conformance.distil.writing import facts_text
from gateway.conformance.facts import Element, r4

PACKAGE = Path("definitions") / "hl7.fhir.r4.core-4.0.1.tgz"
REFERENCE = "http://hl7.org/fhir/StructureDefinition/"


@pytest.fixture(scope="module")
def package(shared_data: Path) -> Package:
    return read_package(shared_data / PACKAGE)


def snapshots(package: Package) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every element of every type of R4, with the name of its type."""
    for held in package.all("StructureDefinition"):
        if held["kind"] != "logical" and held.get("derivation") != "constraint":
            for element in held["snapshot"]["element"]:
                yield held["id"], element


@pytest.mark.shared_data
def test_the_committed_file_is_what_the_generator_writes(package: Package) -> None:
    assert facts_text(package) == FACTS.read_bytes(), "run: make definitions"


@pytest.mark.shared_data
def test_every_element_of_every_type_is_there_as_published(package: Package) -> None:
    seen = 0
    for name, published in snapshots(package):
        path = published["path"]
        if path == name:
            assert r4().type(name) is not None, name
            continue
        fact = r4().element(path)
        assert fact is not None, path
        assert fact.min == published["min"], path
        assert fact.max == (None if published["max"] == "*" else int(published["max"])), path
        assert fact.modifier == published.get("isModifier", False), path
        assert fact.content == published.get("contentReference", "").removeprefix("#"), path
        codes = {held["code"] for held in published.get("type", ()) if "fhirpath" not in held["code"]}
        assert codes <= set(fact.types), path
        assert len(fact.types) == len(published.get("type", ())), path
        targets = {
            url.removeprefix(REFERENCE)
            for held in published.get("type", ())
            for url in held.get("targetProfile", ())
        } - {"Resource"}
        assert targets == {*fact.targets, *fact.canonicals}, path
        binding = published.get("binding")
        assert (binding is None) == (fact.binding is None), path
        if binding is not None and fact.binding is not None:
            assert binding["strength"] == fact.binding.strength, path
            assert binding.get("valueSet", "").partition("|")[0] == fact.binding.value_set, path
        rules = {rule["key"]: rule.get("expression", "") for rule in published.get("constraint", ())}
        ours = {rule.key: rule.expression for rule in r4().invariants(fact)}
        assert rules.items() <= ours.items(), path
        assert {rule.key for rule in fact.invariants} <= rules.keys(), path
        seen += 1
    assert seen > 7000


@pytest.mark.shared_data
def test_the_invariants_of_every_type_are_there(package: Package) -> None:
    for name, published in snapshots(package):
        if published["path"] == name:
            expected = {rule["key"]: rule.get("expression", "") for rule in published.get("constraint", ())}
            held = {rule.key: rule.expression for rule in r4().invariants(Element(name, types=(name,)))}
            assert held == expected, name


@pytest.mark.shared_data
def test_every_required_value_set_is_expanded_or_is_known_to_be_open(package: Package) -> None:
    open_sets = {
        url
        for _, published in snapshots(package)
        if (published.get("binding") or {}).get("strength") == "required"
        for url in [published["binding"]["valueSet"].partition("|")[0]]
        if r4().codes(url) is None
    }

    assert open_sets == {
        "http://hl7.org/fhir/ValueSet/mimetypes",
        "http://hl7.org/fhir/ValueSet/currencies",
        "http://hl7.org/fhir/ValueSet/ucum-units",
        "http://loinc.org/vs/LL379-9",
    }


@pytest.mark.shared_data
def test_a_set_of_one_branch_of_a_code_system_holds_that_branch_with_all_below_it(package: Package) -> None:
    codes = Terminology(package).codes(
        "http://terminology.hl7.org/ValueSet/v3-ServiceDeliveryLocationRoleType"
    )

    assert codes is not None
    assert {"HOSP", "PTRES", "SCHOOL", "ICU"} <= set(
        codes["http://terminology.hl7.org/CodeSystem/v3-RoleCode"]
    )
    assert "BRO" not in codes["http://terminology.hl7.org/CodeSystem/v3-RoleCode"]


@pytest.mark.shared_data
def test_the_generator_writes_the_same_file_from_a_package_by_path(shared_data: Path, tmp_path: Path) -> None:
    assert main(["--package", str(shared_data / PACKAGE), "--output", str(tmp_path / "r4.json")]) == 0
    assert (tmp_path / "r4.json").read_bytes() == FACTS.read_bytes()


@pytest.mark.shared_data
def test_another_package_is_refused(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = shared_data / "definitions" / "hl7.fhir.us.core-6.1.0.tgz"

    assert main(["--package", str(other), "--output", str(tmp_path / "r4.json")]) == 1
    assert "hl7.fhir.us.core" in capsys.readouterr().err
    assert not (tmp_path / "r4.json").exists()


def test_what_is_no_package_is_refused_with_its_name(tmp_path: Path) -> None:
    broken = tmp_path / "broken.tgz"
    broken.write_bytes(b"not an archive")

    with pytest.raises(BadPackage, match=r"broken\.tgz is no FHIR package"):
        read_package(broken)
