"""What the StructureDefinition of an extension allows: R4's own, or one of `profiles/`.

Source: https://hl7.org/fhir/R4/defining-extensions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway.conformance.facts import Binding, ExtensionFacts, Strength

_TYPES: Final = "http://hl7.org/fhir/StructureDefinition/"


def extension_facts(definition: Mapping[str, Any]) -> ExtensionFacts:
    """The facts of an extension's definition, which may hold a snapshot or a differential alone."""
    view = definition.get("snapshot") or definition.get("differential") or {}
    elements = {str(held["id"]): held for held in view.get("element", ()) if isinstance(held.get("id"), str)}
    root = elements.get("Extension", {})
    return _facts(
        str(definition["url"]),
        "Extension",
        elements,
        contexts=tuple(
            str(held["expression"]) for held in definition.get("context", ()) if held["type"] == "element"
        ),
        root=root,
    )


def _facts(
    url: str,
    id: str,
    elements: Mapping[str, Mapping[str, Any]],
    *,
    contexts: tuple[str, ...] = (),
    root: Mapping[str, Any],
) -> ExtensionFacts:
    value = _value(id, elements)
    named = tuple(dict.fromkeys(str(held["code"]) for held in value.get("type", ())))
    return ExtensionFacts(
        url=url,
        types=() if value.get("max") == "0" else named,
        parts=_parts(id, elements),
        contexts=contexts,
        min=int(root.get("min", 0)),
        max=None if root.get("max", "*") == "*" else int(root["max"]),
        modifier=bool(root.get("isModifier")),
        targets=tuple(
            url.removeprefix(_TYPES)
            for held in value.get("type", ())
            for url in held.get("targetProfile", ())
            if url != _TYPES + "Resource"
        ),
        binding=_binding(value),
    )


def _value(id: str, elements: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """The element of the value, which a differential may also call by its one type: `valueCode`."""
    for name, held in elements.items():
        stem, _, last = name.rpartition(".")
        if stem == id and last.startswith("value"):
            return held
    return {}


def _parts(id: str, elements: Mapping[str, Mapping[str, Any]]) -> dict[str, ExtensionFacts]:
    parts: dict[str, ExtensionFacts] = {}
    for name, held in elements.items():
        stem, _, last = name.rpartition(".")
        if stem == id and last.startswith("extension:") and held.get("max") != "0":
            url = str(elements.get(f"{name}.url", {}).get("fixedUri", last.partition(":")[2]))
            parts[url] = _facts(url, name, elements, root=held)
    return parts


def _binding(value: Mapping[str, Any]) -> Binding | None:
    held = value.get("binding")
    if not isinstance(held, Mapping) or "valueSet" not in held:
        return None
    return Binding(Strength(held["strength"]), str(held["valueSet"]).partition("|")[0])
