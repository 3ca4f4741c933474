"""One person's record as the page shows it: plans, goals, teams and referrals in words, sources named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from gateway.web.coordinator import life_sections as life
from gateway.web.coordinator import words
from gateway.web.coordinator.life_sections import life_section
from gateway.web.coordinator.page_parts import Fact, Item, Record, Section, TitleOf, origin
from gateway.web.coordinator.people_page import PersonRow, person_row


@dataclass(frozen=True, slots=True)
class RecordPage:
    """The whole page."""

    person: PersonRow
    phone: str
    address: str
    sources: tuple[Fact, ...]
    sections: tuple[Section, ...] = field(default=())


def record_page(record: Record, title_of: TitleOf, today: date) -> RecordPage:
    """The consolidated record in words; `title_of` names a source as people know it."""
    person: Record = record["person"]
    plans: Sequence[Record] = record.get("care_plans") or ()
    goals: Sequence[Record] = record.get("goals") or ()
    teams: Sequence[Record] = record.get("care_teams") or ()
    referrals: Sequence[Record] = record.get("referrals") or ()

    def about(part: str, title: str, nothing: str, item: life.ItemOf) -> Section:
        return life_section(title, nothing, record.get(part) or (), item, title_of)

    return RecordPage(
        person=person_row(person, title_of, today),
        phone=_as_told(_phone, record, title_of),
        address=_as_told(_address, record, title_of),
        sources=tuple(_source(each, title_of) for each in person.get("sources") or []),
        sections=(
            about("contacts", "Contacts", "No contact yet.", life.contact),
            about("needs", "Needs", "No need yet.", life.need),
            Section("Care plans", "No plan yet.", tuple(_plan(each, title_of) for each in plans)),
            Section("Goals", "No goal yet.", tuple(_goal(each, title_of) for each in goals)),
            Section("Care team", "No team yet.", tuple(_team(each, title_of) for each in teams)),
            Section("Referrals", "No referral yet.", tuple(_referral(each, title_of) for each in referrals)),
            about("appointments", "Appointments", "No appointment yet.", life.appointment),
            about("visits", "Visits", "No visit yet.", life.visit),
            about("notes", "Notes", "No note yet.", life.note),
            about("consents", "Consents", "No consent yet.", life.consent),
        ),
    )


def _plan(plan: Record, title_of: TitleOf) -> Item:
    return Item(
        heading=plan.get("title") or _kind(plan) or "Care plan without a title",
        facts=(
            Fact("From", words.day(plan.get("starts_on"))),
            Fact("Until", words.day(plan.get("ends_on")) if plan.get("ends_on") else "No end given"),
        ),
        lines=tuple(_activity(each) for each in plan.get("activities") or []),
        **_common(plan, "CarePlan", title_of),
    )


def _kind(plan: Record) -> str | None:
    """What the plan is for in the words of its categories: most systems that write no title say it there."""
    named = ((each or {}).get("text") or (each or {}).get("display") for each in plan.get("categories") or [])
    return ", ".join(dict.fromkeys(str(name) for name in named if name)) or None


def _activity(activity: Record) -> str:
    what = words.concept(activity.get("code"), activity.get("title")) or activity.get("request") or "Activity"
    details = [activity.get("timing_text"), activity.get("instructions"), words.state(activity.get("status"))]
    return f"{what}: {'; '.join(detail for detail in details if detail)}"


def _goal(goal: Record, title_of: TitleOf) -> Item:
    achieved = words.progress(goal.get("achievement"), goal.get("achievement_text"))
    return Item(
        heading=goal.get("description") or words.concept(goal.get("code")) or "Goal without a description",
        facts=(Fact("Progress", achieved),),
        lines=tuple(_target(each) for each in goal.get("targets") or []),
        **_common(goal, "Goal", title_of),
    )


def _target(target: Record) -> str:
    amounts = [target.get(part) for part in ("value", "low", "high")]
    aim = " to ".join(str(amount) for amount in amounts if amount is not None)
    aim = f"{aim} {target.get('unit') or ''}".strip() if aim else target.get("text") or "no value given"
    measure = words.concept(target.get("measure_code"), target.get("measure")) or "Target"
    due = f", by {words.day(target['due_on'])}" if target.get("due_on") else ""
    return f"{measure}: {aim}{due}"


def _team(team: Record, title_of: TitleOf) -> Item:
    return Item(
        heading=team.get("name") or "Care team",
        lines=tuple(_member(each) for each in team.get("members") or []),
        **_common(team, "CareTeam", title_of),
    )


def _member(member: Record) -> str:
    who = member.get("member_text") or member.get("member") or "Somebody not named"
    role = words.concept(member.get("role"), member.get("role_text")) or "role not known"
    return f"{who}: {role}"


def _referral(referral: Record, title_of: TitleOf) -> Item:
    legs = referral.get("legs") or []
    answer_by = legs[-1].get("answer_by") if legs else None
    return Item(
        heading=referral.get("service_text") or words.concept(referral.get("service")) or "Referral",
        facts=(
            Fact("Reference", referral.get("reference_number") or words.NOT_KNOWN),
            Fact("Answer promised by", words.day(answer_by) if answer_by else "No promise yet"),
        ),
        lines=tuple(line for leg in legs for line in _leg(leg)),
        **_common(referral, "ServiceRequest", title_of, referral.get("state")),
    )


def _leg(leg: Record) -> list[str]:
    agency = leg.get("organisation_text") or "Agency"
    reason = words.concept(leg.get("reason_code"), leg.get("reason_text"))
    lines = [f"{agency}: {words.state(leg.get('status'))}" + (f". {reason}" if reason else "")]
    return lines + [f"Outcome: {_outcome(each)}" for each in leg.get("outcomes") or []]


def _outcome(outcome: Record) -> str:
    said = outcome.get("text") or outcome.get("resource_text")
    return said or words.concept(outcome.get("kind"), outcome.get("kind_text")) or words.NOT_KNOWN


def _common(record: Record, resource_type: str, title_of: TitleOf, code: str | None = None) -> dict[str, Any]:
    code = code or record.get("state") or record.get("status")
    return {
        "state": words.state(code),
        "is_open": code in {"active", "draft", "in-progress", "sent", "received", "accepted", "scheduled"},
        **origin(record, resource_type, title_of),
    }


def _source(link: Record, title_of: TitleOf) -> Fact:
    return Fact(
        title_of(str(link["source"])), f"{link['patient']}, linked {words.day(link.get('linked_at'))}"
    )


def _as_told(tell: Callable[[Record], str | None], record: Record, title_of: TitleOf) -> str:
    """Every different answer with who gave it; what was entered here only where no source says the same."""
    said_by: dict[str, list[str]] = {}
    for each in [*(record.get("known_as") or ()), record["person"]]:
        told, title = tell(each), title_of(str(each.get("source")))
        if told and not (each is record["person"] and told in said_by):
            said_by.setdefault(told, []).append(title)
    return "; ".join(f"{told} ({', '.join(titles)})" for told, titles in said_by.items()) or words.NOT_KNOWN


def _phone(person: Record) -> str | None:
    numbers = [each["value"] for each in person.get("telecoms") or [] if each.get("kind") == "phone"]
    return ", ".join(numbers) or None


def _address(person: Record) -> str | None:
    for each in person.get("addresses") or []:
        parts = [*(each.get("lines") or []), each.get("city"), each.get("postcode")]
        return each.get("text") or ", ".join(part for part in parts if part) or None
    return None
