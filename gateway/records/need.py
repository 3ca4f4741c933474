"""The need: a health problem, or something in a person's life that calls for help, such as loneliness."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validates_schema

from gateway.records.scalars import (
    CodeText,
    DateTimeText,
    DecimalNumber,
    RecordId,
    ReferenceText,
    Text,
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

# Source: https://hl7.org/fhir/R4/valueset-condition-clinical.html
CLINICAL_STATUS = ("active", "recurrence", "relapse", "inactive", "remission", "resolved")

# Source: https://hl7.org/fhir/R4/valueset-condition-ver-status.html
VERIFICATION_STATUS = (
    "unconfirmed",
    "provisional",
    "differential",
    "confirmed",
    "refuted",
    "entered-in-error",
)

# What a need that has abated can be. Source: https://hl7.org/fhir/R4/condition.html (con-4)
ABATED = ("inactive", "remission", "resolved")

# The forms that a time in a life takes: FHIR holds one of them.
_FORMS = (
    ("at",),
    ("starts_at", "ends_at"),
    *(("age",), ("age_months",), ("age_weeks",), ("age_days",)),
    ("low", "high", "unit"),
    ("text",),
)


class TimeOfLife(Shape):
    """When something began or ended: a date, a period, an age, a range of ages, or somebody's words.

    ``age`` is in years; that of a small child may be given in months, weeks or days instead.

    Source: https://hl7.org/fhir/R4/condition.html (onset[x], abatement[x])
    """

    at = DateTimeText()
    starts_at = DateTimeText()
    ends_at = DateTimeText()
    age = DecimalNumber()
    age_months = DecimalNumber()
    age_weeks = DecimalNumber()
    age_days = DecimalNumber()
    low = DecimalNumber()
    high = DecimalNumber()
    unit = Text()
    text = Text()

    @validates_schema
    def _in_one_form(self, data: Mapping[str, Any], **_: Any) -> None:
        """FHIR holds one onset[x]. Source: https://hl7.org/fhir/R4/formats.html#choice"""
        given = [form for form in _FORMS if any(data.get(field) not in (None, {}) for field in form)]
        if len(given) > 1:
            text = "give one of: at; starts_at and ends_at; an age; low, high and unit; text"
            raise ValidationError(text, given[1][0])


class Stage(Shape):
    """How far it has come, and the assessments that say so."""

    code = one(Coding)
    text = Text()
    kind = one(Concept)
    assessments = many(ReferenceText())


class Evidence(Shape):
    """What supports that there is this need: findings by code, and by reference."""

    codes = many(Concept)
    details = many(ReferenceText())
    details_texts = many(Text(), dump_only=True)


class NeedSchema(Record):
    """Source: https://hl7.org/fhir/R4/condition.html"""

    identifiers = many(Identifier)
    person = RecordId("person", required=True)
    person_text = Text(dump_only=True)
    person_identifier = one(LogicalReference, dump_only=True)
    code = one(Coding)
    text = Text()
    clinical_status = CodeText(*CLINICAL_STATUS)
    verification_status = CodeText(*VERIFICATION_STATUS)
    categories = many(Concept)
    severity = one(Coding)
    severity_text = Text()
    body_sites = many(Concept)
    visit = RecordId("visit")
    visit_text = Text(dump_only=True)
    onset = one(TimeOfLife)
    abated = one(TimeOfLife)
    asserted_at = DateTimeText()
    asserter = ReferenceText()
    asserter_text = Text(dump_only=True)
    recorded_at = DateTimeText()
    recorder = ReferenceText()
    recorder_text = Text(dump_only=True)
    stages = many(Stage)
    evidence = many(Evidence)
    notes = many(Note)

    @validates_schema
    def _status_fits(self, data: Mapping[str, Any], **_: Any) -> None:
        """con-4 and con-5. Source: https://hl7.org/fhir/R4/condition.html#invs"""
        status = data.get("clinical_status")
        if data.get("verification_status") == "entered-in-error":
            if status is not None:
                text = "cannot stand beside a verification_status of entered-in-error: leave it out"
                raise ValidationError(text, "clinical_status")
        elif data.get("abated") not in (None, {}) and status not in ABATED:
            text = f"must be one of: {', '.join(ABATED)}, when the need has abated"
            raise ValidationError(text, "clinical_status")
