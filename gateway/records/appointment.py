"""The appointment: who meets when, where and what for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from gateway.records.scalars import (
    CodeText,
    DateTimeText,
    InstantText,
    RecordId,
    ReferenceText,
    Text,
    WholeNumber,
)
from gateway.records.shapes import Coding, Concept, Identifier, LogicalReference, Record, Shape, many, one

# Source: https://hl7.org/fhir/R4/valueset-appointmentstatus.html
STATUS = (
    "proposed",
    "pending",
    "booked",
    "arrived",
    "fulfilled",
    "cancelled",
    "noshow",
    "entered-in-error",
    "checked-in",
    "waitlist",
)

# What may still be without a time. Source: https://hl7.org/fhir/R4/appointment.html (app-3)
_WITHOUT_TIME = ("proposed", "cancelled", "waitlist")

# What a reason for cancelling may stand beside. Source: https://hl7.org/fhir/R4/appointment.html (app-4)
_NOT_HELD = ("cancelled", "noshow")


class Participant(Shape):
    """Somebody or something that takes part: the person, a practitioner, a room; ``status`` is their answer.

    Source: https://hl7.org/fhir/R4/valueset-participationstatus.html
    """

    who = ReferenceText()
    who_text = Text(dump_only=True)
    who_identifier = one(LogicalReference, dump_only=True)
    roles = many(Concept)
    status = CodeText("accepted", "declined", "tentative", "needs-action", required=True)
    required = CodeText("required", "optional", "information-only")
    starts_at = DateTimeText()
    ends_at = DateTimeText()

    @validates_schema
    def _somebody(self, data: Mapping[str, Any], **_: Any) -> None:
        """app-1: who, or in which role; a partner's name without an address (`who_text`) is what it left out.

        Source: https://hl7.org/fhir/R4/appointment.html#invs
        """
        if not data.get("who") and not data.get("roles"):
            raise ValidationError(fields.Field.default_error_messages["required"], "who")


class WantedTime(Shape):
    """A time that would suit."""

    starts_at = DateTimeText()
    ends_at = DateTimeText()


class AppointmentSchema(Record):
    """Source: https://hl7.org/fhir/R4/appointment.html"""

    identifiers = many(Identifier)
    status = CodeText(*STATUS, required=True)
    participants = many(
        Participant, required=True, validate=validate.Length(min=1, error="name at least one participant")
    )
    categories = many(Concept)
    kinds = many(Concept)
    specialties = many(Concept)
    appointment_type = one(Concept)
    reason = one(Coding)
    reason_text = Text()
    reasons = many(ReferenceText())
    reasons_texts = many(Text(), dump_only=True)
    priority = WholeNumber()
    starts_at = InstantText()
    ends_at = InstantText()
    minutes = WholeNumber(least=1)
    slots = many(RecordId("slot"))
    wanted_times = many(WantedTime)
    referrals = many(RecordId("referral"))
    supporting = many(ReferenceText())
    description = Text()
    comment = Text()
    person_instructions = Text()
    authored_at = DateTimeText()
    cancelled_because = Text()
    cancelled_code = one(Coding)

    @validates_schema
    def _times_fit(self, data: Mapping[str, Any], **_: Any) -> None:
        """app-2 and app-3. Source: https://hl7.org/fhir/R4/appointment.html#invs"""
        starts, ends = data.get("starts_at"), data.get("ends_at")
        if (starts is None) != (ends is None):
            missing = "starts_at" if starts is None else "ends_at"
            raise ValidationError("give both starts_at and ends_at, or neither", missing)
        if starts is None and data.get("status") not in (None, *_WITHOUT_TIME):
            text = f"starts_at and ends_at may be left out only when it is one of: {', '.join(_WITHOUT_TIME)}"
            raise ValidationError(text, "status")

    @validates_schema
    def _reason_fits(self, data: Mapping[str, Any], **_: Any) -> None:
        """app-4. Source: https://hl7.org/fhir/R4/appointment.html#invs"""
        for name in ("cancelled_because", "cancelled_code"):
            if data.get(name) not in (None, {}) and data.get("status") not in (None, *_NOT_HELD):
                raise ValidationError(f"can stand only when status is one of: {', '.join(_NOT_HELD)}", name)
