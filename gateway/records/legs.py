"""The legs of a referral and other tasks about it: what is asked of somebody, and what they report back."""

from __future__ import annotations

from gateway.records.quantities import Amount
from gateway.records.scalars import (
    CodeText,
    DateTimeText,
    DecimalNumber,
    ItemId,
    RecordId,
    ReferenceText,
    Text,
    Uri,
    WholeNumber,
    YesNo,
)
from gateway.records.shapes import (
    Coding,
    Concept,
    GroupIdentifier,
    Identifier,
    LogicalReference,
    Note,
    Shape,
    many,
    one,
)

# Source: https://hl7.org/fhir/R4/valueset-request-priority.html
PRIORITY = ("routine", "urgent", "asap", "stat")

# Source: https://hl7.org/fhir/R4/valueset-task-status.html
TASK_STATUS = (
    *("draft", "requested", "received", "accepted", "rejected", "ready", "cancelled", "in-progress"),
    *("on-hold", "failed", "completed", "entered-in-error"),
)

# Source: https://hl7.org/fhir/R4/valueset-task-intent.html
TASK_INTENT = (
    *("unknown", "proposal", "plan", "order", "original-order", "reflex-order", "filler-order"),
    *("instance-order", "option"),
)


class Attachment(Shape):
    """A file: where it is, or what it is called; its bytes stay in FHIR.

    Source: https://hl7.org/fhir/R4/datatypes.html#Attachment
    """

    title = Text()
    type = CodeText()
    url = Uri()
    size = WholeNumber(dump_only=True)
    hash = Text(dump_only=True)


class Money(Shape):
    """An amount of money, in a currency by its ISO 4217 code.

    Source: https://hl7.org/fhir/R4/datatypes.html#Money
    """

    amount = DecimalNumber()
    currency = CodeText()


class NumberOf(Shape):
    """A number that somebody gave.

    Source: https://hl7.org/fhir/R4/datatypes.html#Identifier
    """

    system = Uri()
    value = Text()


class TaskValue(Amount):
    """What a task was given or came to: ``kind`` says which sort; the value has one form at a time.

    Source: https://hl7.org/fhir/R4/task.html (Task.input, Task.output)
    """

    kind = one(Coding)
    kind_text = Text()
    resource = ReferenceText()
    resource_text = Text(dump_only=True)
    resource_identifier = one(LogicalReference, dump_only=True)
    text = Text()
    code = one(Coding)
    word = CodeText()
    yes_no = YesNo()
    at = DateTimeText()
    time_of_day = Text()
    starts_at = DateTimeText()
    ends_at = DateTimeText()
    url = Uri()
    attachment = one(Attachment)
    identifier = one(NumberOf)
    money = one(Money)


class TaskShape(Shape):
    """What legs and other tasks have in common.

    ``id`` is the id of the Task; ``why…`` is what it was asked for, ``reason…`` what its status is due to.
    Source: https://hl7.org/fhir/R4/task.html
    """

    id = ItemId(dump_only=True)
    person_text = Text(dump_only=True)
    person_identifier = one(LogicalReference, dump_only=True)
    identifiers = many(Identifier)
    group_identifier = one(GroupIdentifier, dump_only=True)
    protocol = Uri(dump_only=True)
    protocol_url = Uri(dump_only=True)
    based_on = many(ReferenceText(), dump_only=True)
    based_on_texts = many(Text(), dump_only=True)
    part_of = many(RecordId("task"), dump_only=True)
    part_of_texts = many(Text(), dump_only=True)
    about_text = Text(dump_only=True)
    about_identifier = one(LogicalReference, dump_only=True)
    priority = CodeText(*PRIORITY)
    details_text = Text()
    reason_code = one(Coding)
    reason_text = Text()
    business_status = one(Coding)
    business_status_text = Text()
    visit = RecordId("visit", dump_only=True)
    visit_text = Text(dump_only=True)
    offered_at = DateTimeText()
    changed_at = DateTimeText(dump_only=True)
    starts_at = DateTimeText()
    ends_at = DateTimeText()
    requester = ReferenceText(dump_only=True)
    requester_text = Text(dump_only=True)
    requester_identifier = one(LogicalReference, dump_only=True)
    performer_kinds = many(Concept)
    owner = ReferenceText(dump_only=True)
    location = RecordId("location")
    location_text = Text(dump_only=True)
    why_code = one(Coding)
    why_text = Text()
    why_resource = ReferenceText()
    why_resource_text = Text(dump_only=True)
    insurance = many(ReferenceText())
    history = many(ReferenceText())
    history_texts = many(Text(), dump_only=True)
    answer_from = DateTimeText()
    answer_by = DateTimeText()
    repetitions = WholeNumber(least=1)
    recipients = many(ReferenceText())
    recipients_texts = many(Text(), dump_only=True)
    inputs = many(TaskValue)
    outcomes = many(TaskValue)
    notes = many(Note)


class Leg(TaskShape):
    """One agency's part: offered, answered, worked on, closed. Its status changes by moves only.

    ``answer_by`` is the moment by which an answer was promised; ``owner`` is who has the leg when that is no
    organisation.
    """

    organisation = RecordId("organisation")
    organisation_text = Text(dump_only=True)
    organisation_identifier = one(LogicalReference, dump_only=True)
    service = RecordId("service")
    status = CodeText(dump_only=True)
    appointment = RecordId("appointment")


class RequestTask(TaskShape):
    """A task about the request that asks for something else than to fulfil it: to approve it, to answer
    questions. It is no leg, and the referral's state does not depend on it.
    """

    code = one(Coding)
    code_text = Text()
    status = CodeText(*TASK_STATUS, required=True)
    intent = CodeText(*TASK_INTENT, required=True)
    about = ReferenceText(dump_only=True)
    owner = ReferenceText()
    owner_text = Text(dump_only=True)
    owner_identifier = one(LogicalReference, dump_only=True)
