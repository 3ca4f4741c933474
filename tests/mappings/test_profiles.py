"""Every extension that a rule file uses is defined, and every definition is used."""

from __future__ import annotations

import json
import re
from typing import Any

from gateway.care.referral import State
from gateway.conformance.typed import shape_issues
from gateway.places import DataFolder, data_folder

BASE = "https://care-gateway.example/fhir/StructureDefinition/"
PROFILES = data_folder(DataFolder.PROFILES)
MAPPINGS = data_folder(DataFolder.MAPPINGS)
EXTENSION = re.compile(r"(?<![).])ext\(([a-z-]+)\)(?:\.value([A-Z]\w+))?")


def definitions() -> dict[str, dict[str, Any]]:
    found = (json.loads(file.read_text(encoding="utf-8")) for file in sorted(PROFILES.glob("*.json")))
    return {resource["url"]: resource for resource in found}


def used() -> set[tuple[str, str]]:
    """Our own extensions in the rule files, with the type of value that the rule states, if it states one."""
    rules = [file.read_text(encoding="utf-8") for file in sorted(MAPPINGS.glob("*.yaml"))]
    found = {match.groups() for text in rules for match in EXTENSION.finditer(text)}
    inner = {part for one in definitions().values() for part in parts_of(one)}
    return {(name, value or "") for name, value in found if name not in inner}


def parts_of(definition: dict[str, Any]) -> set[str]:
    elements = definition.get("differential", {}).get("element", [])
    return {element["sliceName"] for element in elements if "sliceName" in element}


def test_every_extension_in_use_is_defined_with_the_type_the_rule_writes() -> None:
    known = definitions()
    for name, value in used():
        definition = known[BASE + name]
        types = {
            kind["code"]
            for element in definition["differential"]["element"]
            if element["id"] == "Extension.value[x]"
            for kind in element.get("type", [])
        }

        assert not value or any(value.lower() == kind.lower() for kind in types), name


def test_every_definition_of_an_extension_is_in_use() -> None:
    urls = {url for url in definitions() if url.startswith(BASE)}

    assert urls == {BASE + name for name, _ in used()}


def test_every_definition_is_r4_and_lies_in_the_file_of_its_name() -> None:
    for file in PROFILES.glob("*.json"):
        resource = json.loads(file.read_text(encoding="utf-8"))

        assert file.stem == f"{resource['resourceType']}-{resource['id']}"
        assert resource["url"].endswith(resource["id"])
        assert shape_issues(resource) == []


def test_the_states_of_a_leg_are_published_as_a_code_system() -> None:
    system = definitions()["https://care-gateway.example/fhir/CodeSystem/referral-state"]

    assert {concept["code"] for concept in system["concept"]} == {state.value for state in State}
