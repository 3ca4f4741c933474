"""When two Patients are the same person: by an exact identifier that somebody verified, and by nothing else.

Similar names and birth dates never link: a wrong link shows one person's care to another person's hospital.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from gateway.fhir.codings import codings_of
from gateway.fhir.identifiers import Identifier
from gateway.fhir.json_codec import Resource
from gateway.fhir.systems import EXTENSIONS, NHS_NUMBER

VERIFIED: Final = f"{EXTENSIONS}identifier-verified"
NHS_NUMBER_STATUS: Final = (
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus"
)
NHS_NUMBER_VERIFIED: Final = frozenset({"01", "number-present-and-verified"})


def verified_identifiers(
    patient: Resource, systems: Collection[str], *, must_say_so: bool = False
) -> frozenset[Identifier]:
    """The Patient's identifiers beyond doubt: in one of `systems`, current, well-formed, not denied.

    A verification extension, where there is one, must say verified; with `must_say_so` there must be one.
    A period that has an end, or use `old` or `temp`, makes an identifier history.
    """
    found = set()
    for item in _identifiers(patient):
        system, value = item.get("system"), item.get("value")
        if not isinstance(system, str) or not isinstance(value, str) or system not in systems:
            continue
        said = _says_verified(item)
        if said is False or (must_say_so and said is None) or _is_history(item):
            continue
        if WELL_FORMED.get(system, _is_not_blank)(value):
            found.add(Identifier(system, value))
    return frozenset(found)


def is_nhs_number(value: str) -> bool:
    """Ten digits whose last is the check digit (modulus 11), written without spaces.

    Source: https://www.datadictionary.nhs.uk/attributes/nhs_number.html
    """
    if len(value) != 10 or not value.isascii() or not value.isdigit():
        return False
    weighted = sum(int(digit) * weight for digit, weight in zip(value, range(10, 1, -1), strict=False))
    return (11 - weighted % 11) % 11 == int(value[-1])


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person, and the verified identifiers by which it can be known: its own and its linked Patients'."""

    person: str
    identifiers: frozenset[Identifier]


def persons_matching(identifiers: frozenset[Identifier], candidates: Iterable[Candidate]) -> tuple[str, ...]:
    """The persons that share a verified identifier, sorted: none, one, or several that a person must tell.

    A candidate that shares one identifier but, in another system, has only other values is no match: these
    are two people, one of whom was given the other's number by mistake.
    """
    matching = {
        candidate.person
        for candidate in candidates
        if candidate.identifiers & identifiers and not contradict(candidate.identifiers, identifiers)
    }
    return tuple(sorted(matching))


def contradict(one: frozenset[Identifier], other: frozenset[Identifier]) -> bool:
    """Whether there is a system in which both have values, and none in common."""
    systems = {identifier.system for identifier in one} & {identifier.system for identifier in other}
    shared = {identifier.system for identifier in one & other}
    return bool(systems - shared)


def _identifiers(patient: Resource) -> list[Mapping[str, Any]]:
    held = patient.get("identifier")
    return [item for item in held if isinstance(item, dict)] if isinstance(held, list) else []


def _is_history(identifier: Mapping[str, Any]) -> bool:
    period = identifier.get("period")
    return identifier.get("use") in ("old", "temp") or (isinstance(period, dict) and "end" in period)


def _says_verified(identifier: Mapping[str, Any]) -> bool | None:
    """What the identifier says about itself; None when it says nothing. Any denial counts."""
    said: list[bool] = []
    extensions = identifier.get("extension")
    for extension in extensions if isinstance(extensions, list) else ():
        if not isinstance(extension, dict):
            continue
        if extension.get("url") == VERIFIED:
            said.append(extension.get("valueBoolean") is True)
        elif extension.get("url") == NHS_NUMBER_STATUS:
            codes = {coding.code for coding in codings_of(extension.get("valueCodeableConcept"))}
            said.append(bool(codes & NHS_NUMBER_VERIFIED))
    return all(said) if said else None


def _is_not_blank(value: str) -> bool:
    return bool(value.strip())


WELL_FORMED: Final[Mapping[str, Callable[[str], bool]]] = MappingProxyType({NHS_NUMBER: is_nhs_number})
