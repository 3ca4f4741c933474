"""The note: something that somebody told somebody else about a person."""

from __future__ import annotations

from gateway.records.scalars import (
    CodeText,
    DateTimeText,
    RecordId,
    ReferenceText,
    Text,
    Uri,
    WholeNumber,
)
from gateway.records.shapes import Concept, Identifier, LogicalReference, Note, Record, Shape, many, one

# Source: https://hl7.org/fhir/R4/valueset-event-status.html
STATUS = (
    "preparation",
    "in-progress",
    "not-done",
    "on-hold",
    "stopped",
    "completed",
    "entered-in-error",
    "unknown",
)


class Content(Shape):
    """One piece of what was sent: words, an enclosure, or a document that is held elsewhere."""

    text = Text(dump_only=True)
    document = ReferenceText(dump_only=True)
    document_text = Text(dump_only=True)
    type = Text(dump_only=True)
    language = Text(dump_only=True)
    title = Text(dump_only=True)
    url = Text(dump_only=True)
    size = WholeNumber(dump_only=True)
    hash = Text(dump_only=True)
    created_at = DateTimeText(dump_only=True)


class NoteRecordSchema(Record):
    """``to`` and ``about`` are references with their type; ``contents`` shows enclosures too.

    Source: https://hl7.org/fhir/R4/communication.html
    """

    identifiers = many(Identifier)
    person = RecordId("person", required=True)
    person_text = Text(dump_only=True)
    person_identifier = one(LogicalReference, dump_only=True)
    text = Text(required=True)
    contents = many(Content, dump_only=True)
    status = CodeText(*STATUS)
    status_reason = one(Concept)
    priority = CodeText("routine", "urgent", "asap", "stat")
    topic = one(Concept)
    category = many(Concept)
    medium = many(Concept)
    sent_at = DateTimeText()
    received_at = DateTimeText()
    by = ReferenceText()
    by_text = Text(dump_only=True)
    by_identifier = one(LogicalReference, dump_only=True)
    to = many(ReferenceText())
    to_identifiers = many(LogicalReference, dump_only=True)
    about = many(ReferenceText())
    about_identifiers = many(LogicalReference, dump_only=True)
    reasons = many(ReferenceText())
    reason_codes = many(Concept)
    visit = RecordId("visit")
    visit_text = Text(dump_only=True)
    based_on = many(ReferenceText())
    part_of = many(ReferenceText())
    part_of_texts = many(Text(), dump_only=True)
    answers = many(RecordId("note"))
    protocols = many(Uri())
    notes = many(Note)
