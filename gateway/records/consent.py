"""The consent: what the person allows and forbids to be done with what is known of them.

Who may see what, for which purpose, under which labels, which data and when: the consent says it once as the
base rule, and its rules say where it is otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validates_schema

from gateway.records.scalars import (
    CodeText,
    DateTimeText,
    RecordId,
    ReferenceText,
    Text,
    Uri,
    WholeNumber,
    YesNo,
)
from gateway.records.shapes import Coding, Concept, Identifier, LogicalReference, Record, Shape, many, one

# Source: https://hl7.org/fhir/R4/valueset-consent-state-codes.html
STATUS = ("draft", "proposed", "active", "rejected", "inactive", "entered-in-error")

# Source: https://hl7.org/fhir/R4/valueset-consent-data-meaning.html
MEANING = ("instance", "related", "dependents", "authoredby")


class Party(Shape):
    """Somebody whom a rule is about, and as what: who receives, who keeps, who wrote."""

    who = ReferenceText(required=True)
    who_text = Text(dump_only=True)
    role = one(Concept, required=True)


class Datum(Shape):
    """Something that a rule is about: this very resource, or what belongs to it as ``meaning`` says."""

    what = ReferenceText(required=True)
    what_text = Text(dump_only=True)
    meaning = CodeText(*MEANING, required=True)


class Ruling(Shape):
    """Who may do what with which data, for what and when; what is left out is not restricted.

    ``kinds`` are types of data, ``codes`` what it is about, ``labels`` how sensitive it is; ``data_from`` and
    ``data_until`` say from when the data is, ``starts_at`` and ``ends_at`` when the rule holds.
    Source: https://hl7.org/fhir/R4/consent-definitions.html#Consent.provision
    """

    decision = CodeText("permit", "deny")
    who = many(Party)
    actions = many(Concept)
    purpose = many(Coding)
    labels = many(Coding)
    kinds = many(Coding)
    codes = many(Concept)
    data = many(Datum)
    data_from = DateTimeText()
    data_until = DateTimeText()
    starts_at = DateTimeText()
    ends_at = DateTimeText()


class Policy(Shape):
    """A policy that the consent follows, by its address, and who made it."""

    authority = Uri()
    uri = Uri()


class Verification(Shape):
    """Whether somebody made sure that this is the person's will, with whom and when."""

    verified = YesNo(required=True)
    by = ReferenceText()
    at = DateTimeText()


class SignedForm(Shape):
    """The form that was signed, where it is no resource of its own; its bytes stay in FHIR.

    Source: https://hl7.org/fhir/R4/datatypes.html#Attachment
    """

    type = CodeText()
    language = CodeText()
    title = Text()
    url = Uri()
    size = WholeNumber(dump_only=True)
    hash = Text(dump_only=True)
    created_at = DateTimeText()


class ConsentSchema(Record, Ruling):
    """Source: https://hl7.org/fhir/R4/consent.html"""

    identifiers = many(Identifier)
    person = RecordId("person", required=True)
    person_text = Text(dump_only=True)
    person_identifier = one(LogicalReference, dump_only=True)
    status = CodeText(*STATUS, required=True)
    scope = one(Concept)
    categories = many(Concept)
    given_at = DateTimeText()
    given_by = ReferenceText()
    given_by_identifiers = many(LogicalReference, dump_only=True)
    organisations = many(RecordId("organisation"))
    organisations_texts = many(Text(), dump_only=True)
    organisations_identifiers = many(LogicalReference, dump_only=True)
    policy = one(Concept)
    policies = many(Policy)
    verifications = many(Verification)
    rules = many(Ruling)
    document = ReferenceText()
    document_text = Text(dump_only=True)
    attachment = one(SignedForm)

    @validates_schema
    def _one_source(self, data: Mapping[str, Any], **_: Any) -> None:
        """FHIR holds one source[x] a consent. Source: https://hl7.org/fhir/R4/consent.html"""
        if data.get("document") is not None and data.get("attachment") not in (None, {}):
            raise ValidationError("give either document or attachment", "attachment")
