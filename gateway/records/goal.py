"""The goal: what the person and those who care for them want to reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validates_schema

from gateway.records.quantities import Amount, Quantity
from gateway.records.scalars import (
    CodeText,
    DateText,
    ItemId,
    RecordId,
    ReferenceText,
    Text,
    YesNo,
)
from gateway.records.shapes import (
    Coding,
    Concept,
    Identifier,
    LogicalReference,
    Note,
    Record,
    many,
    one,
)

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

# The forms of an aim, of which a target has one.
_AIMS = (
    ("value", "comparator"),
    ("low", "high"),
    ("numerator", "numerator_unit", "denominator", "denominator_unit"),
    ("yes_no",),
    ("text", "code"),
)


class Target(Amount):
    """How it is known that the goal is reached: a measure, and an amount, yes or no, or words, by a date.

    ``due_in`` counts from the start of the goal.
    """

    id = ItemId()
    measure = Text()
    measure_code = one(Coding)
    due_on = DateText()
    due_in = one(Quantity)
    text = Text()
    code = one(Coding)
    yes_no = YesNo()

    @validates_schema
    def _one_kind_of_aim(self, data: Mapping[str, Any], **_: Any) -> None:
        """FHIR holds one detail[x] a target. Source: https://hl7.org/fhir/R4/goal.html"""
        kinds = [kind for kind in _AIMS if any(data.get(field) is not None for field in kind)]
        if len(kinds) > 1:
            text = "give one of: a value, low and high, a ratio, yes or no, or text and code"
            raise ValidationError(text, kinds[1][0])

    @validates_schema
    def _one_kind_of_due(self, data: Mapping[str, Any], **_: Any) -> None:
        """FHIR holds one due[x] a target. Source: https://hl7.org/fhir/R4/goal.html"""
        if data.get("due_on") is not None and data.get("due_in") is not None:
            raise ValidationError("give either due_on or due_in", "due_in")


class GoalSchema(Record):
    """Source: https://hl7.org/fhir/R4/goal.html"""

    identifiers = many(Identifier)
    person = RecordId("person", required=True)
    person_text = Text(dump_only=True)
    person_identifier = one(LogicalReference, dump_only=True)
    description = Text(required=True)
    code = one(Coding)
    status = CodeText(*LIFECYCLE_STATUS, required=True)
    achievement = one(Coding)
    achievement_text = Text()
    priority = one(Coding)
    priority_text = Text()
    categories = many(Concept)
    starts_on = DateText()
    start_code = one(Coding)
    start_text = Text()
    status_on = DateText()
    status_reason = Text()
    targets = many(Target)
    addresses = many(ReferenceText())
    addresses_texts = many(Text(), dump_only=True)
    expressed_by = ReferenceText()
    expressed_by_text = Text(dump_only=True)
    outcomes = many(ReferenceText())
    outcomes_texts = many(Text(), dump_only=True)
    outcome_codes = many(Concept)
    notes = many(Note)

    @validates_schema
    def _one_kind_of_start(self, data: Mapping[str, Any], **_: Any) -> None:
        """FHIR holds one start[x] a goal. Source: https://hl7.org/fhir/R4/goal.html"""
        in_words = data.get("start_code") is not None or data.get("start_text") is not None
        if in_words and data.get("starts_on") is not None:
            raise ValidationError("give either starts_on, or start_code and start_text", "starts_on")
