"""Creating a care plan, and its goals beside it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any
from uuid import uuid4

from gateway.fhir.systems import EXTENSIONS
from tests.benchmarks.hand_written_care_plan.dates import is_date
from tests.benchmarks.hand_written_care_plan.writing_activity import activities
from tests.benchmarks.hand_written_care_plan.writing_elements import (
    concepts,
    days,
    identifiers,
    link_to,
    link_to_any,
    links_to,
    links_to_any,
    notes,
    objects,
    texts,
)
from tests.benchmarks.hand_written_care_plan.writing_goal import goal_of

_CONTINGENCY = EXTENSIONS + "contingency"
_AGREEMENT = EXTENSIONS + "agreement"
_REVIEW_DATE = EXTENSIONS + "review-date"


def create(record: Mapping[str, Any]) -> dict[str, Any]:
    """The CarePlan of a record, with the Goals that it shows."""
    plan: dict[str, Any] = {"resourceType": "CarePlan"}
    _add_header(plan, record)
    _add_links(plan, record)
    goals = _goals(record)
    if goals:
        plan["goal"] = [{"reference": f"Goal/{goal['id']}"} for goal in goals]
    if "activities" in record and (planned := activities(record["activities"])):
        plan["activity"] = planned
    if extensions := _extensions(record):
        plan["extension"] = extensions
    if "notes" in record and (said := notes(record["notes"])):
        plan["note"] = said
    if narrative := _narrative(record):
        plan["text"] = narrative
    return {"CarePlan": plan, "Goal": goals} if goals else {"CarePlan": plan}


def _add_header(plan: dict[str, Any], record: Mapping[str, Any]) -> None:
    if isinstance(id := record.get("id"), str):
        plan["id"] = id
    if "identifiers" in record and (identified := identifiers(record["identifiers"])):
        plan["identifier"] = identified
    if "person" in record and (subject := link_to(record["person"], "Patient")):
        plan["subject"] = subject
    if isinstance(title := record.get("title"), str):
        plan["title"] = title
    if isinstance(description := record.get("description"), str):
        plan["description"] = description
    if isinstance(status := record.get("status"), str):
        plan["status"] = status
    plan["intent"] = intent if isinstance(intent := record.get("intent"), str) else "plan"
    if "categories" in record and (categories := concepts(record["categories"])):
        plan["category"] = categories
    if period := days(record):
        plan["period"] = period
    if isinstance(authored_at := record.get("authored_at"), str):
        plan["created"] = authored_at


def _add_links(plan: dict[str, Any], record: Mapping[str, Any]) -> None:
    if "author" in record and (author := link_to_any(record["author"])):
        plan["author"] = author
    if "contributors" in record and (contributors := links_to_any(record["contributors"])):
        plan["contributor"] = contributors
    if "visit" in record and (encounter := link_to(record["visit"], "Encounter")):
        plan["encounter"] = encounter
    if "care_team" in record and (care_team := links_to(record["care_team"], "CareTeam")):
        plan["careTeam"] = care_team
    if "addresses" in record and (addresses := links_to(record["addresses"], "Condition")):
        plan["addresses"] = addresses
    if "attachments" in record and (attachments := links_to_any(record["attachments"])):
        plan["supportingInfo"] = attachments
    if "based_on" in record and (based_on := links_to(record["based_on"], "CarePlan")):
        plan["basedOn"] = based_on
    if "replaces" in record and (replaces := links_to(record["replaces"], "CarePlan")):
        plan["replaces"] = replaces
    if "part_of" in record and (part_of := links_to(record["part_of"], "CarePlan")):
        plan["partOf"] = part_of
    if "protocols" in record and (protocols := texts(record["protocols"])):
        plan["instantiatesCanonical"] = protocols
    if "protocol_urls" in record and (urls := texts(record["protocol_urls"])):
        plan["instantiatesUri"] = urls


def _goals(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    goals = [goal_of(goal, record.get("person")) for goal in objects(record.get("goals"))]
    for goal in goals:
        if "id" not in goal:
            goal["id"] = str(uuid4())
    return goals


def _extensions(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for contingency in objects(record.get("contingencies")):
        if parts := _contingency(contingency):
            made.append({"url": _CONTINGENCY, "extension": parts})
    for agreement in objects(record.get("agreed_with")):
        if parts := _agreement(agreement):
            made.append({"url": _AGREEMENT, "extension": parts})
    if is_date(review := record.get("reviews_on")):
        made.append({"url": _REVIEW_DATE, "valueDate": review})
    return made


def _contingency(record: dict[str, Any]) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    if isinstance(condition := record.get("if_text"), str):
        parts.append({"url": "if", "valueString": condition})
    if isinstance(then := record.get("then_text"), str):
        parts.append({"url": "then", "valueString": then})
    return parts


def _agreement(record: dict[str, Any]) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    if "who" in record and (who := link_to_any(record["who"])):
        parts.append({"url": "who", "valueReference": who})
    if is_date(day := record.get("on")):
        parts.append({"url": "on", "valueDate": day})
    return parts


def _narrative(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """The title and the status, for people to read.

    Source: https://hl7.org/fhir/R4/narrative.html
    """
    title, status = record.get("title"), record.get("status")
    shown = escape(title) if isinstance(title, str) else ""
    state = escape(status) if isinstance(status, str) else ""
    words = " ".join(f"{shown} ({state})".replace("()", "").split())
    if not words:
        return None
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{words}</div>'}
