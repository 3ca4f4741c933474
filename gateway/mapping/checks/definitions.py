"""The extensions that the gateway and its operator define: the StructureDefinitions of `profiles/`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gateway.conformance.extensions import extension_facts
from gateway.conformance.facts import ExtensionFacts, r4
from gateway.fhir.json_codec import read_untrusted
from gateway.mapping.checks.ground import Atlas


def atlas(*folders: Path) -> Atlas:
    """R4 and the extensions defined in these folders; a later folder goes before an earlier one."""
    known: dict[str, ExtensionFacts] = {}
    for folder in folders:
        known |= _defined(folder)
    return Atlas(r4(), known)


def _defined(folder: Path) -> Mapping[str, ExtensionFacts]:
    found: dict[str, ExtensionFacts] = {}
    for file in sorted(folder.glob("StructureDefinition-*.json")):
        definition = read_untrusted(file.read_bytes())
        if isinstance(definition, dict) and definition.get("type") == "Extension":
            facts = extension_facts(definition)
            found[facts.url] = facts
    return found
