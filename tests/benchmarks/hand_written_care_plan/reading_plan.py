"""Reading a care plan with the goals that it links to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.fhir.systems import EXTENSIONS
from tests.benchmarks.hand_written_care_plan.dates import is_date
from tests.benchmarks.hand_written_care_plan.reading_activity import activities
from tests.benchmarks.hand_written_care_plan.reading_elements import (
    add_days,
    add_id,
    add_ids,
    add_reference,
    add_references,
    add_subject,
    concepts,
    extension,
    identifiers,
    listed,
    notes,
    texts,
)
from tests.benchmarks.hand_written_care_plan.reading_goal import goal_view
from tests.benchmarks.hand_written_care_plan.references import (
    add_number,
    add_numbers,
    any_reference,
    id_of,
    linked_id,
)

_CONTINGENCY = EXTENSIONS + "contingency"
_AGREEMENT = EXTENSIONS + "agreement"
_REVIEW_DATE = EXTENSIONS + "review-date"


def get(resources: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a CarePlan, with those of its goals that are at hand."""
    plan = resources["CarePlan"]
    view: dict[str, Any] = {}
    _add_header(view, plan)
    _add_links(view, plan)
    if "goal" in plan:
        if goals := _goals(plan["goal"], resources.get("Goal")):
            view["goals"] = goals
        add_references(view, "goal_links", "goals_texts", plan["goal"])
    if "activity" in plan and (planned := activities(plan["activity"])):
        view["activities"] = planned
    if "extension" in plan:
        _add_extensions(view, plan)
    if "note" in plan and (said := notes(plan["note"])):
        view["notes"] = said
    return view


def _add_header(view: dict[str, Any], plan: dict[str, Any]) -> None:
    if isinstance(id := plan.get("id"), str):
        view["id"] = id
    if isinstance(meta := plan.get("meta"), dict):
        if isinstance(version := meta.get("versionId"), str):
            view["version"] = version
        if isinstance(updated := meta.get("lastUpdated"), str):
            view["updated_at"] = updated
    if "identifier" in plan and (found := identifiers(plan["identifier"])):
        view["identifiers"] = found
    if isinstance(subject := plan.get("subject"), dict):
        if (person := id_of(subject.get("reference"), "Patient")) is not None:
            view["person"] = person
        add_subject(view, subject)
    if isinstance(title := plan.get("title"), str):
        view["title"] = title
    if isinstance(description := plan.get("description"), str):
        view["description"] = description
    if isinstance(status := plan.get("status"), str):
        view["status"] = status
    if isinstance(intent := plan.get("intent"), str):
        view["intent"] = intent
    if "category" in plan and (categories := concepts(plan["category"])):
        view["categories"] = categories
    if isinstance(period := plan.get("period"), dict):
        add_days(view, period)
    if isinstance(created := plan.get("created"), str):
        view["authored_at"] = created


def _add_links(view: dict[str, Any], plan: dict[str, Any]) -> None:
    if "author" in plan:
        add_reference(view, "author", "author_text", plan["author"])
        add_number(view, "author_identifier", plan["author"])
    if "contributor" in plan:
        add_references(view, "contributors", "contributors_texts", plan["contributor"])
    if "encounter" in plan:
        add_id(view, "visit", "visit_text", plan["encounter"], "Encounter")
    if "careTeam" in plan:
        add_ids(view, "care_team", "care_team_texts", plan["careTeam"], "CareTeam")
    if "addresses" in plan:
        add_ids(view, "addresses", "addresses_texts", plan["addresses"], "Condition")
    if "supportingInfo" in plan:
        add_references(view, "attachments", "attachments_texts", plan["supportingInfo"])
        add_numbers(view, "attachments_identifiers", plan["supportingInfo"])
    if "basedOn" in plan:
        add_ids(view, "based_on", "based_on_texts", plan["basedOn"], "CarePlan")
    if "replaces" in plan:
        add_ids(view, "replaces", "replaces_texts", plan["replaces"], "CarePlan")
    if "partOf" in plan:
        add_ids(view, "part_of", "part_of_texts", plan["partOf"], "CarePlan")
    if "instantiatesCanonical" in plan and (protocols := texts(plan["instantiatesCanonical"])):
        view["protocols"] = protocols
    if "instantiatesUri" in plan and (urls := texts(plan["instantiatesUri"])):
        view["protocol_urls"] = urls


def _goals(links: Any, goals: Any) -> list[dict[str, Any]]:
    """The goals at hand in the order of their links, each once."""
    if goals is None:
        return []
    at_hand: dict[str, dict[str, Any]] = {}
    for goal in listed(goals):
        if isinstance(goal, dict) and isinstance(id := goal.get("id"), str):
            at_hand.setdefault(id, goal)
    views = []
    for link in listed(links):
        id_linked = linked_id(link, "Goal")
        if id_linked is not None and (goal := at_hand.pop(id_linked, None)) is not None:
            views.append(goal_view(goal))
    return views


def _add_extensions(view: dict[str, Any], plan: dict[str, Any]) -> None:
    contingencies, agreements = [], []
    for each in listed(plan["extension"]):
        if not isinstance(each, dict):
            continue
        if each.get("url") == _CONTINGENCY:
            if contingency := _contingency(each):
                contingencies.append(contingency)
        elif each.get("url") == _AGREEMENT and (agreement := _agreement(each)):
            agreements.append(agreement)
    if contingencies:
        view["contingencies"] = contingencies
    if agreements:
        view["agreed_with"] = agreements
    if is_date(review := extension(plan, _REVIEW_DATE).get("valueDate")):
        view["reviews_on"] = review


def _contingency(found: dict[str, Any]) -> dict[str, Any]:
    view: dict[str, Any] = {}
    if isinstance(condition := extension(found, "if").get("valueString"), str):
        view["if_text"] = condition
    if isinstance(then := extension(found, "then").get("valueString"), str):
        view["then_text"] = then
    return view


def _agreement(found: dict[str, Any]) -> dict[str, Any]:
    view: dict[str, Any] = {}
    if isinstance(who := extension(found, "who").get("valueReference"), dict):
        if (text := any_reference(who.get("reference"))) is not None:
            view["who"] = text
        if isinstance(display := who.get("display"), str):
            view["who_text"] = display
    if is_date(day := extension(found, "on").get("valueDate")):
        view["on"] = day
    return view
