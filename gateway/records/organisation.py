"""The organisation: a hospital, an agency, a practice, or a part of one."""

from __future__ import annotations

from gateway.records.scalars import RecordId, ReferenceText, Text, YesNo
from gateway.records.shapes import Address, Concept, Identifier, Name, Record, Shape, Telecom, many, one


class OrganisationContact(Shape):
    """Whom to call there about what."""

    purpose = one(Concept)
    name = one(Name)
    telecoms = many(Telecom)
    address = one(Address)


class OrganisationSchema(Record):
    """Source: https://hl7.org/fhir/R4/organization.html"""

    identifiers = many(Identifier)
    name = Text(required=True)
    aliases = many(Text())
    kinds = many(Concept)
    telecoms = many(Telecom)
    addresses = many(Address)
    part_of = RecordId("organisation")
    part_of_text = Text(dump_only=True)
    endpoints = many(ReferenceText())
    contacts = many(OrganisationContact)
    active = YesNo()
