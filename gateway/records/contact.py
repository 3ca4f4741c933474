"""The contact: somebody close to the person, with a record of their own."""

from __future__ import annotations

from gateway.records.person import Language
from gateway.records.scalars import CodeText, DateText, RecordId, Text, YesNo
from gateway.records.shapes import (
    Address,
    Concept,
    Identifier,
    LogicalReference,
    Name,
    Record,
    Telecom,
    many,
    one,
)


class ContactSchema(Record):
    """``lead_carer`` marks who leads the care at home, ``may_be_told`` who may be told about it.

    Source: https://hl7.org/fhir/R4/relatedperson.html
    """

    identifiers = many(Identifier)
    person = RecordId("person", required=True)
    person_text = Text(dump_only=True)
    person_identifier = one(LogicalReference, dump_only=True)
    name = one(Name)
    relationship = many(Concept)
    telecoms = many(Telecom)
    addresses = many(Address)
    gender = CodeText("male", "female", "other", "unknown")
    birth_date = DateText()
    languages = many(Language)
    starts_on = DateText()
    ends_on = DateText()
    lead_carer = YesNo()
    may_be_told = YesNo()
    active = YesNo()
