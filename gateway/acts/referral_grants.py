"""What an agency may see because a referral was offered to it: the request, its own leg, and whom they name.

Nothing else of the person's record, and no longer than the leg is its business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.acts.agency_organisation import partner_behind, signs_in_as
from gateway.acts.held_referral import HeldReferral, owner_id
from gateway.fhir.references import ReferenceKind, parse_reference, relative, walk
from gateway.store import grants, people, resources

BASIS: Final = "referral"
# What an agency needs of what a request names in order to act: never conditions, plans or documents.
_NAMED: Final = frozenset(
    {"Organization", "Practitioner", "PractitionerRole", "HealthcareService", "Location"}
)


def may_see(held: HeldReferral, organisation: str, leg: Mapping[str, Any]) -> None:
    """From the commit on, the organisation sees this leg, the request, the person and whom they name."""
    referral = held.parts.root
    shown = {referral.reference, relative("Task", str(leg["id"]))}
    for reference in [*_named(held.request), *_named(dict(leg))]:
        target = parse_reference(reference)
        assert target.type is not None
        assert target.id is not None
        if resources.find(held.asking, target.type, target.id) is not None:
            shown.add(reference)
    grants.grant(held.tx, organisation, referral.id, sorted(shown | set(_persons(held))), BASIS)


def may_see_also(held: HeldReferral, leg: Mapping[str, Any], references: list[str]) -> None:
    """The leg's organisation also sees these, which it reported itself."""
    organisation = _signed_in(held, leg)
    if organisation is not None and references:
        grants.grant(held.tx, organisation, held.parts.root.id, references, BASIS)


def sees_no_more(held: HeldReferral, leg: Mapping[str, Any]) -> None:
    """The leg's organisation sees nothing by this referral any more; its own acts stay in the history."""
    organisation = _signed_in(held, leg)
    if organisation is not None:
        grants.close(held.tx, held.parts.root.id, organisation)


def _signed_in(held: HeldReferral, leg: Mapping[str, Any]) -> str | None:
    owner = owner_id(leg)
    partner = partner_behind(held.gateway, held.tx, owner) if owner else None
    return signs_in_as(held.tx, partner) if partner else None


def _named(resource: dict[str, Any]) -> Iterator[str]:
    for _, holder in walk(resource):
        reference = parse_reference(holder["reference"])
        if reference.kind is ReferenceKind.RELATIVE and reference.type in _NAMED and reference.id:
            yield relative(reference.type, reference.id)


def _persons(held: HeldReferral) -> Iterator[str]:
    """The Patient that the request is about, and the person it belongs to, whose id the record shows.

    Both with the eyes of whoever sends it: nobody shares more than it sees.
    """
    subject = parse_reference(str(held.request["subject"].get("reference", "")))
    if subject.type == "Patient" and subject.id is not None:
        for patient in {subject.id, people.person_of(held.asking, subject.id) or subject.id}:
            if resources.find(held.asking, "Patient", patient) is not None:
                yield relative("Patient", patient)
