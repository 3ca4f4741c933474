"""A person's life beside the plans: contacts, needs, appointments, visits, notes and consents, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from gateway.care.consolidation import is_over
from gateway.web.coordinator import words
from gateway.web.coordinator.page_parts import Fact, Item, Record, Section, TitleOf, origin

ItemOf = Callable[[Record, TitleOf], Item]

_TOLD: Final[Mapping[bool | None, str]] = {True: "Yes", False: "No", None: "Nobody asked yet"}


def life_section(
    title: str, nothing: str, records: Sequence[Record], item: ItemOf, title_of: TitleOf
) -> Section:
    """A section of the page with one item for each record."""
    return Section(title, nothing, tuple(item(each, title_of) for each in records))


def contact(record: Record, title_of: TitleOf) -> Item:
    """Who it is to the person, how they are reached, and whether they may be told."""
    related = [words.concept(each) for each in record.get("relationship") or ()]
    told = _TOLD[record.get("may_be_told")]
    return Item(
        heading=words.name({"names": [record.get("name") or {}]}),
        state="Lead carer" if record.get("lead_carer") else "Contact",
        is_open=bool(record.get("lead_carer")),
        facts=(
            Fact("Who this is", ", ".join(each for each in related if each) or words.NOT_KNOWN),
            Fact("May be told", told),
        ),
        lines=tuple(str(each["value"]) for each in record.get("telecoms") or () if each.get("value")),
        **origin(record, "RelatedPerson", title_of),
    )


def need(record: Record, title_of: TitleOf) -> Item:
    """What it is called, since when, and whether it is sure."""
    sure = record.get("verification_status")
    return Item(
        heading=words.concept(record.get("code"), record.get("text")) or "Need without a name",
        state=words.state(record.get("clinical_status")),
        is_open=not is_over(record),
        facts=(
            Fact("Since", _time_of_life(record.get("onset"))),
            Fact("How sure", words.state(sure) if sure else words.NOT_KNOWN),
        ),
        lines=tuple(str(note["text"]) for note in record.get("notes") or () if note.get("text")),
        **origin(record, "Condition", title_of),
    )


def appointment(record: Record, title_of: TitleOf) -> Item:
    """What it is for, when, and who comes."""
    kinds = [words.concept(each) for each in record.get("kinds") or ()]
    reason = words.concept(record.get("reason"), record.get("reason_text"))
    return Item(
        heading=record.get("description") or next((each for each in kinds if each), None) or "Appointment",
        state=words.state(record.get("status")),
        is_open=not is_over(record),
        facts=(Fact("When", words.time(record.get("starts_at"))), Fact("Reason", reason or words.NOT_KNOWN)),
        lines=tuple(_who(each, words.state(each.get("status"))) for each in record.get("participants") or ()),
        **origin(record, "Appointment", title_of),
    )


def visit(record: Record, title_of: TitleOf) -> Item:
    """What kind it was, from when to when, and where the person went then."""
    kinds = [words.concept(each) for each in record.get("kinds") or ()]
    kind = next((each for each in kinds if each), None) or words.concept(record.get("kind"))
    facts = [
        Fact("From", words.day(record.get("starts_at"))),
        Fact("Until", words.day(record.get("ends_at"))),
    ]
    if discharged := words.concept(record.get("discharge")):
        facts.append(Fact("Went to", discharged))
    return Item(
        heading=kind or "Visit",
        state=words.state(record.get("status")),
        is_open=not is_over(record),
        facts=tuple(facts),
        lines=tuple(_who(each) for each in record.get("participants") or ()),
        **origin(record, "Encounter", title_of),
    )


def note(record: Record, title_of: TitleOf) -> Item:
    """Who told whom, when, in their own words."""
    enclosed = [each.get("title") or each.get("document_text") for each in record.get("contents") or ()]
    return Item(
        heading=words.concept(record.get("topic")) or "Note",
        state=words.state(record.get("status")),
        is_open=not is_over(record),
        facts=(
            Fact("Sent", words.day(record.get("sent_at"))),
            Fact("By", record.get("by_text") or record.get("by") or words.NOT_KNOWN),
        ),
        lines=(
            *((record["text"],) if record.get("text") else ()),
            *(f"Enclosed: {each}" for each in enclosed if each),
        ),
        **origin(record, "Communication", title_of),
    )


def consent(record: Record, title_of: TitleOf) -> Item:
    """What is allowed at large, until when, and where it is otherwise."""
    about = [words.concept(each) for each in record.get("categories") or ()]
    return Item(
        heading=next((each for each in about if each), None) or "Consent",
        state=words.state(record.get("status")),
        is_open=not is_over(record),
        facts=(
            Fact("At large", _decision(record)),
            Fact("Given", words.day(record.get("given_at"))),
            Fact("Until", words.day(record.get("ends_at")) if record.get("ends_at") else "No end given"),
        ),
        lines=tuple(f"But: {_rule(rule)}" for rule in record.get("rules") or ()),
        **origin(record, "Consent", title_of),
    )


def _rule(rule: Record) -> str:
    parts = (
        ("for", [each.get("who_text") or each.get("who") for each in rule.get("who") or ()]),
        ("to", [words.concept(each) for each in rule.get("actions") or ()]),
        ("for the purpose", [words.concept(each) for each in rule.get("purpose") or ()]),
        ("what is marked", [words.concept(each) for each in rule.get("labels") or ()]),
        ("of kind", [words.concept(each) for each in rule.get("kinds") or ()]),
        ("about", [words.concept(each) for each in rule.get("codes") or ()]),
        ("such as", [each.get("what_text") or each.get("what") for each in rule.get("data") or ()]),
    )
    said = [f"{name} {', '.join(str(each) for each in values if each)}" for name, values in parts if values]
    ends = [f"until {words.day(rule['ends_at'])}"] if rule.get("ends_at") else []
    return "; ".join([_decision(rule), *said, *ends])


def _decision(rule: Record) -> str:
    decision = str(rule.get("decision") or "")
    return {"permit": "Allowed", "deny": "Forbidden", "": "No decision given"}.get(decision, decision)


def _who(part: Record, state: str = "") -> str:
    roles = [words.concept(each) for each in part.get("roles") or ()]
    who = part.get("who_text") or part.get("who") or "Somebody not named"
    return ": ".join(each for each in (who, ", ".join(role for role in roles if role) or state) if each)


def _time_of_life(time: Record | None) -> str:
    time = time or {}
    if time.get("text") or time.get("at") or time.get("starts_at"):
        return str(time.get("text") or words.day(time.get("at") or time.get("starts_at")))
    for field, unit in (
        ("age", "years"),
        ("age_months", "months"),
        ("age_weeks", "weeks"),
        ("age_days", "days"),
    ):
        if time.get(field) is not None:
            return f"The age of {time[field]} {unit}"
    ends = [str(time[end]) for end in ("low", "high") if time.get(end) is not None]
    return f"The age of {' to '.join(ends)} {time.get('unit') or ''}".strip() if ends else words.NOT_KNOWN
