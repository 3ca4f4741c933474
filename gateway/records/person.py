"""The person: somebody whose care is coordinated, as one Patient of ours shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validates_schema

from gateway.records.scalars import (
    CodeText,
    DateText,
    RecordId,
    ReferenceText,
    Text,
    WholeNumber,
    YesNo,
    YesNoOrTime,
)
from gateway.records.shapes import (
    Address,
    Coding,
    Concept,
    Identifier,
    Link,
    LogicalReference,
    Name,
    Record,
    Shape,
    Telecom,
    many,
    one,
)


class Language(Shape):
    """A language in which to speak with the person about care."""

    code = one(Coding)
    text = Text()
    preferred = YesNo()


class EmergencyContact(Shape):
    """Somebody to call, as the Patient itself names them; relatives with a record of their own are contacts.

    FHIR gives such a contact one name and one address.
    """

    relationship = many(Concept)
    name = one(Name)
    telecoms = many(Telecom)
    address = one(Address)
    gender = CodeText("male", "female", "other", "unknown")
    organisation = RecordId("organisation")
    organisation_text = Text(dump_only=True)
    starts_on = DateText()
    ends_on = DateText()


class PersonSchema(Record):
    """Source: https://hl7.org/fhir/R4/patient.html"""

    identifiers = many(Identifier)
    names = many(Name)
    preferred_name = Text()
    birth_date = DateText()
    gender = CodeText("male", "female", "other", "unknown")
    deceased = YesNoOrTime()
    addresses = many(Address)
    telecoms = many(Telecom)
    languages = many(Language)
    interpreter_needed = YesNo()
    marital_status = one(Concept)
    multiple_birth = YesNo()
    birth_order = WholeNumber(least=1)
    emergency_contacts = many(EmergencyContact)
    general_practitioners = many(ReferenceText())
    general_practitioners_texts = many(Text(), dump_only=True)
    general_practitioners_identifiers = many(LogicalReference, dump_only=True)
    managing_organisation = RecordId("organisation")
    managing_organisation_text = Text(dump_only=True)
    managing_organisation_identifier = one(LogicalReference, dump_only=True)
    active = YesNo()
    sources = many(Link, dump_only=True)

    @validates_schema
    def _one_answer_about_birth(self, data: Mapping[str, Any], **_: Any) -> None:
        """FHIR holds one multipleBirth[x] a Patient. Source: https://hl7.org/fhir/R4/patient.html"""
        if data.get("multiple_birth") is not None and data.get("birth_order") is not None:
            raise ValidationError("give either multiple_birth or birth_order", "birth_order")
