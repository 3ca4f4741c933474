"""Reading a goal with its targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.benchmarks.hand_written_care_plan.dates import is_date
from tests.benchmarks.hand_written_care_plan.reading_elements import (
    add_concept,
    add_reference,
    add_references,
    add_subject,
    coding,
    concepts,
    identifiers,
    is_number,
    listed,
    notes,
    quantity,
)
from tests.benchmarks.hand_written_care_plan.references import id_of


def get_goal(resources: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a Goal that is read by itself."""
    goal = resources["Goal"]
    view = goal_view(goal)
    subject = goal.get("subject")
    if isinstance(subject, dict) and (person := id_of(subject.get("reference"), "Patient")) is not None:
        view["person"] = person
    return view


def goal_view(goal: dict[str, Any]) -> dict[str, Any]:
    """A goal as a plan shows it: whose it is, the plan says."""
    view: dict[str, Any] = {}
    if isinstance(id := goal.get("id"), str):
        view["id"] = id
    if isinstance(meta := goal.get("meta"), dict):
        if isinstance(version := meta.get("versionId"), str):
            view["version"] = version
        if isinstance(updated := meta.get("lastUpdated"), str):
            view["updated_at"] = updated
    if "identifier" in goal and (found := identifiers(goal["identifier"])):
        view["identifiers"] = found
    if isinstance(subject := goal.get("subject"), dict):
        add_subject(view, subject)
    add_concept(view, "code", "description", goal.get("description"))
    if isinstance(status := goal.get("lifecycleStatus"), str):
        view["status"] = status
    if isinstance(status_date := goal.get("statusDate"), str):
        view["status_on"] = status_date
    if isinstance(reason := goal.get("statusReason"), str):
        view["status_reason"] = reason
    if "achievementStatus" in goal:
        add_concept(view, "achievement", "achievement_text", goal["achievementStatus"])
    if "priority" in goal:
        add_concept(view, "priority", "priority_text", goal["priority"])
    if "category" in goal and (categories := concepts(goal["category"])):
        view["categories"] = categories
    if "addresses" in goal:
        add_references(view, "addresses", "addresses_texts", goal["addresses"])
    if "expressedBy" in goal:
        add_reference(view, "expressed_by", "expressed_by_text", goal["expressedBy"])
    if "outcomeReference" in goal:
        add_references(view, "outcomes", "outcomes_texts", goal["outcomeReference"])
    if "outcomeCode" in goal and (outcomes := concepts(goal["outcomeCode"])):
        view["outcome_codes"] = outcomes
    if "target" in goal and (targets := _targets(goal["target"])):
        view["targets"] = targets
    if "note" in goal and (said := notes(goal["note"])):
        view["notes"] = said
    if is_date(start := goal.get("startDate")):
        view["starts_on"] = start
    elif "startCodeableConcept" in goal:
        add_concept(view, "start_code", "start_text", goal["startCodeableConcept"])
    return view


def _targets(targets: Any) -> list[dict[str, Any]]:
    views = []
    for target in listed(targets):
        if isinstance(target, dict) and (view := _target(target)):
            views.append(view)
    return views


def _target(target: dict[str, Any]) -> dict[str, Any]:
    view: dict[str, Any] = {}
    if isinstance(id := target.get("id"), str):
        view["id"] = id
    if "measure" in target:
        add_concept(view, "measure_code", "measure", target["measure"])
    if is_date(due := target.get("dueDate")):
        view["due_on"] = due
    elif "dueDuration" in target and (due_in := quantity(target["dueDuration"])):
        view["due_in"] = due_in
    view.update(_aim(target))
    return view


def _aim(target: dict[str, Any]) -> dict[str, Any]:
    """What is to be reached: one of the types of detail[x]."""
    if "detailQuantity" in target and (view := quantity(target["detailQuantity"])):
        return view
    if "detailRange" in target and (view := _range(target["detailRange"])):
        return view
    if isinstance(text := target.get("detailString"), str):
        return {"text": text}
    if "detailCodeableConcept" in target and (view := _aim_code(target["detailCodeableConcept"])):
        return view
    if type(number := target.get("detailInteger")) is int:
        return {"value": number}
    if isinstance(yes_no := target.get("detailBoolean"), bool):
        return {"yes_no": yes_no}
    return _ratio(target["detailRatio"]) if "detailRatio" in target else {}


def _aim_code(concept: Any) -> dict[str, Any]:
    view: dict[str, Any] = {}
    if isinstance(concept, dict):
        if code := coding(concept):
            view["code"] = code
        if isinstance(text := concept.get("text"), str):
            view["text"] = text
    return view


def _range(found: Any) -> dict[str, Any]:
    view: dict[str, Any] = {}
    if not isinstance(found, dict):
        return view
    low, high = quantity(found.get("low")), quantity(found.get("high"))
    if "value" in low:
        view["low"] = low["value"]
    if "value" in high:
        view["high"] = high["value"]
    for name in ("unit", "unit_code", "unit_system"):
        if name in low:
            view[name] = low[name]
        elif name in high:
            view[name] = high[name]
    return view


def _ratio(ratio: Any) -> dict[str, Any]:
    view: dict[str, Any] = {}
    if not isinstance(ratio, dict):
        return view
    for name in ("numerator", "denominator"):
        if isinstance(amount := ratio.get(name), dict):
            if is_number(value := amount.get("value")):
                view[name] = value
            if isinstance(unit := amount.get("unit"), str):
                view[f"{name}_unit"] = unit
    return view
