"""The goal: what the person and those who care for them want to reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validates_schema

from gateway.records.scalars import (
    CodeText,
    DateText,
    DecimalNumber,
    ItemId,
    RecordId,
    ReferenceText,
    Text,
)
from gateway.records.shapes import Coding, Concept, Identifier, Note, Record, Shape, many, one

# Source: https://hl7.org/fhir/R4/valueset-goal-status.html
LIFECYCLE_STATUS = (
    "proposed",
    "planned",
    "accepted",
    "active",
    "on-hold",
    "completed",
    "cancelled",
    "entered-in-error",
    "rejected",
)


class Target(Shape):
    """How it is known that the goal is reached: a measure, and a value, a range or words, by a date."""

    id = ItemId()
    measure = Text()
    measure_code = one(Coding)
    due_on = DateText()
    value = DecimalNumber()
    low = DecimalNumber()
    high = DecimalNumber()
    unit = Text()
    text = Text()
    code = one(Coding)

    @validates_schema
    def _one_kind_of_aim(self, data: Mapping[str, Any], **_: Any) -> None:
        """FHIR holds one detail[x] a target. Source: https://hl7.org/fhir/R4/goal.html"""
        kinds = [
            kind
            for kind in (("value",), ("low", "high"), ("text", "code"))
            if any(data.get(field) is not None for field in kind)
        ]
        if len(kinds) > 1:
            raise ValidationError("give one of: a value, low and high, or text and code", kinds[1][0])


class GoalSchema(Record):
    """Source: https://hl7.org/fhir/R4/goal.html"""

    identifiers = many(Identifier)
    person = RecordId("person", required=True)
    description = Text(required=True)
    code = one(Coding)
    status = CodeText(*LIFECYCLE_STATUS, required=True)
    achievement = one(Coding)
    achievement_text = Text()
    priority = one(Coding)
    priority_text = Text()
    categories = many(Concept)
    starts_on = DateText()
    status_on = DateText()
    status_reason = Text()
    targets = many(Target)
    addresses = many(ReferenceText())
    expressed_by = ReferenceText()
    outcomes = many(ReferenceText())
    outcome_codes = many(Concept)
    notes = many(Note)
