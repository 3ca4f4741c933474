"""StructureDefinitions to types and elements: what each type defines itself, without what it inherits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.conformance.distil.package import Package
from gateway.conformance.facts import Binding, Element, Invariant, Kind, Strength, TypeFacts

_TYPES: Final = "http://hl7.org/fhir/StructureDefinition/"
_SYSTEM_TYPES: Final = "http://hl7.org/fhirpath/System."
_EXTENSIONS: Final = "http://hl7.org/fhir/StructureDefinition/"
_FHIR_TYPE: Final = _EXTENSIONS + "structuredefinition-fhir-type"
_REGEX: Final = _EXTENSIONS + "regex"
_MAX_VALUE_SET: Final = _EXTENSIONS + "elementdefinition-maxValueSet"
# Named in the core package, but profiles of a library or of the definition of elements, not of data.
_NO_DATA: Final = frozenset({"ElementDefinition", "Extension"})


def types_of(package: Package) -> dict[str, TypeFacts]:
    """Every type of the package by name: resources, data types, primitives, named profiles of data types."""
    definitions = {
        str(held["id"]): held for held in package.all("StructureDefinition") if _kind(held) is not None
    }
    rules = {name: _root_invariants(held) for name, held in definitions.items()}
    return {name: _type(held, rules) for name, held in sorted(definitions.items())}


def _kind(definition: Mapping[str, Any]) -> Kind | None:
    """What sort of type it defines; None for logical models, extensions, profiles of resources and drafts."""
    kind, derivation = definition["kind"], definition.get("derivation")
    if kind == "logical" or "snapshot" not in definition:
        return None
    if derivation != "constraint":
        return Kind(kind)
    profiled = kind == "complex-type" and definition["type"] not in _NO_DATA
    return Kind.PROFILE if profiled else None


def _type(definition: Mapping[str, Any], rules: Mapping[str, dict[str, Invariant]]) -> TypeFacts:
    name = str(definition["id"])
    snapshot = definition["snapshot"]["element"]
    base = str(definition.get("baseDefinition", "")).removeprefix(_TYPES)
    kind = _kind(definition)
    assert kind is not None, "those without were left out"
    if kind is Kind.PROFILE:
        shown = {e["path"]: e for e in definition["differential"]["element"]}
        snapshot = [e for e in snapshot if e["path"] in shown]
        own = {e["path"] for e in snapshot if "." in e["path"]}
    else:
        own = {e["path"] for e in snapshot if "." in e["path"] and _is_own(e)}
    inherited = rules.get(base, {})
    return TypeFacts(
        name=name,
        kind=kind,
        base=base,
        abstract=bool(definition.get("abstract")),
        regex=_regex(name, definition) if kind is Kind.PRIMITIVE else "",
        elements={e["path"]: _element(e, rules) for e in snapshot if e["path"] in own},
        invariants=tuple(rule for key, rule in rules[name].items() if key not in inherited),
    )


def _is_own(element: Mapping[str, Any]) -> bool:
    """Whether a type says it itself: the element is its own, or narrower than inherited."""
    base = element["base"]
    return bool(base["path"] == element["path"]) or any(base[key] != element[key] for key in ("min", "max"))


def _regex(name: str, definition: Mapping[str, Any]) -> str:
    for element in definition["snapshot"]["element"]:
        if element["path"] == f"{name}.value":
            return str(next(_extension_values(element["type"][0], _REGEX), ""))
    return ""


def _root_invariants(definition: Mapping[str, Any]) -> dict[str, Invariant]:
    return _invariants(definition["snapshot"]["element"][0])


def _invariants(element: Mapping[str, Any]) -> dict[str, Invariant]:
    return {
        held["key"]: Invariant(held["key"], held["human"], held.get("expression", ""), held["severity"])
        for held in element.get("constraint", ())
    }


def _element(element: Mapping[str, Any], rules: Mapping[str, dict[str, Invariant]]) -> Element:
    types = tuple(dict.fromkeys(_type_name(held) for held in element.get("type", ())))
    of_types = {key for name in types for key in rules.get(name, {})} | set(rules["Element"])
    path = str(element["path"])
    return Element(
        path=path,
        min=int(element["min"]),
        max=None if element["max"] == "*" else int(element["max"]),
        types=types,
        targets=tuple(_named(element, "targetProfile", "Reference")),
        canonicals=tuple(_named(element, "targetProfile", "canonical")),
        profiles=tuple(_named(element, "profile")),
        binding=binding_of(element),
        choice=path.rpartition(".")[2].removesuffix("[x]") if path.endswith("[x]") else "",
        content=str(element.get("contentReference", "")).removeprefix("#"),
        modifier=bool(element.get("isModifier")),
        summary=bool(element.get("isSummary")),
        invariants=tuple(rule for key, rule in _invariants(element).items() if key not in of_types),
    )


def _type_name(held: Mapping[str, Any]) -> str:
    """The name of the type; R4 writes those of `id` and of primitive values as a FHIRPath type.

    Source: https://hl7.org/fhir/R4/extension-structuredefinition-fhir-type.html
    """
    code = str(held["code"])
    if code.startswith(_SYSTEM_TYPES):
        plain = code.removeprefix(_SYSTEM_TYPES)
        return str(next(_extension_values(held, _FHIR_TYPE), plain[0].lower() + plain[1:]))
    return code


def _named(element: Mapping[str, Any], key: str, of: str | None = None) -> Iterator[str]:
    """The short names of the definitions that the types name; "any resource" is said by naming none."""
    for held in element.get("type", ()):
        if of is None or held["code"] == of:
            for url in held.get(key, ()):
                name = str(url).removeprefix(_TYPES)
                if name != "Resource":
                    yield name


def binding_of(element: Mapping[str, Any]) -> Binding | None:
    """The binding of an element, its value set without version."""
    held = element.get("binding")
    if not isinstance(held, Mapping):
        return None
    most = next(_extension_values(held, _MAX_VALUE_SET), "")
    return Binding(
        Strength(held["strength"]), unversioned(str(held.get("valueSet", ""))), unversioned(str(most))
    )


def unversioned(canonical: str) -> str:
    """The canonical without its version."""
    return canonical.partition("|")[0]


def _extension_values(holder: Mapping[str, Any], url: str) -> Iterator[Any]:
    for held in holder.get("extension", ()):
        if held["url"] == url:
            yield next(value for name, value in held.items() if name.startswith("value"))
