"""The care plan: what is to be done for a person, by whom, towards which goals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validates_schema

from gateway.records.goal import GoalSchema
from gateway.records.scalars import (
    CodeText,
    DateText,
    DateTimeText,
    DecimalNumber,
    ItemId,
    RecordId,
    ReferenceText,
    Text,
    YesNo,
)
from gateway.records.shapes import Coding, Concept, Identifier, Note, Record, Shape, many, one

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
    "starts_at",
    "ends_at",
    "timing_text",
    "location",
    "performers",
    "goals",
    "instructions",
    "do_not_perform",
)


class Progress(Shape):
    """How an activity is going, in somebody's words."""

    text = Text(required=True)
    at = DateTimeText()


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
    starts_at = DateTimeText()
    ends_at = DateTimeText()
    timing_text = Text()
    location = RecordId("location")
    location_text = Text(dump_only=True)
    performers = many(ReferenceText())
    goals = many(RecordId("goal"))
    instructions = Text()
    do_not_perform = YesNo()
    request = ReferenceText()
    outcomes = many(ReferenceText())
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
    def _one_kind_of_timing(self, data: Mapping[str, Any], **_: Any) -> None:
        """FHIR holds one scheduled[x] an activity. Source: https://hl7.org/fhir/R4/careplan.html"""
        dated = data.get("starts_at") is not None or data.get("ends_at") is not None
        if dated and data.get("timing_text") is not None:
            raise ValidationError("give either starts_at and ends_at, or timing_text", "timing_text")


class Contingency(Shape):
    """What to do if things go another way."""

    if_text = Text(required=True)
    then_text = Text(required=True)


class Agreement(Shape):
    """Somebody agreed to this plan: a reference with its type, and the day."""

    who = ReferenceText(required=True)
    on = DateText()


class PlanGoal(GoalSchema):
    """A goal on a plan: the plan says whose it is."""

    class Meta(Shape.Meta):
        exclude = ("person",)


class CarePlanSchema(Record):
    """Source: https://hl7.org/fhir/R4/careplan.html"""

    identifiers = many(Identifier)
    person = RecordId("person", required=True)
    title = Text()
    description = Text()
    status = CodeText(*STATUS, required=True)
    intent = CodeText(*INTENT)
    categories = many(Concept)
    starts_on = DateText()
    ends_on = DateText()
    authored_at = DateTimeText()
    author = ReferenceText()
    contributors = many(ReferenceText())
    visit = RecordId("visit")
    care_team = many(RecordId("care_team"))
    addresses = many(RecordId("need"))
    goals = many(PlanGoal)
    activities = many(Activity)
    based_on = many(RecordId("care_plan"))
    replaces = many(RecordId("care_plan"))
    part_of = many(RecordId("care_plan"))
    contingencies = many(Contingency)
    agreed_with = many(Agreement)
    reviews_on = DateText()
    notes = many(Note)
