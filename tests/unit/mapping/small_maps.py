"""Small records and rule texts for trying one construct of the mapping language at a time."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from gateway.mapping import Lens, Mappings
from gateway.records import RecordKind
from gateway.records.scalars import (
    DateText,
    DecimalNumber,
    ItemId,
    RecordId,
    Text,
    WholeNumber,
    YesNo,
    YesNoOrTime,
)
from gateway.records.shapes import Coding, Concept, Record, Shape, many, one


class Step(Shape):
    id = ItemId()
    title = Text()
    code = one(Coding)
    amount = DecimalNumber()
    unit = Text()
    low = DecimalNumber()
    words = Text()
    kind = Text()
    helper = RecordId("practitioner")


class Aim(Record):
    person = RecordId("person")
    wish = Text()


class Offer(Shape):
    id = ItemId()
    state = Text()
    to_whom = RecordId("organisation")


class Plan(Record):
    title = Text()
    state = Text()
    person = RecordId("person")
    author = Text()
    starts_on = DateText()
    made_at = Text()
    number = Text()
    lead = YesNo()
    dead = YesNoOrTime()
    kind = one(Coding)
    kind_text = Text()
    sct = Text()
    kinds = many(Concept)
    needs = many(RecordId("need"))
    letters = many(RecordId("document"))
    basis = RecordId("care_plan")
    given = many(Text())
    steps = many(Step)
    aims = many(one(Aim, exclude=("person",)))
    offers = many(Offer)
    others = many(Offer)
    agreed = many(Step)
    weight = DecimalNumber()
    lasts = WholeNumber()
    rests = WholeNumber()
    address = fields.Nested(Step)


PLAN = RecordKind("plan", "plans", "plan", Plan, "CarePlan", ("Goal", "Task"))
AIM = RecordKind("aim", "aims", "aim", Aim, "Goal")
KINDS = {"plan": PLAN, "aim": AIM}

AIM_TEXT = """
mapping: aim
record: aim
Goal:
  fields:
    id: id
    person: {to: subject.reference, ref: Patient}
    wish: description.text
"""


EVERY_CONSTRUCT = """
title: title
state: {to: status, codes: {on: active, off: [revoked, entered-in-error]}}
person: {to: subject.reference, ref: Patient}
starts_on: {to: period.start, as: date}
made_at: {to: created, as: utc}
number: identifier[system=urn:ours].value
lead: ext(lead).valueBoolean
dead: {choice: [deadBoolean, deadDateTime]}
kind: {to: code, as: concept}
kinds: {to: "category[]", as: concept-and-text}
needs: {to: "addresses[].reference", ref: Condition}
given: {to: "given[]"}
steps:
  to: activity[]
  key: id
  fields:
    id: id
    title: detail.title
    code: {to: detail.code, as: concept}
    helper: {to: who.reference, ref: Patient}
agreed: {to: "note[]", fields: {words: text, title: title}}
aims: {to: "goal[].reference", split: aim, copies: [person]}
offers:
  split: Task
  by: focus.reference
  fields: {id: id, state: status, ^person: {to: for.reference, ref: Patient}}
"""
FIXED = "  fixed: {intent: plan, 'category[]': {coding: [{code: ours}]}}\n"


def plan_text(fields_text: str, *, more: str = "", codes: str = "") -> str:
    """A rule file for the plan record with these fields (indented as they come)."""
    head = f"mapping: plan\nrecord: plan\n{codes}CarePlan:\n{more}  fields:\n    id: id\n"
    return head + "\n".join(f"    {line}" for line in fields_text.strip("\n").splitlines()) + "\n"


def plan_lens(fields_text: str, *, more: str = "", codes: str = "") -> Lens:
    """The lens of that file; goals can be split into."""
    return load(plan_text(fields_text, more=more, codes=codes))["plan"]


def every_construct() -> Lens:
    """A lens with a rule of each sort."""
    return plan_lens(EVERY_CONSTRUCT, more=FIXED)


def load(text: str) -> Mappings:
    """The maps of a plan file, with the aim file beside it."""
    return Mappings.from_texts({"plan": text, "aim": AIM_TEXT}, KINDS)


def got(lens: Lens, plan: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """The record of a CarePlan."""
    return lens.get({"CarePlan": {"resourceType": "CarePlan", **plan}, **parts}).record


def put(lens: Lens, record: dict[str, Any], plan: dict[str, Any]) -> dict[str, Any]:
    """The CarePlan with the record put into it, without its resourceType; nothing may be refused."""
    result = lens.put(record, {"CarePlan": {"resourceType": "CarePlan", **plan}})
    assert result.refused == ()
    return {name: child for name, child in result.resources["CarePlan"].items() if name != "resourceType"}


def created(lens: Lens, record: dict[str, Any]) -> dict[str, Any]:
    """A new CarePlan for the record, without its resourceType."""
    result = lens.create(record)
    assert result.refused == ()
    return {name: child for name, child in result.resources["CarePlan"].items() if name != "resourceType"}
