"""The referral: a request for a service, and one leg for each agency it was offered to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validates_schema

from gateway.records.scalars import (
    CodeText,
    DateTimeText,
    InstantText,
    ItemId,
    RecordId,
    ReferenceText,
    Text,
    YesNo,
)
from gateway.records.shapes import Coding, Concept, Identifier, Note, Record, Shape, many, one

# Source: https://hl7.org/fhir/R4/valueset-request-intent.html
INTENT = (
    "proposal",
    "plan",
    "directive",
    "order",
    "original-order",
    "reflex-order",
    "filler-order",
    "instance-order",
    "option",
)

# Source: https://hl7.org/fhir/R4/valueset-request-priority.html
PRIORITY = ("routine", "urgent", "asap", "stat")


class Outcome(Shape):
    """What came of a leg: evidence by reference, words, or both; ``kind`` says which sort of outcome."""

    kind = one(Coding)
    kind_text = Text()
    resource = ReferenceText()
    resource_text = Text(dump_only=True)
    text = Text()


class Leg(Shape):
    """One agency's part: offered, answered, worked on, closed. Its status changes by moves only.

    ``id`` is the id of the Task; ``answer_by`` is the moment by which an answer was promised.
    Source: https://hl7.org/fhir/R4/task.html
    """

    id = ItemId(dump_only=True)
    identifiers = many(Identifier)
    organisation = RecordId("organisation")
    organisation_text = Text(dump_only=True)
    service = RecordId("service")
    status = CodeText(dump_only=True)
    priority = CodeText(*PRIORITY)
    details_text = Text()
    reason_code = one(Coding)
    reason_text = Text()
    business_status = one(Coding)
    business_status_text = Text()
    offered_at = DateTimeText()
    answer_by = DateTimeText()
    changed_at = DateTimeText(dump_only=True)
    starts_at = DateTimeText()
    ends_at = DateTimeText()
    appointment = RecordId("appointment")
    outcomes = many(Outcome)
    notes = many(Note)


class Event(Shape):
    """One move of the referral, as it happened; never rewritten."""

    at = InstantText(dump_only=True)
    move = Text(dump_only=True)
    by = Text(dump_only=True)
    from_ = Text(dump_only=True, data_key="from")
    to = Text(dump_only=True)
    leg = ItemId(dump_only=True)
    reason_text = Text(dump_only=True)


class ReferralSchema(Record):
    """Source: https://hl7.org/fhir/R4/servicerequest.html"""

    person = RecordId("person", required=True)
    reference_number = Text()
    identifiers = many(Identifier)
    state = Text(dump_only=True)
    intent = CodeText(*INTENT)
    priority = CodeText(*PRIORITY)
    category = many(Concept)
    service = one(Coding)
    service_text = Text()
    details_text = Text()
    reasons = many(ReferenceText())
    reason_texts = many(Text())
    goals = many(RecordId("goal"))
    care_plan = RecordId("care_plan")
    visit = RecordId("visit")
    requester = ReferenceText()
    requester_text = Text(dump_only=True)
    authored_at = DateTimeText()
    needed_from = DateTimeText()
    needed_by = DateTimeText()
    needed_at = DateTimeText()
    do_not_perform = YesNo()
    replaces = many(RecordId("referral"))
    recipients_wanted = many(ReferenceText())
    consent = RecordId("consent")
    attachments = many(RecordId("document"))
    person_instructions = Text()
    legs = many(Leg)
    events = many(Event, dump_only=True)
    notes = many(Note)

    @validates_schema
    def _one_kind_of_time(self, data: Mapping[str, Any], **_: Any) -> None:
        """FHIR holds one occurrence[x] a request. Source: https://hl7.org/fhir/R4/servicerequest.html"""
        ranged = data.get("needed_from") is not None or data.get("needed_by") is not None
        if ranged and data.get("needed_at") is not None:
            raise ValidationError("give either needed_from and needed_by, or needed_at", "needed_at")
