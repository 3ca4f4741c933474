"""The care team: who cares for a person, in which part."""

from __future__ import annotations

from gateway.records.scalars import CodeText, DateText, ItemId, RecordId, ReferenceText, Text, YesNo
from gateway.records.shapes import (
    Coding,
    Concept,
    Identifier,
    LogicalReference,
    Note,
    Record,
    Shape,
    Telecom,
    many,
    one,
)

# Source: https://hl7.org/fhir/R4/valueset-care-team-status.html
STATUS = ("proposed", "active", "suspended", "inactive", "entered-in-error")


class Member(Shape):
    """Somebody on the team; ``lead`` marks who coordinates it."""

    id = ItemId()
    member = ReferenceText()
    member_text = Text(dump_only=True)
    member_identifier = one(LogicalReference, dump_only=True)
    role = one(Coding)
    role_text = Text()
    roles = many(Concept, dump_only=True)
    starts_on = DateText()
    ends_on = DateText()
    on_behalf_of = RecordId("organisation")
    on_behalf_of_text = Text(dump_only=True)
    lead = YesNo()


class CareTeamSchema(Record):
    """Source: https://hl7.org/fhir/R4/careteam.html"""

    identifiers = many(Identifier)
    person = RecordId("person", required=True)
    person_text = Text(dump_only=True)
    person_identifier = one(LogicalReference, dump_only=True)
    name = Text()
    status = CodeText(*STATUS)
    categories = many(Concept)
    starts_on = DateText()
    ends_on = DateText()
    visit = RecordId("visit")
    visit_text = Text(dump_only=True)
    organisation = many(RecordId("organisation"))
    organisation_texts = many(Text(), dump_only=True)
    telecoms = many(Telecom)
    members = many(Member)
    reasons = many(RecordId("need"))
    reasons_texts = many(Text(), dump_only=True)
    reason_codes = many(Concept)
    notes = many(Note)
