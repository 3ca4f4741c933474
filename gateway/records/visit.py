"""The visit: the person and those who care for them met, for an hour or for weeks."""

from __future__ import annotations

from gateway.records.scalars import (
    CodeText,
    DateTimeText,
    RecordId,
    ReferenceText,
    Text,
    Uri,
    WholeNumber,
)
from gateway.records.shapes import Coding, Concept, Identifier, LogicalReference, Record, Shape, many, one

# Source: https://hl7.org/fhir/R4/valueset-encounter-status.html
STATUS = (
    "planned",
    "arrived",
    "triaged",
    "in-progress",
    "onleave",
    "finished",
    "cancelled",
    "entered-in-error",
    "unknown",
)


class VisitParticipant(Shape):
    """Somebody who was there for the person, in which role and from when to when."""

    who = ReferenceText()
    who_text = Text(dump_only=True)
    who_identifier = one(LogicalReference, dump_only=True)
    roles = many(Concept)
    starts_at = DateTimeText()
    ends_at = DateTimeText()


class Diagnosis(Shape):
    """A need that the visit was about; ``use`` says as what, such as the diagnosis at discharge."""

    need = ReferenceText(required=True)
    need_text = Text(dump_only=True)
    use = one(Concept)
    rank = WholeNumber(least=1)


class Stay(Shape):
    """Where the person was in the course of the visit."""

    location = RecordId("location", dump_only=True)
    location_text = Text(dump_only=True)
    location_identifier = one(LogicalReference, dump_only=True)
    status = Text(dump_only=True)
    kind = one(Concept, dump_only=True)
    starts_at = DateTimeText(dump_only=True)
    ends_at = DateTimeText(dump_only=True)


class PastStatus(Shape):
    """What the status was, and when."""

    status = Text(dump_only=True)
    starts_at = DateTimeText(dump_only=True)
    ends_at = DateTimeText(dump_only=True)


class PastKind(Shape):
    """What kind of visit it was, and when: an emergency that became an admission."""

    kind = one(Coding, dump_only=True)
    starts_at = DateTimeText(dump_only=True)
    ends_at = DateTimeText(dump_only=True)


class PreAdmission(Shape):
    """The number under which the hospital planned the stay."""

    system = Uri()
    value = Text()
    use = CodeText("usual", "official", "temp", "secondary", "old")


class VisitSchema(Record):
    """Source: https://hl7.org/fhir/R4/encounter.html"""

    identifiers = many(Identifier)
    person = RecordId("person", required=True)
    person_text = Text(dump_only=True)
    person_identifier = one(LogicalReference, dump_only=True)
    status = CodeText(*STATUS, required=True)
    kind = one(Coding)
    kinds = many(Concept)
    service_kind = one(Concept)
    priority = one(Concept)
    reasons = many(ReferenceText())
    reason_codes = many(Concept)
    starts_at = DateTimeText()
    ends_at = DateTimeText()
    minutes = WholeNumber()
    participants = many(VisitParticipant)
    organisation = RecordId("organisation")
    organisation_text = Text(dump_only=True)
    organisation_identifier = one(LogicalReference, dump_only=True)
    location = RecordId("location")
    locations = many(Stay, dump_only=True)
    diagnoses = many(Diagnosis)
    admitted_from = one(Concept)
    came_from = ReferenceText()
    pre_admission = one(PreAdmission)
    readmission = one(Concept)
    diet = many(Concept)
    arrangements = many(Concept)
    courtesies = many(Concept)
    discharge = one(Concept)
    went_to = ReferenceText()
    part_of = RecordId("visit")
    referrals = many(RecordId("referral"))
    appointments = many(RecordId("appointment"))
    episodes = many(RecordId("episode of care"))
    history = many(PastStatus, dump_only=True)
    kind_history = many(PastKind, dump_only=True)
