"""The practitioner: somebody who gives or arranges care."""

from __future__ import annotations

from gateway.records.scalars import CodeText, DateText, RecordId, Text, YesNo
from gateway.records.shapes import (
    Address,
    Coding,
    Concept,
    Identifier,
    Name,
    Record,
    Shape,
    Telecom,
    many,
    one,
)


class Qualification(Shape):
    """A degree, a licence or a registration; ``issuer`` is the organisation that gave it."""

    code = one(Coding)
    text = Text()
    identifiers = many(Identifier)
    issuer = RecordId("organisation")
    issuer_text = Text(dump_only=True)
    starts_on = DateText()
    ends_on = DateText()


class PractitionerSchema(Record):
    """Source: https://hl7.org/fhir/R4/practitioner.html"""

    identifiers = many(Identifier)
    names = many(Name)
    telecoms = many(Telecom)
    addresses = many(Address)
    gender = CodeText("male", "female", "other", "unknown")
    birth_date = DateText()
    languages = many(Concept)
    qualifications = many(Qualification)
    active = YesNo()
