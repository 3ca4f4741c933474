"""The care plan: what is to be done for a person, by whom, towards which goals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validates_schema

from gateway.records.goal import GoalSchema
from gateway.records.quantities import Quantity, Timing
from gateway.records.scalars import (
    CodeText,
    DateText,
    DateTimeText,
    DecimalNumber,
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
    Identifier,
    LogicalReference,
    Note,
    Record,
    Shape,
    many,
    one,
)

# Source: https://hl7.org/fhir/R4/valueset-request-status.html
STATUS = ("draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown")

# Source: https://hl7.org/fhir/R4/valueset-care-plan-intent.html
INTENT = ("proposal", "plan", "order", "option")

# Source: https://hl7.org/fhir/R4/valueset-care-plan-activity-kind.html
ACTIVITY_KIND = (
    "Appointment",
    "CommunicationRequest",
    "DeviceRequest",
    "MedicationRequest",
    "NutritionOrder",
    "Task",
    "ServiceRequest",
    "VisionPrescription",
)

# Source: https://hl7.org/fhir/R4/valueset-care-plan-activity-status.html
ACTIVITY_STATUS = (
    "not-started",
    "scheduled",
    "in-progress",
    "on-hold",
    "completed",
    "cancelled",
    "stopped",
    "unknown",
    "entered-in-error",
)


# The fields of an activity that live in CarePlan.activity.detail.
DESCRIBED_HERE = (
    "kind",
    "title",
    "code",
    "status",
    "status_reason",
    "status_reason_code",
    "starts_at",
    "ends_at",
    "timing_text",
    "timing",
    "location",
    "performers",
    "goals",
    "reasons",
    "reason_codes",
    "product",
    "product_text",
    "product_resource",
    "daily_amount",
    "quantity",
    "protocols",
    "protocol_urls",
    "instructions",
    "do_not_perform",
)


class Progress(Shape):
    """How an activity is going, in somebody's words."""

    text = Text(required=True)
    at = DateTimeText()
    by = Text()
    by_text = Text(dump_only=True)


class Cost(Shape):
    """What an activity costs, in a currency by its ISO 4217 code.

    Source: https://hl7.org/fhir/R4/datatypes.html#Money
    """

    amount = DecimalNumber(required=True)
    currency = CodeText()


class Activity(Shape):
    """One thing to do: described here, or a request of its own named by ``request``."""

    id = ItemId()
    kind = CodeText(*ACTIVITY_KIND)
    title = Text()
    code = one(Coding)
    status = CodeText(*ACTIVITY_STATUS)
    status_reason = Text()
    status_reason_code = one(Coding)
    starts_at = DateTimeText()
    ends_at = DateTimeText()
    timing_text = Text()
    timing = one(Timing)
    location = RecordId("location")
    location_text = Text(dump_only=True)
    performers = many(ReferenceText())
    performers_texts = many(Text(), dump_only=True)
    performers_identifiers = many(LogicalReference, dump_only=True)
    goals = many(RecordId("goal"))
    goals_texts = many(Text(), dump_only=True)
    reasons = many(ReferenceText())
    reasons_texts = many(Text(), dump_only=True)
    reason_codes = many(Concept)
    product = one(Coding)
    product_text = Text()
    product_resource = ReferenceText()
    product_resource_text = Text(dump_only=True)
    daily_amount = one(Quantity)
    quantity = one(Quantity)
    protocols = many(Uri())
    protocol_urls = many(Uri())
    instructions = Text()
    do_not_perform = YesNo()
    request = ReferenceText()
    request_text = Text(dump_only=True)
    request_identifier = one(LogicalReference, dump_only=True)
    outcomes = many(ReferenceText())
    outcomes_texts = many(Text(), dump_only=True)
    outcomes_identifiers = many(LogicalReference, dump_only=True)
    outcome_codes = many(Concept)
    progress = many(Progress)
    cost = one(Cost)

    @validates_schema
    def _described_here_or_elsewhere(self, data: Mapping[str, Any], **_: Any) -> None:
        """cpl-3: a reference or a detail, not both. Source: https://hl7.org/fhir/R4/careplan.html"""
        if data.get("request") is None:
            return
        for name in DESCRIBED_HERE:
            if data.get(name) not in (None, []):
                raise ValidationError("cannot stand beside request: the request itself says it", name)

    @validates_schema
    def _one_product(self, data: Mapping[str, Any], **_: Any) -> None:
        """FHIR holds one product[x] an activity. Source: https://hl7.org/fhir/R4/careplan.html"""
        described = data.get("product") is not None or data.get("product_text") is not None
        if described and data.get("product_resource") is not None:
            raise ValidationError("give either product and product_text, or product_resource", "product")


class Contingency(Shape):
    """What to do if things go another way."""

    if_text = Text(required=True)
    then_text = Text(required=True)


class Agreement(Shape):
    """Somebody agreed to this plan: a reference with its type, and the day."""

    who = ReferenceText(required=True)
    who_text = Text(dump_only=True)
    on = DateText()


class PlanGoal(GoalSchema):
    """A goal on a plan: the plan says whose it is."""

    class Meta(Shape.Meta):
        exclude = ("person",)


class CarePlanSchema(Record):
    """Source: https://hl7.org/fhir/R4/careplan.html"""

    identifiers = many(Identifier)
    person = RecordId("person", required=True)
    person_text = Text(dump_only=True)
    person_identifier = one(LogicalReference, dump_only=True)
    title = Text()
    description = Text()
    status = CodeText(*STATUS, required=True)
    intent = CodeText(*INTENT)
    categories = many(Concept)
    starts_on = DateText()
    ends_on = DateText()
    authored_at = DateTimeText()
    author = ReferenceText()
    author_text = Text(dump_only=True)
    author_identifier = one(LogicalReference, dump_only=True)
    contributors = many(ReferenceText())
    contributors_texts = many(Text(), dump_only=True)
    visit = RecordId("visit")
    visit_text = Text(dump_only=True)
    care_team = many(RecordId("care_team"))
    care_team_texts = many(Text(), dump_only=True)
    addresses = many(RecordId("need"))
    addresses_texts = many(Text(), dump_only=True)
    goals = many(PlanGoal)
    goal_links = many(ReferenceText(), dump_only=True)
    goals_texts = many(Text(), dump_only=True)
    activities = many(Activity)
    attachments = many(ReferenceText())
    attachments_texts = many(Text(), dump_only=True)
    attachments_identifiers = many(LogicalReference, dump_only=True)
    based_on = many(RecordId("care_plan"))
    based_on_texts = many(Text(), dump_only=True)
    replaces = many(RecordId("care_plan"))
    replaces_texts = many(Text(), dump_only=True)
    part_of = many(RecordId("care_plan"))
    part_of_texts = many(Text(), dump_only=True)
    protocols = many(Uri())
    protocol_urls = many(Uri())
    contingencies = many(Contingency)
    agreed_with = many(Agreement)
    reviews_on = DateText()
    notes = many(Note)
