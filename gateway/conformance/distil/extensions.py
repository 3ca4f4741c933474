"""StructureDefinitions of extensions to what they may hold and where they may stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.conformance.distil.package import Package
from gateway.conformance.extensions import extension_facts
from gateway.conformance.facts import ExtensionFacts


def extensions_of(package: Package) -> dict[str, ExtensionFacts]:
    """The extensions of a package by url."""
    return {
        str(held["url"]): extension_facts(held)
        for held in package.all("StructureDefinition")
        if is_extension(held)
    }


def is_extension(definition: Mapping[str, Any]) -> bool:
    """Whether a StructureDefinition defines an extension."""
    return definition.get("type") == "Extension" and definition.get("derivation") == "constraint"
