"""Linking a source's Patient to the person it is: by an exact verified identifier, or as a person of its own.

The source's Patient is never changed. The person is a Patient of ours whose `link[]` names the sources'
Patients.
Source: https://hl7.org/fhir/R4/patient.html#links
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from gateway.access.actors import HERE
from gateway.acts.asking import ask
from gateway.acts.gateway import Gateway
from gateway.care.matching import Candidate, contradict, persons_matching, verified_identifiers
from gateway.fhir.identifiers import Identifier
from gateway.fhir.json_codec import Resource
from gateway.fhir.references import relative
from gateway.store import audit, people, resources
from gateway.store.database import Transaction
from gateway.store.links import LINK_TYPE
from gateway.store.search import lock_criteria
from gateway.store.versions import Version

# What the store says about the source's Patient itself, and who cares for it there, is not the person's.
NOT_COPIED = ("id", "version", "updated_at", "general_practitioners", "managing_organisation")


@dataclass(frozen=True, slots=True)
class Linked:
    """The person that a Patient belongs to, and how that is known.

    person  None when several persons fit: then a coordinator is asked
    how     `already`, `identifier`, `new` or `ambiguous`
    """

    person: str | None
    how: str


def link_person(gateway: Gateway, tx: Transaction, version: Version) -> Linked:
    """Whom this source's Patient is linked to after this, in the caller's transaction; safe to repeat.

    Which identifiers count is said by the partner's file; a source without a file has verified none, so
    that each of its Patients becomes a person of its own.
    """
    assert version.type == "Patient", "only Patients are persons"
    bookkeeping = tx.acting_as(gateway.self_actor)
    person = people.person_of(bookkeeping, version.id)
    if person is not None:
        if question := _doubt(gateway, bookkeeping, version, person):
            ask(tx, version.reference, question, {"persons": [person]})
        return Linked(person, "already")
    identifiers = _verified(gateway, version)
    _hold(bookkeeping, identifiers)
    persons = persons_matching(identifiers, _candidates(gateway, bookkeeping, identifiers))
    match persons:
        case ():
            return Linked(_new_person(gateway, bookkeeping, version, identifiers), "new")
        case (person,):
            people.link(bookkeeping, version.id, person, "identifier")
            audit.record(bookkeeping, "link person", _references(person, version))
            return Linked(person, "identifier")
        case _:
            question = f"{len(persons)} persons carry its verified identifier"
            ask(tx, version.reference, question, {"persons": list(persons)})
            about = [version.reference]
            audit.record(bookkeeping, "link person", about, outcome="failed", detail="several persons fit")
            return Linked(None, "ambiguous")


def hold_persons(gateway: Gateway, tx: Transaction, patients: Iterable[Resource]) -> None:
    """Until this transaction ends, nobody else links a Patient by an identifier that one of these brings.

    Whoever writes several Patients takes all of it before the first, so that no two wait for each other.
    """
    source = tx.actor.source
    _hold(tx, {it for patient in patients for it in _verified_in(gateway, source, patient)})


def _hold(tx: Transaction, identifiers: AbstractSet[Identifier]) -> None:
    # Two hospitals' pages received at the same moment must not make two persons of one.
    for identifier in sorted(identifiers):
        lock_criteria(tx, f"person {identifier}")


def _doubt(gateway: Gateway, tx: Transaction, version: Version, person: str) -> str:
    """Why this linked Patient may have become somebody else's; empty without news of its identifiers.

    The link stays as it is: undoing it wrongly hides a person's care as surely as a wrong link shows it.
    """
    if version.id == person:
        return ""  # whoever wrote a person's own record had that person in mind
    identifiers = _verified(gateway, version)
    earlier = resources.history(tx, "Patient", version.id, count=1, before=version.version)
    if any(not it.deleted and identifiers <= _verified(gateway, it) for it in earlier):
        return ""
    if any(it != person for it in persons_matching(identifiers, _candidates(gateway, tx, identifiers))):
        return "its verified identifiers changed, and another person than the one it is linked to carries one"
    if contradict(_known_of(gateway, tx, person, without=version.id), identifiers):
        return "its verified identifiers changed, and those of the person it is linked to are others"
    return ""


def _verified(gateway: Gateway, version: Version) -> frozenset[Identifier]:
    return _verified_in(gateway, version.source, version.resource)


def _verified_in(gateway: Gateway, source: str, patient: Resource) -> frozenset[Identifier]:
    """The Patient's identifiers beyond doubt; a person's own count only where each says that it is
    verified.
    """
    if source == HERE:
        systems = {system for partner in gateway.partners.values() for system in partner.verified_identifiers}
        return verified_identifiers(patient, systems, must_say_so=True)
    partner = gateway.partners.get(source)
    return verified_identifiers(patient, partner.verified_identifiers if partner else ())


def _candidates(gateway: Gateway, tx: Transaction, identifiers: frozenset[Identifier]) -> list[Candidate]:
    """The persons near these identifiers, each with the verified identifiers of itself and its Patients."""
    found = people.matching(tx, identifiers)
    near = sorted(set(people.persons_of(tx, found).values()))
    return [Candidate(person, _known_of(gateway, tx, person)) for person in near]


def _known_of(
    gateway: Gateway, tx: Transaction, person: str, *, without: str | None = None
) -> frozenset[Identifier]:
    linked = (link.patient for link in people.patients_of(tx, person))
    ids = [person, *(patient for patient in linked if patient != without)]
    versions = [found for id in ids if (found := resources.find(tx, "Patient", id)) and not found.deleted]
    return frozenset(identifier for version in versions for identifier in _verified(gateway, version))


def _new_person(gateway: Gateway, tx: Transaction, version: Version, verified: frozenset[Identifier]) -> str:
    """A person with the demographics of this Patient, linked to it; the source's own record stays the
    source's. Identifiers that the source has verified say so.
    """
    record = gateway.mappings["person"].get({"Patient": version.resource}).record
    copied = {name: value for name, value in record.items() if name not in NOT_COPIED}
    for item in copied.get("identifiers", ()):
        if Identifier(item.get("system"), item.get("value")) in verified:
            item["verified"] = True
    patient: dict[str, Any] = gateway.mappings["person"].create(copied).resources["Patient"]
    link = {"other": {"reference": version.reference}, "type": LINK_TYPE}
    person = resources.create(tx, {**patient, "link": [link]}, source=HERE)
    audit.record(tx, "create person", _references(person.id, version))
    return person.id


def _references(person: str, version: Version) -> tuple[str, str]:
    return relative("Patient", person), version.reference
