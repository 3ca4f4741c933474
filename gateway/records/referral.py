"""The referral: a request for a service, one leg for each agency it was offered to, and further tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validates_schema

from gateway.records.legs import PRIORITY, Leg, RequestTask
from gateway.records.quantities import Amount, Timing
from gateway.records.scalars import (
    CodeText,
    DateTimeText,
    InstantText,
    ItemId,
    RecordId,
    ReferenceText,
    Text,
    Uri,
    YesNo,
)
from gateway.records.shapes import (
    Coding,
    Concept,
    GroupIdentifier,
    Identifier,
    LogicalReference,
    Note,
    Record,
    Shape,
    many,
    one,
)

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
    person_text = Text(dump_only=True)
    person_identifier = one(LogicalReference, dump_only=True)
    reference_number = Text()
    identifiers = many(Identifier)
    group_identifier = one(GroupIdentifier)
    state = Text(dump_only=True)
    request_status = CodeText(dump_only=True)
    intent = CodeText(*INTENT)
    priority = CodeText(*PRIORITY)
    category = many(Concept)
    service = one(Coding)
    service_text = Text()
    details_text = Text()
    details = many(Concept, dump_only=True)
    quantity = one(Amount)
    body_sites = many(Concept)
    reasons = many(ReferenceText())
    reasons_texts = many(Text(), dump_only=True)
    reason_texts = many(Text())
    reason_codes = many(Concept, dump_only=True)
    goals = many(RecordId("goal"))
    care_plan = RecordId("care_plan")
    based_on = many(ReferenceText())
    based_on_texts = many(Text(), dump_only=True)
    visit = RecordId("visit")
    visit_text = Text(dump_only=True)
    requester = ReferenceText()
    requester_text = Text(dump_only=True)
    requester_identifier = one(LogicalReference, dump_only=True)
    authored_at = DateTimeText()
    needed_from = DateTimeText()
    needed_by = DateTimeText()
    needed_at = DateTimeText()
    timing_text = Text()
    timing = one(Timing)
    as_needed = YesNo()
    as_needed_code = one(Coding)
    as_needed_text = Text()
    do_not_perform = YesNo()
    replaces = many(RecordId("referral"))
    replaces_texts = many(Text(), dump_only=True)
    recipients_wanted = many(ReferenceText())
    recipients_wanted_texts = many(Text(), dump_only=True)
    recipients_wanted_identifiers = many(LogicalReference, dump_only=True)
    recipient_kind = one(Coding)
    recipient_kind_text = Text()
    locations = many(RecordId("location"))
    locations_texts = many(Text(), dump_only=True)
    locations_identifiers = many(LogicalReference, dump_only=True)
    location_codes = many(Concept)
    insurance = many(ReferenceText())
    consent = RecordId("consent")
    attachments = many(RecordId("document"))
    supporting = many(ReferenceText())
    attachments_texts = many(Text(), dump_only=True)
    specimens = many(ReferenceText())
    specimens_texts = many(Text(), dump_only=True)
    history = many(ReferenceText())
    history_texts = many(Text(), dump_only=True)
    protocols = many(Uri())
    protocol_urls = many(Uri())
    person_instructions = Text()
    legs = many(Leg)
    tasks = many(RequestTask, dump_only=True)
    events = many(Event, dump_only=True)
    notes = many(Note)

    @validates_schema
    def _one_kind_of_time(self, data: Mapping[str, Any], **_: Any) -> None:
        """FHIR holds one occurrence[x] a request. Source: https://hl7.org/fhir/R4/servicerequest.html"""
        recurring = ("needed_from", "needed_by", "timing_text", "timing")
        if data.get("needed_at") is not None and any(data.get(name) is not None for name in recurring):
            raise ValidationError(
                "give either needed_at, or needed_from and needed_by with the timing", "needed_at"
            )

    @validates_schema
    def _one_answer_about_need(self, data: Mapping[str, Any], **_: Any) -> None:
        """FHIR holds one asNeeded[x] a request. Source: https://hl7.org/fhir/R4/servicerequest.html"""
        when = data.get("as_needed_code") is not None or data.get("as_needed_text") is not None
        if when and data.get("as_needed") is not None:
            raise ValidationError("give either as_needed, or as_needed_code and as_needed_text", "as_needed")
